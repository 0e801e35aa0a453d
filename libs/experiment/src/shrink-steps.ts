// What can be made smaller in a scenario. A step is a whole scenario with one thing less; those that take most away come
// first. Nothing here knows what a lockup is.
import { type Base, baseInfo, clientGroupSchema, patchesOf, type PatchName } from "@swaplab/cluster"
import {
  formatDistribution,
  formatQuantity,
  isMapping,
  type Mapping,
  MomentDistribution,
  parseQuantity,
  TIME
} from "@swaplab/config"
import { counts, type Quantity, sizes, type Workload, type WorkloadTable } from "@swaplab/workload"
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

const MIB = 1024 * 1024

/** What of a machine can be made smaller; what of its loads can, their rows say. */
const MACHINE: ReadonlyArray<Quantity> = [
  counts("cpus"),
  sizes(4 * MIB, "ram"),
  sizes(4 * MIB, "swap"),
  { path: ["pageCache"], smaller: (value) => (value === "0 %" ? [] : ["0 %", "1 %"].filter((less) => less !== value)) }
]

/** A start by chance becomes one at the time that it begins with. It can be left out, too. */
const START: Quantity = {
  path: ["start"],
  smaller: (value) => {
    const start = Schema.decodeUnknownOption(MomentDistribution)(value)
    if (start._tag === "None" || start.value.name === "at") return []
    return [formatDistribution({ name: "at", parameters: start.value.parameters.slice(0, 1) })]
  }
}

/** A quantity of a load that is off where nothing is given at `switch`. */
interface Switched extends Quantity {
  readonly switch?: ReadonlyArray<string>
}

/** What of a group can be made smaller where its clients run workloads of a table. */
interface Smaller {
  readonly quantities: ReadonlyArray<Switched>
  /** A group of which nothing is given, as a file would write it with every default. */
  readonly usual: unknown
  /** Not to be left out, nor anything that has it within: its default can be larger than what is given. */
  readonly kept: ReadonlySet<string>
  /** Not to be left out by itself. */
  readonly keptAlone: ReadonlySet<string>
}

const keyOf = (path: ReadonlyArray<string>): string => path.join(".")

const smallerIn = (workloads: WorkloadTable): Smaller => {
  const of = (slot: Workload["slot"]): ReadonlyArray<Switched> =>
    Object.entries(workloads).filter(([, row]) => row.slot === slot).flatMap(([name, row]) => {
      const at = [slot, ...(row.at ?? [name])]
      return row.shrink.map(({ path, smaller }) => ({
        path: [...at, ...path],
        smaller,
        ...(row.switch !== undefined && { switch: [...at, row.switch] })
      }))
    })
  const measured = of("workload")
  const background = of("background")
  const group = clientGroupSchema(workloads)
  return {
    quantities: [counts("count"), START, ...measured, ...MACHINE, ...background],
    usual: Schema.encodeSync(group)(Schema.decodeUnknownSync(group)({})),
    kept: new Set([["count"], ...[...measured, ...MACHINE].map(({ path }) => path)].map(keyOf)),
    // without its switch a load is off
    keptAlone: new Set(
      background.filter(({ path, switch: by }) => by === undefined || keyOf(by) !== keyOf(path))
        .map(({ path }) => keyOf(path))
    )
  }
}

// — what is given, against nothing given —

/** Every subtree of a mapping, outer ones first. */
const subtrees = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  !isMapping(value) ? [] : Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...subtrees(inner, [...path, key])
  ])

/** Whether a group without what stands at a path is smaller. */
const removable = ({ kept, keptAlone }: Smaller, group: Mapping, path: ReadonlyArray<string>): boolean =>
  !keptAlone.has(keyOf(path)) && ![path, ...subtrees(at(group, path), path)].some((inner) => kept.has(keyOf(inner)))

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

/** Without each of the groups. */
const fewerGroups = (given: Mapping): ReadonlyArray<Step> => {
  const groups = groupsOf(given)
  if (groups.length < 2) return []
  return groups.map((group, i) => ({
    what: `no group ${String(group.name ?? "client")}`,
    given: { ...given, clients: groups.filter((_, j) => j !== i) }
  }))
}

/** Each kernel with fewer patches. */
const smallerKernels = (given: Mapping): ReadonlyArray<Step> => {
  const kernels = given.kernels as Readonly<Record<string, Mapping>>
  return Object.entries(kernels).flatMap(([name, kernel]) =>
    fewerPatches(kernel).map(({ kernel: smaller, what }): Step => ({
      what,
      given: { ...given, kernels: { ...kernels, [name]: smaller } }
    }))
  )
}

/** Without each thing that is given beside groups and kernels. */
const fewerSections = (given: Mapping): ReadonlyArray<Step> =>
  subtrees(Object.fromEntries(Object.entries(given).filter(([key]) => !KEPT.includes(key)))).map((path) => ({
    what: `no ${path.join(".")}`,
    given: put(given, path, undefined)
  }))

/** Shorter and earlier, as a file has times. */
const LESS: Readonly<Record<string, (ns: number) => ReadonlyArray<number>>> = {
  for: (ns) => [ns / 8, ns / 2, ns * 0.75],
  at: (ns) => [0, ns / 2, ns * 0.75]
}

/** One fault that begins earlier or lasts a shorter time. In whole milliseconds, then in whole microseconds. */
const lessTime = (fault: Mapping): ReadonlyArray<readonly [what: string, fault: Mapping]> =>
  Object.entries(LESS).flatMap(([key, less]) => {
    const value = fault[key]
    const ns = typeof value === "string" ? parseQuantity(TIME, value) : null
    if (ns === null) return []
    const grain = ns > 4e6 ? 1e6 : 1e3
    const values = less(ns).map((part) => Math.floor(part / grain) * grain).filter((part) =>
      part < ns && (key === "at" || part > 0)
    )
    return [...new Set(values)].map((part) => {
      const text = formatQuantity(TIME, part)
      return [`${String(fault.what)} ${key} ${text}`, { ...fault, [key]: text }] as const
    })
  })

/** Without pieces of the list of faults, then with less of one fault. All of them at once is a section. */
const fewerFaults = (given: Mapping): ReadonlyArray<Step> => {
  const faults = (given.faults ?? []) as ReadonlyArray<Mapping>
  const words = (list: ReadonlyArray<Mapping>): string => list.map(({ what }) => String(what)).join(", ")
  const pieced = faults.length < 2 ? [] : pieces(faults).map((piece) => ({
    what: `no ${words(piece)}`,
    given: { ...given, faults: faults.filter((fault) => !piece.includes(fault)) }
  }))
  const keyed = faults.flatMap((fault, i) =>
    Object.keys(fault).filter((key) => key !== "what" && key !== "where").map((key) => ({
      what: `${String(fault.what)} without ${key}`,
      given: { ...given, faults: faults.map((other, j) => j === i ? put(fault, [key], undefined) : other) }
    }))
  )
  const timed = faults.flatMap((fault, i) =>
    lessTime(fault).map(([what, less]) => ({
      what,
      given: { ...given, faults: faults.map((other, j) => j === i ? less : other) }
    }))
  )
  return [...pieced, ...keyed, ...timed]
}

/** One group with less. */
const smallerGroup = (given: Mapping, index: number, smaller: Smaller): ReadonlyArray<Step> => {
  const groups = groupsOf(given)
  const group = groups[index]
  const of = groups.length > 1 ? `${String(group.name ?? "client")}.` : ""
  const step = (what: string, path: ReadonlyArray<string>, value: unknown): Step => ({
    what,
    given: withGroup(given, index, put(group, path, value))
  })
  const without = subtrees(group)
    .filter((path) => path[0] !== "name" && path[0] !== "kernel" && removable(smaller, group, path))
    .map((path) => step(`no ${of}${path.join(".")}`, path, undefined))
  const running = smaller.quantities.filter(({ switch: by }) => by === undefined || at(group, by) !== undefined)
  const less = running.flatMap((quantity) => {
    const { path } = quantity
    return quantity.smaller(at(group, path) ?? at(smaller.usual, path))
      .map((value) => step(`${of}${path.join(".")} ${String(value)}`, path, value))
  })
  return [...without, ...less]
}

/** All smaller scenarios, one thing less in each. */
export const shrinkSteps = (given: Mapping, workloads: WorkloadTable): ReadonlyArray<Step> => {
  const smaller = smallerIn(workloads)
  const [bareFirst, ...kernels] = smallerKernels(given)
  return [
    ...fewerGroups(given),
    ...(bareFirst === undefined ? [] : [bareFirst]),
    ...fewerSections(given),
    ...fewerFaults(given),
    ...groupsOf(given).flatMap((_, i) => smallerGroup(given, i, smaller)),
    ...kernels
  ]
}
