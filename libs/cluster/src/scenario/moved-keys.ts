// Keys that older scenario files have and that are called otherwise now: one message with the new name each, instead of
// "unknown key".
import type { Path, Problem } from "@swaplab/config"

/** A key within a section: `[]` stands for each element of a list. */
interface Moved {
  readonly path: ReadonlyArray<string>
  /** What stands for it now, to be read after "expected". */
  readonly expected: string
}

const MOVED: ReadonlyArray<Moved> = [
  {
    path: ["clients", "[]", "link", "queue"],
    expected:
      "lan.switch.portLimit for what may wait for a port of the switch, which this key limited, or nic.txRing and "
      + "nic.txQueue for the card's own queue"
  },
  {
    path: ["server", "link", "queue"],
    expected: "lan.switch.portLimit for what may wait for a port of the switch, which this key limited, or "
      + "server.nic.txRing and server.nic.txQueue for the card's own queue"
  }
]

const fits = (path: Path, pattern: ReadonlyArray<string>): boolean =>
  path.length === pattern.length && path.every((part, i) => (typeof part === "number" ? "[]" : part) === pattern[i])

/** A problem in other words, where it is about a key that has moved. */
export const withMoved = (problem: Problem): Problem => {
  const moved = MOVED.find(({ path }) => fits(problem.path, path))
  return moved === undefined ? problem : { ...problem, text: `has another name, expected ${moved.expected}` }
}
