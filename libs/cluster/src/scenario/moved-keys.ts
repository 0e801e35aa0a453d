// Keys that older scenario files have and that are called otherwise now: one message with the new name each, instead of
// "unknown key".
import type { Path } from "./errors.ts"
import { isMapping, type Mapping } from "./tree.ts"

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

const find = (node: unknown, [key, ...rest]: ReadonlyArray<string>, at: Path): ReadonlyArray<Path> => {
  if (key === undefined) return [at]
  if (key === "[]") return Array.isArray(node) ? node.flatMap((item, i) => find(item, rest, [...at, i])) : []
  return isMapping(node) && Object.hasOwn(node, key) ? find(node[key], rest, [...at, key]) : []
}

/** Every moved key that the scenario still has. */
export const movedKeys = (given: Mapping): ReadonlyArray<{ readonly path: Path; readonly text: string }> =>
  MOVED.flatMap(({ expected, path }) =>
    find(given, path, []).map((at) => ({ path: at, text: `has another name, expected ${expected}` }))
  )
