// The resources that can limit a capacity, a row each: how busy it was in a run, and what makes a fifth more of it.
// Modelled: links, also those between switches, the server's CPUs, threads, page cache, rate limit and read-ahead, its disk where the scenario gives it by
// figures, the switch's buffer; of clients memory, CPUs, the CPU time of their kernels, nr_requests and both read-aheads.
//
// Locks. Four things happen one after the other in the model, and each has a row. The server performs the requests of a connection
// one by one with `threads: 1`, and its threads answer in turn: threads, CPU time. The nbd driver sends the requests of a device
// one by one, under the lock of its socket: the time that it holds is CPU time of the client's kernel, or waiting for the link. A
// card's receive processing is on one CPU: the same row. A queue has so many requests: nr_requests.
// Not modelled: disks that are given by a name; socket buffers; locks of which no time is modelled (queue_lock, mmap_sem, the
// inode's of the server). What that costs: where one of these limits, no row raises the number, which is said.
import { type LoadedScenario, switchesOf, withOverrides } from "@swaplab/cluster"
import {
  BYTE_RATE,
  type ConfigError,
  formatQuantity,
  overrideOf,
  RATE,
  SIZE,
  TIME,
  type UnitKind
} from "@swaplab/config"
import { Either } from "effect"
import type { CellResult } from "../cell.ts"

/** How much more there is of a resource that is tried. */
const RELAXED_BY = 1.2

/** A value of the scenario in base units, and where it stands. */
interface Knob {
  readonly path: ReadonlyArray<string | number>
  readonly value: number
  readonly unit: UnitKind | null
}

/** A resource. */
export interface Resource {
  readonly name: string
  /** Metrics of its use, as shares; the busiest counts. */
  readonly use: ReadonlyArray<string>
  /** A time of service is less where there is more of the resource. */
  readonly falls: boolean
  /** Nothing: the scenario has none of it. */
  readonly knobs: (loaded: LoadedScenario) => ReadonlyArray<Knob>
}

type Server = NonNullable<LoadedScenario["scenario"]["server"]>
type Group = LoadedScenario["scenario"]["clients"][number]

/** A knob of each server. */
const ofServers = (of: (server: Server) => ReadonlyArray<Knob>) => ({ scenario }: LoadedScenario) => [
  ...(scenario.server === undefined
    ? []
    : of(scenario.server).map((knob) => ({ ...knob, path: ["server", ...knob.path] }))),
  ...(scenario.servers ?? []).flatMap((server, i) =>
    of(server).map((knob) => ({ ...knob, path: ["servers", i, ...knob.path] }))
  )
]

/** A knob of each group of clients. */
const ofGroups = (of: (group: Group) => ReadonlyArray<Knob>) => ({ scenario }: LoadedScenario) =>
  scenario.clients.flatMap((group, i) => of(group).map((knob) => ({ ...knob, path: ["clients", i, ...knob.path] })))

const knob = (path: Knob["path"], value: number, unit: UnitKind | null): Knob => ({ path, value, unit })

/** Pages that are swapped in together, as a power of two. source: mm/swap.c:swap_setup */
const PAGE_CLUSTER = "vm.page-cluster"

/** The table, in the order of a report. */
export const RESOURCES: ReadonlyArray<Resource> = [
  {
    name: "link of the server",
    use: ["server.linkOutUtilisation", "server.linkInUtilisation"],
    falls: false,
    knobs: ofServers(({ link }) => [knob(["link", "rate"], link.rate, RATE)])
  },
  {
    name: "links of the clients",
    use: [],
    falls: false,
    knobs: ofGroups(({ link }) => [knob(["link", "rate"], link.rate, RATE)])
  },
  {
    name: "links between switches",
    use: ["uplink.utilisation"],
    falls: false,
    knobs: ({ scenario: { lan } }) =>
      switchesOf(lan).flatMap(({ path, uplink }) =>
        uplink === null ? [] : [knob([...path, "uplink", "rate"], uplink.rate, RATE)]
      )
  },
  {
    name: "CPU of the server",
    use: ["server.cpuUtilisation"],
    falls: true,
    knobs: ofServers(({ read, write }) => [
      knob(["read", "base"], read.base, TIME),
      knob(["read", "perKiB"], read.perKiB, TIME),
      knob(["write", "base"], write.base, TIME),
      knob(["write", "perKiB"], write.perKiB, TIME)
    ])
  },
  {
    name: "number of the server's CPUs",
    use: [],
    falls: false,
    knobs: ofServers(({ cpus }) => [knob(["cpus"], cpus, null)])
  },
  {
    name: "threads of a connection",
    use: [],
    falls: false,
    knobs: ofServers(({ threads }) => [knob(["threads"], threads, null)])
  },
  {
    name: "service time of the server's disk",
    use: ["server.diskUtilisation"],
    falls: true,
    knobs: ofServers(({ disk }) =>
      typeof disk === "string" ?
        [] :
        (["read", "write"] as const).flatMap((direction) =>
          (["median", "p99", "perKiB"] as const).map((part) =>
            knob(["disk", direction, part], disk[direction][part], TIME)
          )
        )
    )
  },
  {
    name: "queue depth of the server's disk",
    use: [],
    falls: false,
    knobs: ofServers(({ disk }) => typeof disk === "string" ? [] : [knob(["disk", "channels"], disk.channels, null)])
  },
  {
    name: "rate limit of a client",
    use: [],
    falls: false,
    knobs: ofServers(({ clientRate }) => clientRate === undefined ? [] : [knob(["clientRate"], clientRate, BYTE_RATE)])
  },
  {
    name: "read-ahead of the server",
    use: [],
    falls: false,
    // read for the images of roots only
    knobs: (loaded) =>
      loaded.scenario.clients.some(({ root }) => root?.from === "nbd")
        ? ofServers(({ readahead }) => [knob(["readahead"], readahead, SIZE)])(loaded)
        : []
  },
  {
    name: "page cache of the server",
    use: [],
    falls: false,
    knobs: ofServers(({ pageCache }) => [knob(["pageCache"], pageCache, SIZE)])
  },
  {
    name: "buffer of the switch",
    use: [],
    falls: false,
    knobs: ({ scenario: { lan } }) => switchesOf(lan).map(({ buffer, path }) => knob([...path, "buffer"], buffer, SIZE))
  },
  {
    name: "memory of the clients",
    use: [],
    falls: false,
    knobs: ofGroups(({ ram }) => [knob(["ram"], ram, SIZE)])
  },
  {
    name: "number of the clients' CPUs",
    use: [],
    falls: false,
    knobs: ofGroups(({ cpus }) => [knob(["cpus"], cpus, null)])
  },
  {
    name: "CPU time of the clients' kernels",
    use: [],
    falls: true,
    knobs: (loaded) => [
      ...Object.entries(loaded.scenario.costs).map(([name, ns]) => knob(["costs", name], ns, TIME)),
      ...ofGroups(({ root }) =>
        root?.format === "squashfs" ? [knob(["root", "cpuPerBlock"], root.cpuPerBlock, TIME)] : []
      )(loaded)
    ]
  },
  {
    name: "nr_requests of the clients",
    use: [],
    falls: false,
    knobs: ofGroups(({ nbd }) => [knob(["nbd", "nrRequests"], nbd.nrRequests, null)])
  },
  {
    name: "swap read-ahead of the clients",
    use: [],
    falls: false,
    // a power of two: the least step is twice as much
    knobs: ofGroups(({ ram, swap, sysctl }) =>
      swap === 0 ? [] : [knob(["sysctl", PAGE_CLUSTER], sysctl[PAGE_CLUSTER] ?? (ram < 16 * 2 ** 20 ? 2 : 3), null)]
    )
  },
  {
    name: "read-ahead of the clients",
    use: [],
    falls: false,
    knobs: ofGroups(({ root }) => root === undefined ? [] : [knob(["root", "readahead"], root.readahead, SIZE)])
  },
  {
    name: "latency of the cables",
    use: [],
    falls: true,
    knobs: (loaded) => [
      ...ofServers(({ link }) => [knob(["link", "latency"], link.latency, TIME)])(loaded),
      ...ofGroups(({ link }) => [knob(["link", "latency"], link.latency, TIME)])(loaded)
    ]
  }
]

/** A key that gives more of a resource: where it stands, what it says, and what it says then. */
export interface Change {
  readonly path: string
  readonly from: string
  readonly to: string
}

const textOf = (unit: UnitKind | null, value: number): string =>
  unit === null ? String(value) : formatQuantity(unit, value)

/** Sizes stay whole pages, counts and times whole numbers; a count grows by one at least. */
const grown = ({ unit, value }: Knob, falls: boolean, times: number): number => {
  if (unit === null) return Math.max(value + 1, Math.round(value * times))
  const more = falls ? value / times : value * times
  return unit === SIZE ? Math.round(more / 4096) * 4096 : Math.round(more)
}

/** The scenario with so many times as much of a resource, and the keys that say so. */
export interface Grown {
  readonly loaded: LoadedScenario
  readonly changes: ReadonlyArray<Change>
}

/**
 * Gives `times` as much of a resource. Null where the scenario has none of it, or where that is what `searched` varies; a mistake
 * where its keys do not take so much.
 */
export const grow = (
  loaded: LoadedScenario,
  { falls, knobs, name }: Resource,
  searched: string,
  times: number
): Either.Either<Grown, ConfigError> | null => {
  const all = knobs(loaded).filter(({ value }) => value > 0)
  if (all.length === 0 || all.some(({ path }) => path.join(".") === searched)) return null
  const values = all.map((each) => grown(each, falls, times))
  const grownKeys = all.map(({ path, unit }, i) =>
    overrideOf(name, path, unit === null ? values[i] : textOf(unit, values[i]))
  )
  return Either.map(withOverrides(loaded, grownKeys), (more) => ({
    loaded: more,
    changes: all.map(({ path, unit, value }, i) => ({
      path: path.join("."),
      from: textOf(unit, value),
      to: textOf(unit, values[i])
    }))
  }))
}

/** A resource, and the scenario with a fifth more of it. */
export interface RelaxedRow {
  readonly resource: Resource
  readonly loaded: LoadedScenario
}

/** Rows by scenario and by what is searched: each takes some milliseconds, and a forecast counts them before they are run. */
const KNOWN_ROWS = new WeakMap<LoadedScenario, Map<string, ReadonlyArray<RelaxedRow>>>()

/** The resources that can be tried, each with the scenario that has a fifth more of it. */
export const relaxedRows = (loaded: LoadedScenario, searched: string): ReadonlyArray<RelaxedRow> => {
  const known = KNOWN_ROWS.get(loaded) ?? new Map<string, ReadonlyArray<RelaxedRow>>()
  KNOWN_ROWS.set(loaded, known)
  const rows = known.get(searched) ?? RESOURCES.flatMap((resource) => {
    const more = grow(loaded, resource, searched, RELAXED_BY)
    // a fifth more may be more than a key takes
    return more === null || Either.isLeft(more) ? [] : [{ resource, loaded: more.right.loaded }]
  })
  known.set(searched, rows)
  return rows
}

/** How busy a resource was in a run, from 0 to 1; null: it has no such figure. */
export const useOf = ({ use }: Resource, { metrics }: CellResult): number | null => {
  const values = use.flatMap((name) => {
    const value = metrics[name]
    return value === undefined ? [] : [typeof value === "number" ? value : value.max]
  })
  return values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value), 0)
}
