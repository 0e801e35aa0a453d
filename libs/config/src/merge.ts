// Putting configurations over one another, and single values over a configuration.
import { type Path, type Place, wholeOf } from "./problem.ts"
import { emptyMapping, type Entry, type ListNode, type MappingNode, type Tree } from "./tree.ts"

/** The name of an entry in a list of named mappings, such as the client groups. */
const nameOf = (tree: Tree): string | null => {
  const name = tree.kind === "mapping" ? tree.entries.get("name")?.value : undefined
  return name?.kind === "scalar" && typeof name.value === "string" ? name.value : null
}

const isNamedList = (tree: Tree): tree is ListNode =>
  tree.kind === "list" && tree.items.length > 0 && tree.items.every((item) => nameOf(item) !== null)

const mergeLists = (below: ListNode, above: ListNode): ListNode => {
  const known = new Set(below.items.map(nameOf))
  const over = new Map<string | null, Tree>()
  const rest: Array<Tree> = []
  for (const item of above.items) {
    if (known.delete(nameOf(item))) over.set(nameOf(item), item)
    else rest.push(item)
  }
  const merged = below.items.map((item) => {
    const own = over.get(nameOf(item))
    return own === undefined ? item : merge(item, own)
  })
  return { kind: "list", place: above.place, items: [...merged, ...rest] }
}

/**
 * Puts `above` over `below`: mappings merge key by key, lists of named mappings entry by entry under their name (new
 * names go to the end, and so does a name that comes a second time: a check of names has to see it), everything else is
 * replaced.
 */
export const merge = (below: Tree, above: Tree): Tree => {
  if (below.kind === "mapping" && above.kind === "mapping") {
    const entries = new Map<string, Entry>(below.entries)
    for (const [key, entry] of above.entries) {
      const old = entries.get(key)
      entries.set(key, old === undefined ? entry : { key: entry.key, value: merge(old.value, entry.value) })
    }
    return { kind: "mapping", place: above.place, entries }
  }
  return isNamedList(below) && isNamedList(above) ? mergeLists(below, above) : above
}

/** A step of a path: a key after a dot, an index, or any key in quotes. */
const STEP = /\.([\w-]+)|\[(\d+)\]|\["([^"]+)"\]/y

/**
 * Reads a path as it is typed: `clients.0.ram` or `clients[0].ram`, and as messages write a key with dots in it:
 * `clients[0].sysctl["net.ipv4.tcp_retries2"]`. Null if it is none.
 */
export const parsePath = (text: string): Path | null => {
  const head = /^[A-Za-z][\w-]*/.exec(text)?.[0]
  if (head === undefined) return null
  const path: Array<string | number> = [head]
  STEP.lastIndex = head.length
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text)
    if (step === null) return null
    const [, key, index, quoted] = step
    const part = key ?? index
    path.push(part === undefined ? quoted : /^\d{1,6}$/.test(part) ? Number(part) : part)
  }
  return path
}

/** A copy of `root` with `value` at `path`; a string says why that is impossible. Mappings that are missing are made. */
export const setAt = (root: Tree | undefined, path: Path, value: Tree): { readonly tree: Tree } | string => {
  if (path.length === 0) return { tree: value }
  const [head, ...rest] = path
  if (root?.kind === "list") {
    if (typeof head !== "number" || head >= root.items.length) {
      const last = root.items.length - 1
      const expected = last < 0 ? "it is empty" : `expected ${last === 0 ? "0" : `0 to ${last}`}`
      return `${head} is no entry of this list, ${expected}`
    }
    const inner = setAt(root.items[head], rest, value)
    if (typeof inner === "string") return inner
    return { tree: { ...root, items: root.items.map((item, i) => (i === head ? inner.tree : item)) } }
  }
  if (root?.kind === "scalar") return `${head} is below a value that is no mapping`
  const mapping: MappingNode = root ?? emptyMapping(value.place)
  const key = String(head)
  const old = mapping.entries.get(key)
  const inner = setAt(old?.value, rest, value)
  if (typeof inner === "string") return inner
  const place: Place = rest.length === 0 || old === undefined ? wholeOf(value.place.source) : old.key
  return { tree: { ...mapping, entries: new Map(mapping.entries).set(key, { key: place, value: inner.tree }) } }
}
