// Advice about client groups: loads that are off, sizes that leave nothing to measure, swap that is too small.
import { type Finding, formatQuantity, SIZE } from "@swaplab/config"
import { WHEN_LOST } from "@swaplab/kernel"
import type { WorkloadTable } from "@swaplab/workload"
import { swapRoom } from "../compressed-swap.ts"
import { anonymousBytes, clientFacts, limitOf, loadsOf, neededSwap, switchesOf } from "../loads.ts"
import type { ClientGroup } from "../machines.ts"
import type { RootConfig } from "../roots.ts"
import { type Advice, type Given, idleFindings, type IdleRow } from "./advice.ts"
import { IDLE_COMPRESSED_SWAP } from "./compressed-swap-rules.ts"
import { IDLE_CARD, IDLE_ETHTOOL, IDLE_MODERATION } from "./ethtool-rules.ts"
import { groupsOf } from "./group-rules.ts"
import { IDLE_NUMA } from "./numa-rules.ts"

/** A value within a decoded group. */
const fieldOf = (root: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], root)

/** Settings of a load that is switched off. */
const switchedOff = (workloads: WorkloadTable): ReadonlyArray<IdleRow<ClientGroup>> =>
  switchesOf(workloads).flatMap(({ at, others }) =>
    others.map((path) => ({
      path,
      idle: (group: ClientGroup) => fieldOf(group, at) === 0,
      reason: `${at.join(".")} is 0`
    }))
  )

/** Settings of the disk where nothing has files. */
const unusedDisk = (workloads: WorkloadTable): ReadonlyArray<IdleRow<ClientGroup>> =>
  ["bytesPerSecond", "latency"].map((key) => ({
    path: ["background", "disk", key],
    idle: (group) => loadsOf(group, workloads).every(({ plan }) => plan.filePages === 0),
    reason: "nothing writes files"
  }))

/** What workloads say of their own settings, in one group. */
const idleOptions = (group: ClientGroup, workloads: WorkloadTable): ReadonlyArray<IdleRow<ClientGroup>> =>
  loadsOf(group, workloads).flatMap(({ options, path, row }) =>
    (row.idle ?? []).map((item) => ({
      path: [...path, ...item.path],
      idle: () => item.idle(options, clientFacts(group)),
      reason: item.reason
    }))
  )

const IDLE: ReadonlyArray<IdleRow<ClientGroup>> = [
  {
    path: ["thp"],
    idle: ({ minFree, thp }) => thp && minFree !== "auto",
    reason: "minFree is given, and the size of the reserve is all that thp changes"
  },
  {
    path: ["nbd", "deadTimeout"],
    idle: ({ nbd }) => !WHEN_LOST[nbd.whenLost].keepsRequests,
    reason: "requests wait for a new connection with whenLost: reconnect only"
  },
  {
    path: ["nbd", "rebootTime"],
    idle: ({ nbd }) => !WHEN_LOST[nbd.whenLost].reboots,
    reason: "the client reboots with whenLost: reboot only"
  }
]

/** Settings of a root image that the others leave without effect. */
const rootRow = (
  keys: ReadonlyArray<string>,
  reason: string,
  idle: (root: RootConfig) => boolean
): ReadonlyArray<IdleRow<ClientGroup>> =>
  keys.map((key) => ({
    path: ["root", ...key.split(".")],
    idle: ({ root }) => root !== undefined && idle(root),
    reason
  }))

const IDLE_ROOT: ReadonlyArray<IdleRow<ClientGroup>> = [
  ...rootRow(["block", "ratio", "cpuPerBlock"], "format is ext4", ({ format }) => format === "ext4"),
  ...rootRow(["disk.bytesPerSecond", "disk.latency"], "the image is on the server", ({ from }) => from === "nbd"),
  ...rootRow(["image", "server"], "the image is on a disk of the client", ({ from }) => from === "disk")
]

/** Advice about each group; paths are from the group. */
const inGroups = (
  name: string,
  of: (group: ClientGroup, workloads: WorkloadTable) => ReadonlyArray<Finding>
): Advice => ({
  name,
  of: ({ scenario, workloads }) =>
    groupsOf(scenario).flatMap(([at, group]) =>
      of(group, workloads).map(({ path, text }) => ({ path: [...at, ...path], text }))
    )
})

const MIB = 1024 * 1024
const size = (bytes: number): string => formatQuantity(SIZE, bytes)

const idleSettings = (given: Given): ReadonlyArray<Finding> => {
  const rows = [
    ...switchedOff(given.workloads),
    ...unusedDisk(given.workloads),
    ...IDLE,
    ...IDLE_ROOT,
    ...IDLE_COMPRESSED_SWAP,
    ...IDLE_NUMA,
    ...IDLE_ETHTOOL,
    ...IDLE_MODERATION,
    ...IDLE_CARD
  ]
  return groupsOf(given.scenario).flatMap(([at, group]) =>
    idleFindings([...rows, ...idleOptions(group, given.workloads)], given, at, group)
  )
}

export const GROUP_ADVICE: ReadonlyArray<Advice> = [
  { name: "settings without effect in a group", of: idleSettings },
  inGroups("what workloads say of their options", (group, workloads) => {
    const client = clientFacts(group)
    return loadsOf(group, workloads).flatMap(({ options, path, row }) =>
      (row.advice ?? []).flatMap((item) => {
        const text = item.of(options, client)
        return text === null ? [] : [{ path: [...path, ...item.path], text }]
      })
    )
  }),
  inGroups("a driver that is younger than the kernel", ({ nbd }) =>
    !WHEN_LOST[nbd.whenLost].keepsRequests ? [] : [{
      path: ["nbd", "whenLost"],
      text: "requests that wait for a new connection came with Linux 4.12: no kernel of this emulator had them"
    }]),
  inGroups("a swap smaller than the load", (group, workloads) => {
    const loads = loadsOf(group, workloads)
    const [measured, ...others] = loads
    const mapped = anonymousBytes(loads)
    const needed = neededSwap(group, loads)
    const room = swapRoom(group)
    if (room >= needed) return []
    const name = measured.row.title ?? measured.name
    const who = anonymousBytes(others) > 0 ? `${name} and the background loads map` : `${name} maps`
    return [{
      path: ["swap"],
      text: `${size(room)} may be too little: ${who} ${size(mapped)}, and ${limitOf(loads).words}, which takes ${
        size(Math.ceil(needed / MIB) * MIB)
      } of swap. When RAM and swap are full, the OOM killer decides`
    }]
  })
]
