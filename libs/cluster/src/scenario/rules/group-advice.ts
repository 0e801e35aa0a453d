// Advice about client groups: loads that are off, sizes that leave nothing to measure, swap that is too small.
import { type Finding, formatQuantity, SIZE } from "@swaplab/config"
import { BACKGROUND_SWITCHES, backgroundBytes } from "../background.ts"
import { fitsSwap, neededSwap, usememBytes } from "../clients.ts"
import type { ClientGroup } from "../machines.ts"
import { type Advice, type Given, idleFindings, type IdleRow } from "./advice.ts"
import { groupsOf } from "./group-rules.ts"

/** A value within a decoded group. */
const fieldOf = (root: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], root)

/** Settings of a load that is switched off. */
const switchedOff: ReadonlyArray<IdleRow<ClientGroup>> = BACKGROUND_SWITCHES.flatMap(({ field, load, others }) => {
  const section = ["background", ...load]
  return others.map((other) => ({
    path: [...section, other],
    idle: (group: ClientGroup) => fieldOf(group, [...section, field]) === 0,
    reason: `${[...section, field].join(".")} is 0`
  }))
})

const writesNoFiles = ({ background }: ClientGroup): boolean =>
  background.iozone.file === 0 && background.sysbench.threads === 0

const IDLE: ReadonlyArray<IdleRow<ClientGroup>> = [
  ...switchedOff,
  { path: ["background", "disk", "bytesPerSecond"], idle: writesNoFiles, reason: "nothing writes files" },
  { path: ["background", "disk", "latency"], idle: writesNoFiles, reason: "nothing writes files" },
  {
    path: ["thp"],
    idle: ({ minFree, thp }) => thp && minFree !== "auto",
    reason: "minFree is given, and the size of the reserve is all that thp changes"
  },
  {
    path: ["workload", "usemem", "mode"],
    idle: ({ workload: { usemem } }) => usemem.passes === 1 && usemem.mode === "read",
    reason: "the only pass writes"
  }
]

/** Advice about each group; paths are from the group. */
const inGroups = (name: string, of: (group: ClientGroup) => ReadonlyArray<Finding>): Advice => ({
  name,
  of: ({ scenario }) =>
    groupsOf(scenario).flatMap(([at, group]) => of(group).map(({ path, text }) => ({ path: [...at, ...path], text })))
})

const MIB = 1024 * 1024
const size = (bytes: number): string => formatQuantity(SIZE, bytes)

export const GROUP_ADVICE: ReadonlyArray<Advice> = [
  {
    name: "settings without effect in a group",
    of: (given: Given) => groupsOf(given.scenario).flatMap(([at, group]) => idleFindings(IDLE, given, at, group))
  },
  inGroups("a load that fits into RAM", (group) =>
    usememBytes(group) + group.pageCache * group.ram < group.ram * 0.8
      ? [{
        path: ["workload", "usemem", "size"],
        text: `${size(usememBytes(group))} fits into RAM, so the clients will hardly swap`
      }]
      : []),
  inGroups("a swap smaller than the load", (group) => {
    if (fitsSwap(group)) return []
    const others = backgroundBytes(group.background)
    const who = others > 0 ? "usemem and the background loads map" : "usemem maps"
    return [{
      path: ["swap"],
      text:
        `${size(group.swap)} may be too little: ${who} ${size(usememBytes(group) + others)}, and MMTests keeps that `
        + `to 70 % of RAM and swap, which takes ${
          size(Math.ceil(neededSwap(group) / MIB) * MIB)
        }. When RAM and swap are full, the `
        + "OOM killer decides"
    }]
  })
]
