// Scenario data before it is decoded: merging files, and setting single values by path.
import { type Path } from "./errors.ts"

/** A mapping as YAML gives it. */
export type Mapping = { readonly [key: string]: unknown }

/** A mapping, and no list. */
export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A list of mappings that all have a name, such as the client groups. */
const isNamedList = (value: unknown): value is ReadonlyArray<Mapping> =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isMapping(item) && typeof item.name === "string")

/**
 * Puts `above` over `below`: mappings merge key by key, lists of named mappings entry by entry under their name (new
 * names go to the end, and so does a name that comes a second time: the check of names has to see it), everything else is
 * replaced.
 */
export const merge = (below: unknown, above: unknown): unknown => {
  if (isMapping(below) && isMapping(above)) {
    const merged = new Map(Object.entries(below))
    for (const [key, value] of Object.entries(above)) {
      merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value)
    }
    // fromEntries and not assignment: a key called __proto__ stays a key
    return Object.fromEntries(merged)
  }
  if (isNamedList(below) && isNamedList(above)) {
    const known = new Set(below.map(({ name }) => name))
    const over = new Map<unknown, Mapping>()
    const rest: Array<Mapping> = []
    for (const item of above) {
      if (known.delete(item.name)) over.set(item.name, item)
      else rest.push(item)
    }
    return [...below.map((item) => merge(item, over.get(item.name) ?? {})), ...rest]
  }
  return above
}

/** Reads a path as it is typed: `clients.0.ram` or `clients[0].ram`. Null if it is none. */
export const parsePath = (text: string): Path | null => {
  const dotted = text.replace(/\[(\d+)\]/g, ".$1")
  if (!/^[A-Za-z][\w-]*(\.[\w-]+)*$/.test(dotted)) return null
  return dotted.split(".").map((part) => (/^\d{1,6}$/.test(part) ? Number(part) : part))
}

/** A copy of `root` with `value` at `path`; a string says why that is impossible. */
export const setPath = (root: unknown, path: Path, value: unknown): { readonly value: unknown } | string => {
  if (path.length === 0) return { value }
  const [head, ...rest] = path
  if (Array.isArray(root)) {
    if (typeof head !== "number" || head >= root.length) {
      return `${head} is no entry of this list, expected ${root.length === 1 ? "0" : `0 to ${root.length - 1}`}`
    }
    const inner = setPath(root[head], rest, value)
    return typeof inner === "string" ? inner : { value: root.map((item, i) => (i === head ? inner.value : item)) }
  }
  if (root !== undefined && !isMapping(root)) return `${head} is below a value that is no mapping`
  const key = String(head)
  const old = root !== undefined && Object.hasOwn(root, key) ? root[key] : undefined
  const inner = setPath(old, rest, value)
  if (typeof inner === "string") return inner
  return { value: Object.fromEntries(new Map(Object.entries(root ?? {})).set(key, inner.value)) }
}
