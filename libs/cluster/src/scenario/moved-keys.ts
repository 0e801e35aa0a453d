// Keys that are called otherwise: those that older scenario files have, and sysctls that have a key of their own. One message with the new name each, instead of
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
  ...[["server"], ["servers", "[]"]].map((server) => ({
    path: [...server, "link", "queue"],
    expected: "lan.switch.portLimit for what may wait for a port of the switch, which this key limited, or "
      + "server.nic.txRing and server.nic.txQueue for the card's own queue"
  }))
]

/** Sysctls that would set what another key of the scenario sets. */
const OWN_KEYS: ReadonlyArray<readonly [name: string, key: string]> = [
  ["vm.min_free_kbytes", "minFree of the group, a size: the reserve"],
  ["net.core.rmem_default", "receiveBuffer of the load whose sockets are meant"]
]

const fits = (path: Path, pattern: ReadonlyArray<string>): boolean =>
  path.length === pattern.length && path.every((part, i) => (typeof part === "number" ? "[]" : part) === pattern[i])

/** A problem in other words, where it is about a key that is called otherwise. */
export const withMoved = (problem: Problem): Problem => {
  const { path } = problem
  const own = path.at(-2) === "sysctl" ? OWN_KEYS.find(([name]) => name === path.at(-1)) : undefined
  if (own !== undefined) return { ...problem, text: `has a key of its own, expected ${own[1]}` }
  const moved = MOVED.find(({ path: pattern }) => fits(path, pattern))
  return moved === undefined ? problem : { ...problem, text: `has another name, expected ${moved.expected}` }
}
