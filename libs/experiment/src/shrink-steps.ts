// What can be made smaller in a scenario. A step is a whole scenario with one thing less; those that take most away come
// first. Nothing here knows what a lockup is.
import { type Base, baseInfo, ClientGroup, patchesOf, type PatchName } from "@swaplab/cluster"
import { formatQuantity, isMapping, type Mapping, parseQuantity, SIZE } from "@swaplab/config"
import { Schema } from "effect"

/** A smaller scenario, and what is less in it. */
export interface Step {
  readonly what: string
  readonly given: Mapping
}

type Groups = ReadonlyArray<Mapping>

const groupsOf = (given: Mapping): Groups => given.clients as Groups

/** The value at a path of keys; undefined where there is none. */
const at = (root: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), root)

/** A copy of `root` with `value` at a path; undefined takes the key away, and what becomes empty by that. */
const put = (root: unknown, [key, ...rest]: ReadonlyArray<string>, value: unknown): Mapping => {
  const mapping = isMapping(root) ? root : {}
  const inner = rest.length === 0 ? value : put(mapping[key], rest, value)
  const empty = inner === undefined || (rest.length > 0 && isMapping(inner) && Object.keys(inner).length === 0)
  const entries = Object.entries(mapping).filter(([name]) => name !== key || !empty)
  return Object.fromEntries(
    empty || key in mapping
      ? entries.map(([name, old]) => [name, name === key ? inner : old])
      : [...entries, [key, inner]]
  )
}

const withGroup = (given: Mapping, index: number, group: Mapping): Mapping => ({
  ...given,
  clients: groupsOf(given).map((item, i) => (i === index ? group : item))
})

// — numbers —

/** A number of a group, and smaller values worth a try, the smallest first. */
interface Quantity {
  readonly path: ReadonlyArray<string>
  /** Of a value that is given, or of the default. */
  readonly smaller: (value: unknown) => ReadonlyArray<unknown>
}

/** A group of which nothing is given, as a file would write it with every default. */
const USUAL: unknown = Schema.encodeSync(ClientGroup)(Schema.decodeUnknownSync(ClientGroup)({}))

const counts = (...path: ReadonlyArray<string>): Quantity => ({
  path,
  smaller: (value) => {
    if (typeof value !== "number") return []
    return [...new Set([1, Math.floor(value / 2), value - 1])].filter((less) => less >= 1 && less < value)
  }
})

const sizes = (path: string, least: number): Quantity => ({
  path: [path],
  smaller: (value) => {
    const bytes = (typeof value === "string" ? parseQuantity(SIZE, value) : null) ?? 0
    return [bytes / 4, bytes / 2, bytes * 0.75].map((less) => Math.floor(less / least) * least)
      .filter((less) => less >= least).map((less) => formatQuantity(SIZE, less))
  }
})

const MIB = 1024 * 1024

const QUANTITIES: ReadonlyArray<Quantity> = [
  counts("count"),
  counts("workload", "usemem", "passes"),
  counts("workload", "usemem", "processesPerCpu"),
  counts("cpus"),
  sizes("ram", 4 * MIB),
  {
    path: ["workload", "usemem", "size"],
    smaller: (value) => {
      const times = /^([\d.]+)x RAM$/.exec(String(value))
      return times === null ? [] : [1, 1.5, 2, 3].filter((n) => n < Number(times[1])).map((n) => `${n}x RAM`)
    }
  },
  sizes("swap", 4 * MIB),
  { path: ["pageCache"], smaller: (value) => (value === "0 %" ? [] : ["0 %", "1 %"].filter((less) => less !== value)) }
]

/** Paths that QUANTITIES makes smaller: their defaults can be larger than what is given. */
const isQuantity = (path: ReadonlyArray<string>): boolean =>
  QUANTITIES.some((quantity) => quantity.path.join(".") === path.join("."))

// — what is given, against nothing given —

/** Every subtree of a mapping, outer ones first. */
const subtrees = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  !isMapping(value) ? [] : Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...subtrees(inner, [...path, key])
  ])

/** Holds no quantity, or nothing but quantities that would be lost. */
const removable = (group: Mapping, path: ReadonlyArray<string>): boolean =>
  !isQuantity(path) && !subtrees(at(group, path), path).some(isQuantity)

const KEPT: ReadonlyArray<string> = ["name", "description", "seeds", "duration", "kernels", "clients", "expect"]

// — kernels —

/** The release that has none of the patches. */
const PLAIN: Base = "v3.5"

/** Pieces of a list: halves, quarters, and so on down to single ones. */
const pieces = <A>(list: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> => {
  const found: Array<ReadonlyArray<A>> = []
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let i = 0; i < list.length; i += size) found.push(list.slice(i, i + size))
  }
  return found
}

/** Kernels with fewer patches: none at all first, then those of a release one by one, then without pieces of them. */
const fewerPatches = (kernel: Mapping): ReadonlyArray<{ readonly what: string; readonly kernel: Mapping }> => {
  const base = kernel.base as Base
  const has = [...patchesOf({ base, patches: (kernel.patches ?? {}) as Partial<Record<PatchName, boolean>> })]
  const on = (names: ReadonlyArray<PatchName>): Mapping => ({
    allocator: kernel.allocator,
    base: PLAIN,
    ...(names.length === 0 ? {} : { patches: Object.fromEntries(names.map((name) => [name, true])) })
  })
  const list = has.filter((name) => !baseInfo(PLAIN).patches.includes(name))
  if (base === PLAIN && list.length === 0) return []
  const none = { what: "no patches", kernel: on([]) }
  if (base !== PLAIN) return [none, { what: `${base} patch by patch`, kernel: on(list) }]
  return [
    none,
    ...pieces(list).map((piece) => ({
      what: `no ${piece.join(", ")}`,
      kernel: on(list.filter((name) => !piece.includes(name)))
    }))
  ]
}

/** All smaller scenarios, one thing less in each. */
export const shrinkSteps = (given: Mapping): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  const groups = groupsOf(given)
  if (groups.length > 1) {
    for (const [i, group] of groups.entries()) {
      steps.push({
        what: `no group ${String(group.name ?? "client")}`,
        given: { ...given, clients: groups.filter((_, j) => j !== i) }
      })
    }
  }
  const kernels = given.kernels as Readonly<Record<string, Mapping>>
  const [bareFirst, ...rest] = Object.entries(kernels).flatMap(([name, kernel]) =>
    fewerPatches(kernel).map(({ kernel: smaller, what }): Step => ({
      what,
      given: { ...given, kernels: { ...kernels, [name]: smaller } }
    }))
  )
  if (bareFirst !== undefined) steps.push(bareFirst)
  for (const path of subtrees(Object.fromEntries(Object.entries(given).filter(([key]) => !KEPT.includes(key))))) {
    steps.push({ what: `no ${path.join(".")}`, given: put(given, path, undefined) })
  }
  for (const [i, group] of groups.entries()) {
    const of = groups.length > 1 ? `${String(group.name ?? "client")}.` : ""
    for (const path of subtrees(group)) {
      if (path[0] === "name" || path[0] === "kernel" || !removable(group, path)) continue
      steps.push({ what: `no ${of}${path.join(".")}`, given: withGroup(given, i, put(group, path, undefined)) })
    }
    for (const { path, smaller } of QUANTITIES) {
      for (const less of smaller(at(group, path) ?? at(USUAL, path))) {
        steps.push({
          what: `${of}${path.join(".")} ${String(less)}`,
          given: withGroup(given, i, put(group, path, less))
        })
      }
    }
  }
  return [...steps, ...rest]
}
