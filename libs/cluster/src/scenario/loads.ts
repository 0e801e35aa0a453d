// What clients run: the sections `workload` and `background` of a group, made of the rows of a table of workloads, and the
// loads that come of them. Nothing here knows a workload by its name.
import { maybe, section } from "@swaplab/config"
import { assert } from "@swaplab/sim"
import { type ClientFacts, type ProcessPlan, type Workload, type WorkloadTable } from "@swaplab/workload"
import { Schema } from "effect"
import { type CompressedSwap, swapRoom } from "./compressed-swap.ts"
import { LocalDiskConfig } from "./local-disk.ts"
import { allowedBytes, type NumaGroup } from "./numa.ts"

/** Decoded options, by the keys that lead to them. */
export type Options = Readonly<Record<string, unknown>>

/** What runs in the background of a client, and the disk that its files lie on. */
export interface BackgroundConfig extends Options {
  readonly disk: LocalDiskConfig
}

type Row = readonly [name: string, row: Workload]

const rowsIn = (table: WorkloadTable, slot: Workload["slot"]): ReadonlyArray<Row> =>
  Object.entries(table).filter(([, row]) => row.slot === slot)

/** Keys from the slot to the options of a row. */
const keysOf = ([name, row]: Row): ReadonlyArray<string> => row.at ?? [name]

/** A section that is absent unless given: what has no switch runs where it is named. */
const named = ([, { description, options }]: Row) => {
  const schema = Schema.Struct(options).annotations({ description })
  return maybe(schema as unknown as Schema.Schema<Options>, description)
}

/** `workload`: exactly one of the measured workloads, without any the first of the table. */
export const workloadSchema = (table: WorkloadTable): Schema.Schema<Options> => {
  const rows = rowsIn(table, "workload")
  assert(rows.length > 0, "a table of workloads has one that is measured")
  const names = rows.map(([name]) => name)
  const fields: Schema.Struct.Fields = Object.fromEntries(rows.map((row) => [row[0], named(row)]))
  const title = names.length === 1 ? `a mapping with ${names[0]}` : `a mapping with one of ${names.join(", ")}`
  const given = Schema.Struct(fields).pipe(
    Schema.filter((value) => Object.keys(value).length <= 1, { title, jsonSchema: { maxProperties: 1 } })
  )
  const schema = Schema.transform(given, Schema.typeSchema(given), {
    strict: true,
    decode: (value) => Object.keys(value).length === 0 ? usual : value,
    encode: (value) => value
  }) as unknown as Schema.Schema<Options>
  const usual = Schema.decodeUnknownSync(given as unknown as Schema.Schema<Options>)({ [names[0]]: {} })
  return schema
}

/** `background`: every other row, in the section that it names, and the local disk. */
export const backgroundSchema = (table: WorkloadTable): Schema.Schema<BackgroundConfig, Options> => {
  const flat: Record<string, Schema.Struct.Fields[string]> = {}
  const sections = new Map<string, { description: string; fields: Record<string, Schema.Struct.Fields[string]> }>()
  for (const row of rowsIn(table, "background")) {
    const [name, { description, options }] = row
    const keys = keysOf(row)
    assert(keys.length < 2, `options of ${name} stand in background or in one section of it`)
    if (keys.length === 0) Object.assign(flat, options)
    else if (row[1].switch === undefined) flat[keys[0]] = named(row)
    else {
      const known = sections.get(keys[0])
      if (known === undefined) sections.set(keys[0], { description, fields: { ...options } })
      else Object.assign(known.fields, options)
    }
  }
  const fields: Schema.Struct.Fields = {
    ...flat,
    ...Object.fromEntries(
      [...sections].map(([key, { description, fields: own }]) => [
        key,
        section(Schema.Struct(own) as unknown as Schema.Schema<Options>, description)
      ])
    ),
    disk: section(LocalDiskConfig, "A local disk for the files of these loads. Swap never goes there.")
  }
  return Schema.Struct(fields) as unknown as Schema.Schema<BackgroundConfig, Options>
}

/** One workload that runs on a client, with its share of the client's processes and files. */
export interface Load {
  readonly name: string
  readonly row: Workload
  /** Keys from the client group to its options. */
  readonly path: ReadonlyArray<string>
  readonly options: Options
  readonly plan: ProcessPlan
  /** Number of its first process on the client, and of its first page in the client's files. */
  readonly firstProcess: number
  readonly firstFilePage: number
  /** And of its first page in the root image. */
  readonly firstRootPage: number
}

/** What the loads of a group are made of. */
export interface LoadedGroup extends NumaGroup {
  readonly swap: number
  readonly pageCache: number
  readonly workload: Options
  readonly background: BackgroundConfig
  /** Where the programs of the measured workload run. */
  readonly programs: "client" | "server"
  readonly root?: { readonly size: number } | undefined
}

/** What is known of a client of a group before it boots. */
export const clientFacts = ({ cpus, pageCache, programs, ram, root, swap }: LoadedGroup): ClientFacts => ({
  cpus,
  ramBytes: ram,
  swapBytes: swap,
  pageCacheBytes: pageCache * ram,
  rootBytes: root?.size ?? 0,
  half: programs === "server" ? "screen" : "all"
})

/** The options of a row in a group, and whether it runs there. */
const optionsIn = (group: LoadedGroup, row: Row): { readonly options: Options; readonly runs: boolean } => {
  const slot: Options = group[row[1].slot]
  const [key] = keysOf(row)
  const within = (key === undefined ? slot : slot[key]) as Options | undefined
  if (within === undefined) return { options: {}, runs: false }
  const options = Object.fromEntries(Object.keys(row[1].options).map((name) => [name, within[name]]))
  const { switch: by } = row[1]
  return { options, runs: by === undefined || options[by] !== 0 }
}

/** What a client of a group runs: the measured workload first, then the background in the order of the table. */
export const loadsOf = (group: LoadedGroup, table: WorkloadTable): ReadonlyArray<Load> => {
  const facts = clientFacts(group)
  let firstProcess = 0
  let firstFilePage = 0
  let firstRootPage = 0
  return [...rowsIn(table, "workload"), ...rowsIn(table, "background")].flatMap((row) => {
    const { options, runs } = optionsIn(group, row)
    if (!runs) return []
    const plan = row[1].processes(options, facts)
    const path = [row[1].slot, ...keysOf(row)]
    const load: Load = { name: row[0], row: row[1], path, options, plan, firstProcess, firstFilePage, firstRootPage }
    firstProcess += plan.processes.length
    firstFilePage += plan.filePages
    firstRootPage += plan.rootPages ?? 0
    return [load]
  })
}

/** What each of some clients runs on the server of its programs, with its share of the processes there. */
export const programsOf = (
  groups: ReadonlyArray<LoadedGroup>,
  table: WorkloadTable
): ReadonlyArray<Load> => {
  let firstProcess = 0
  return groups.map((group) => {
    const rows = rowsIn(table, "workload").filter((row) => optionsIn(group, row).runs)
    assert(rows.length === 1, "a client runs one workload that is measured")
    const [[name, row]] = rows
    assert(row.divides === true, `${name} cannot be divided: a rule says so before`)
    const { options } = optionsIn(group, rows[0])
    const plan = row.processes(options, { ...clientFacts(group), half: "programs" })
    const load = {
      name,
      row,
      path: ["workload", name],
      options,
      plan,
      firstProcess,
      firstFilePage: 0,
      firstRootPage: 0
    }
    firstProcess += plan.processes.length
    return load
  })
}

/** A load that is switched off, and the settings beside its switch, all as keys from a group. */
export interface Switch {
  readonly at: ReadonlyArray<string>
  readonly others: ReadonlyArray<ReadonlyArray<string>>
}

/** The switches of a table. */
export const switchesOf = (table: WorkloadTable): ReadonlyArray<Switch> =>
  rowsIn(table, "background").flatMap((row) => {
    const { options, switch: by } = row[1]
    const others = Object.keys(options).filter((name) => name !== by)
    const section = ["background", ...keysOf(row)]
    return by === undefined ? [] : [{ at: [...section, by], others: others.map((name) => [...section, name]) }]
  })

/** Bytes of anonymous memory that all loads of a client map. */
export const anonymousBytes = (loads: ReadonlyArray<Load>): number =>
  loads.reduce((sum, { plan }) => sum + plan.anonymousBytes, 0)

/** All of RAM and swap, where the measured workload knows nothing better. */
const ALL = { share: 1, words: "RAM and swap must hold that" }

/** The share of RAM and swap that the loads of a client may map, and who says so. */
export const limitOf = ([measured]: ReadonlyArray<Load>): { readonly share: number; readonly words: string } =>
  measured.row.limit ?? ALL

/** Swap that a client needs for the anonymous memory of its loads beside the RAM that they may use, in bytes. */
export const neededSwap = (group: LoadedGroup, loads: ReadonlyArray<Load>): number =>
  Math.max(0, Math.ceil(anonymousBytes(loads) / limitOf(loads).share) - allowedBytes(group))

/** Whether the loads of a client leave RAM and swap the room that they want. */
export const fitsSwap = (group: LoadedGroup & CompressedSwap, workloads: WorkloadTable): boolean =>
  swapRoom(group) >= neededSwap(group, loadsOf(group, workloads))

/** What a report says of a load, in phrases: `8 processes per CPU`, `4x RAM mapped`, `5 passes`. */
export const describeLoad = ({ options, row }: Load): ReadonlyArray<string> => row.describe(options)
