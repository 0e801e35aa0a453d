// Sysctls that change nothing where they stand: a table of reasons, each with the names and the machines that it is about.
import type { Finding, Path } from "@swaplab/config"
import { patchesOf, type SysctlName, type Sysctls, WHEN_LOST } from "@swaplab/kernel"
import { RECLAIM_DISTANCE } from "@swaplab/page-alloc"
import { faultNamed } from "../../faults/faults.ts"
import { kernelOf } from "../clients.ts"
import { loadsOf } from "../loads.ts"
import type { ClientGroup } from "../machines.ts"
import { switchesOf } from "../switches.ts"
import { type Advice, type Given, noEffect } from "./advice.ts"
import { groupsOf } from "./group-rules.ts"
import { connectsAgain, serverEntries } from "./server-rules.ts"

/** A machine on which sysctls were set. */
interface Place {
  readonly is: "client" | "server" | "applications"
  readonly at: Path
  readonly sysctl: Sysctls
  readonly given: Given
  /** Of clients. */
  readonly group?: ClientGroup
  /** The entry of a server. */
  readonly entry?: string
}

interface Row {
  readonly names: (name: SysctlName) => boolean
  /** What it says, or null: the sysctl has an effect there. */
  readonly reason: (place: Place) => string | null
}

const one = (...names: ReadonlyArray<SysctlName>): Row["names"] => (name) => names.includes(name)
const below = (start: string): Row["names"] => (name) => name.startsWith(start)

/** Nothing goes through TCP: no swap and no root over the network, no thin client, no traffic of its loads. */
const withoutConnection = ({ group, given }: Place): boolean =>
  group !== undefined && group.swap === 0 && group.root?.from !== "nbd" && group.programs !== "server" &&
  loadsOf(group, given.workloads).every(({ row: { lan } }) => lan === undefined || lan === "datagrams")

/** A client of the group connects over the network, a second time: that of the boot stands from the start. */
const dials = ({ given: { scenario }, group }: Place): boolean => {
  if (group === undefined) return false
  const { dialsAgain, reboots } = WHEN_LOST[group.nbd.whenLost]
  return dialsAgain || reboots || scenario.faults.some(({ what }) => faultNamed(what).sets === "power")
}

/** A kernel on which the machine may run has small queues. */
const smallQueues = ({ given: { scenario }, group, is }: Place): boolean => {
  const own = is === "client" ? group?.kernel : scenario.applications?.kernel
  const names = own === undefined ? Object.keys(scenario.kernels) : [own]
  return names.some((name) =>
    Object.hasOwn(scenario.kernels, name) && patchesOf(kernelOf(scenario, name)).has("small-queues")
  )
}

const ZONE_RECLAIM = ["vm.zone_reclaim_mode", "vm.min_unmapped_ratio", "vm.min_slab_ratio"] as const

/** vm.zone_reclaim_mode as Linux sets it at boot. */
const defaultMode = (group: ClientGroup | undefined): number =>
  group?.numa !== undefined && group.numa.nodes > 1 && group.numa.distance > RECLAIM_DISTANCE ? 1 : 0

const ROWS: ReadonlyArray<Row> = [
  {
    names: below("vm."),
    reason: ({ is }) => is === "server" ? "the memory of an NBD server never lacks, nothing is reclaimed there" : null
  },
  {
    names: one(...ZONE_RECLAIM),
    reason: ({ group }) => group?.numa === undefined ? "only kernels with memory nodes have it (numa)" : null
  },
  {
    names: one("vm.min_unmapped_ratio", "vm.min_slab_ratio"),
    reason: ({ group, sysctl }) =>
      (sysctl["vm.zone_reclaim_mode"] ?? defaultMode(group)) === 0 ? "vm.zone_reclaim_mode is 0 here" : null
  },
  {
    names: (name) => name.startsWith("net.ipv4.") || name.startsWith("tcp_cubic."),
    reason: (place) => withoutConnection(place) ? "no connection of these clients carries anything" : null
  },
  {
    names: below("tcp_cubic."),
    reason: ({ sysctl }) =>
      sysctl["net.ipv4.tcp_congestion_control"] === "cubic" ? null : "net.ipv4.tcp_congestion_control is not cubic here"
  },
  {
    names: (name) => name.startsWith("tcp_cubic.hystart_"),
    reason: ({ sysctl }) => sysctl["tcp_cubic.hystart"] === 0 ? "tcp_cubic.hystart is 0" : null
  },
  {
    names: one("tcp_cubic.initial_ssthresh"),
    reason: ({ sysctl }) => sysctl["tcp_cubic.hystart"] === 0 ? null : "only with tcp_cubic.hystart: 0"
  },
  {
    names: one("net.ipv4.tcp_limit_output_bytes"),
    reason: (place) =>
      place.is === "server"
        ? "the server has no small queues"
        : smallQueues(place)
        ? null
        : "none of the kernels has the patch small-queues"
  },
  {
    names: one("net.ipv4.tcp_syn_retries"),
    reason: (place) =>
      place.is !== "client"
        ? "this machine connects to nobody"
        : dials(place)
        ? null
        : "these clients connect at boot only, which is not modelled packet by packet"
  },
  {
    names: below("net.ipv4.tcp_keepalive_"),
    reason: ({ is }) =>
      is === "server" ? null : "no socket of this machine has SO_KEEPALIVE: nbd-client does not set it"
  },
  {
    names: one("net.ipv4.tcp_ecn"),
    reason: ({ given: { scenario: { lan } } }) =>
      switchesOf(lan).every(({ ecnMark }) => ecnMark === undefined)
        ? "the switch marks nothing: lan.switch.ecnMark"
        : null
  },
  {
    names: one("net.ipv4.tcp_synack_retries"),
    reason: ({ entry, given: { scenario } }) =>
      entry === undefined
        ? "nobody connects to this machine"
        : connectsAgain(scenario, entry)
        ? null
        : "no client connects to it a second time"
  }
]

/** Every machine on which sysctls can be set. */
const placesOf = (given: Given): ReadonlyArray<Place> => {
  const { scenario } = given
  const { applications } = scenario
  return [
    ...groupsOf(scenario).map(([at, group]): Place => ({ is: "client", at, sysctl: group.sysctl, given, group })),
    ...serverEntries(scenario).map(({ config, entry, path }): Place => ({
      is: "server",
      at: path,
      sysctl: config.sysctl,
      given,
      entry
    })),
    ...(applications === undefined
      ? []
      : [{ is: "applications", at: ["applications"], sysctl: applications.sysctl, given } as const])
  ]
}

/** Says of each sysctl that was set, once, why it changes nothing. */
export const SYSCTL_ADVICE: Advice = {
  name: "sysctls without effect",
  of: (given) =>
    placesOf(given).flatMap((place): ReadonlyArray<Finding> =>
      (Object.keys(place.sysctl) as ReadonlyArray<SysctlName>).flatMap((name) => {
        const reason = ROWS.filter(({ names }) => names(name)).map((row) => row.reason(place)).find((text) =>
          text !== null
        )
        return reason === undefined ? [] : [noEffect(given, [...place.at, "sysctl", name], reason)]
      })
    )
}
