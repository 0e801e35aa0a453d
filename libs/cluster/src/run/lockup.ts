// The proof of a lockup: who waits for whom, which allocation cannot succeed and what it met first, and what starved.
import type { KernelTask, Machine } from "@swaplab/kernel"
import {
  ALLOC_HARDER,
  ALLOC_HIGH,
  allocationName,
  allocFlagNames,
  gfpFlagNames,
  type Refusal,
  watermarkFloor
} from "@swaplab/page-alloc"
import { waitGraph } from "./build-graph.ts"
import type { Connection } from "./connection.ts"
import type { DeadLink } from "./dead-link.ts"
import type { FaultOn } from "./fault-script.ts"
import type {
  LockupAllocation,
  LockupFailure,
  LockupKind,
  LockupReport,
  LockupTask,
  LockupTaxonomy,
  LockupZone
} from "./lockup-report.ts"
import { requestsInFlight } from "./progress.ts"
import { scanningText, type ScanningWindow } from "./reclaim-watch.ts"
import { graphText, type WaitGraph } from "./wait-graph.ts"
import { isClosed } from "./zone-words.ts"

/** Facts that only the run knows. */
export interface LockupFacts {
  readonly kind: LockupKind
  readonly sinceNs: number
  readonly lastCompletionNs: number
  /** Packets lost on the client for want of memory, since the last completion. */
  readonly packetsLost: number
  /** The link that has lost everything since then, if there is one. */
  readonly deadLink?: DeadLink | null
  /** Faults of the scenario that are on and concern the client. */
  readonly faults?: ReadonlyArray<FaultOn>
  /** The window of a livelock. */
  readonly scanning?: ScanningWindow
}

/** Writes the report of one client. */
export const lockupReport = (connection: Connection, facts: LockupFacts): LockupReport => {
  const { machine } = connection
  const { sim } = machine
  const mine = sim.processes.filter((process) => process.group === machine.group && !process.finished)
  const tasks = mine.filter((process) => process.waitingOn !== null).map((process): LockupTask => ({
    task: process.name,
    state: process.state,
    waitQueue: process.waitingOn?.name ?? "",
    wokenBy: process.waitingOn?.wokenBy ?? "",
    sinceNs: process.since,
    why: process.why ?? ""
  }))
  const graph = waitGraph(connection, facts)
  const dead = facts.deadLink ?? null
  // a closed cycle is what holds the client, whatever the server does
  const away = graph.closed ? null : connection.serverAway
  const { scanning } = facts
  const taxonomy = scanning !== undefined
    ? "livelock in reclaim"
    : dead === null && away === null
    ? classify(machine, graph)
    : "dead network"
  const stuck =
    [machine.nbdSender, machine.rootNbd?.sender ?? null, ...machine.kswapds, ...mine as Array<KernelTask>].find((
      task
    ) => task !== null && task.refusal.open) ?? null
  const refusal = firstRefusal(machine, taxonomy, stuck)
  const report = {
    client: machine.name,
    kind: facts.kind,
    taxonomy,
    network: dead === null
      ? away
      : `nothing has arrived over ${dead.link} since the last completion: ${dead.frames} frames lost (${dead.reason})`,
    reclaim: scanning === undefined ? null : scanningText(scanning),
    faults: (facts.faults ?? []).map(({ since, text }) => `${text} ${since}`),
    atNs: sim.now,
    sinceNs: facts.sinceNs,
    tasks,
    graph,
    cycle: graphText(graph).cycle,
    allocation: stuck === null ? null : allocationOf(stuck),
    firstFailure: refusal === null ? null : failureOf(refusal, machine),
    zones: zonesAt(machine, refusal),
    requestsOutstanding: requestsInFlight(machine),
    lastCompletionNs: facts.lastCompletionNs
  }
  return { ...report, text: textOf(report) }
}

/** The same report, of a cycle that the OOM killer has broken. */
export const rescueReport = (stuck: LockupReport): LockupReport => {
  const { text: _text, ...report } = { ...stuck, taxonomy: "oom-rescued" as const }
  return { ...report, text: textOf(report) }
}

/** Which record tells how it began: the interrupt's where the receive path starves, else that of the stuck task. */
const firstRefusal = (machine: Machine, taxonomy: LockupTaxonomy, stuck: KernelTask | null): Refusal | null => {
  const { atomicRefusal } = machine.pages
  const receive = taxonomy === "rx starvation" || taxonomy === "unrelated traffic"
  if (receive && atomicRefusal.timeNs >= 0) return atomicRefusal
  return stuck?.refusal ?? null
}

const allocationOf = (task: KernelTask): LockupAllocation => {
  const { order, gfp } = task.refusal
  return { task: task.name, order, gfp, flags: gfpFlagNames(gfp), text: task.why ?? allocationName(gfp, order) }
}

const failureOf = (refusal: Refusal, { pages }: Machine): LockupFailure => ({
  timeNs: refusal.timeNs,
  task: refusal.comm,
  order: refusal.order,
  gfp: refusal.gfp,
  flags: gfpFlagNames(refusal.gfp),
  allocFlags: allocFlagNames(refusal.allocFlags),
  before: refusal.beforeNs < 0
    ? null
    : { timeNs: refusal.beforeNs, order: refusal.beforeOrder, gfp: refusal.beforeGfp },
  zones: Array.from({ length: refusal.zones }, (_, i) => ({
    name: pages.zones[refusal.zone[i]].label,
    free: refusal.free[i],
    min: refusal.min[i],
    floor: refusal.floor[i]
  })).filter((zone) => zone.min > 0)
})

const zonesAt = (machine: Machine, refusal: Refusal | null): ReadonlyArray<LockupZone> =>
  machine.pages.populatedZones.map((zone) => {
    const [min, low, high] = zone.watermark
    const at = refusal === null ? -1 : refusal.zone.subarray(0, refusal.zones).indexOf(zone.slot)
    return {
      name: zone.label,
      free: zone.free,
      min,
      low,
      high,
      atomic: watermarkFloor(min, ALLOC_HIGH | ALLOC_HARDER),
      floor: refusal === null || at < 0 ? min : refusal.floor[at],
      ...(isClosed(machine.pages, refusal, zone) && { closed: true })
    }
  })

/**
 * What starved, by what lies on the cycle. A client whose network carries nothing has not starved; that is seen before.
 * - isolated pages: a reclaimer waits for pages that other reclaimers hold;
 * - tx starvation: the sender's own allocation is on it;
 * - unrelated traffic: as rx starvation, and the packets that other sockets hold would fill what the receive path lacks;
 * - rx starvation: replies or ACKs do not get in for want of memory;
 * - request slots: slots, mempools or page locks, and nobody's allocation.
 * A cycle that the OOM killer has broken is called oom-rescued by the run.
 */
const classify = (machine: Machine, graph: WaitGraph): LockupTaxonomy => {
  const on = new Set(graph.cycle)
  if (on.has("isolated")) return "isolated pages"
  const starved = (sender: string): boolean =>
    on.has(sender) && graph.edges.some(({ from, to }) => from === sender && to === "memory")
  if (on.has("memory") && (starved("nbd0") || starved("nbd1"))) return "tx starvation"
  if (on.has("receive ring")) return heldByOthers(machine) ? "unrelated traffic" : "rx starvation"
  if (graph.cycle.some((id) => /^(nbd1 )?slots|^mempool|^page lock/.test(id))) return "request slots"
  return "unclassified"
}

/** Packets on other sockets hold at least the pages that the receive path lacks in the zone that lacks least. */
const heldByOthers = ({ pages, net }: Machine): boolean => {
  const { timeNs, zone, zones, floor } = pages.atomicRefusal
  let lacking = Number.POSITIVE_INFINITY
  for (let i = 0; i < zones; i++) lacking = Math.min(lacking, floor[i] - pages.zones[zone[i]].free + 1)
  return timeNs >= 0 && net.udpMemory.allocated >= lacking
}

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`

/** The report as it is printed: at most one line for each group of tasks that wait alike. */
const textOf = (report: Omit<LockupReport, "text">): string => {
  const { cycle, others } = graphText(report.graph)
  const { allocation, firstFailure } = report
  const lines = [
    `${report.kind} of ${report.client} at ${seconds(report.atNs)}: ${report.taxonomy}, no progress since ` +
    `${seconds(report.sinceNs)}`,
    ...(report.network === null ? [] : [`  the network is dead: ${report.network}`]),
    ...report.faults.map((fault) => `  a fault that is on, a possible cause: ${fault}`),
    ...(report.reclaim === null ? [] : [`  reclaim: ${report.reclaim}`]),
    cycle.length === 0 ? "  no wait-for cycle" : "  wait-for cycle:",
    ...cycle.map((line) => `    ${line}`),
    ...(others.length === 0 ? [] : ["  who waits besides:", ...others.map((line) => `    ${line}`)]),
    firstFailure === null ? "  no allocation has failed" : `  first refused: ${failureText(firstFailure)}`,
    allocation === null
      ? "  no allocation is stuck"
      : `  stuck allocation: ${allocation.text} by ${allocation.task}`,
    `  zones: ${
      report.zones.map((zone) =>
        `${zone.name} free ${zone.free}, ${
          zone.closed === true ? "closed to it" : `floor ${zone.floor}`
        }, min ${zone.min}`
      ).join("; ")
    }`,
    `  block requests outstanding: ${report.requestsOutstanding}, last completion at ${
      seconds(report.lastCompletionNs)
    }`,
    "  tasks:"
  ]
  const groups = new Map<string, Array<LockupTask>>()
  for (const task of report.tasks) {
    const key = `${task.state} on ${task.waitQueue}`
    groups.set(key, [...(groups.get(key) ?? []), task])
  }
  for (const [key, tasks] of groups) {
    const first = tasks[0]
    const name = tasks.length === 1 ? first.task : `${tasks.length} tasks (${first.task}, …)`
    lines.push(
      `    ${name}: ${key}, since ${seconds(first.sinceNs)}${first.wokenBy === "" ? "" : `; woken by ${first.wokenBy}`}`
    )
  }
  return lines.join("\n")
}

/** "at 0.193 s, client-1 nbd0: order:0, mode:0x10 (GFP_NOIO), ALLOC_WMARK_MIN|ALLOC_CPUSET; DMA32 free 190 <= floor 191". */
const failureText = ({ allocFlags, before, gfp, order, task, timeNs, zones }: LockupFailure): string => {
  const first = before === null
    ? `at ${seconds(timeNs)}, ${task}: `
    : `at ${seconds(before.timeNs)}, ${task}: ${allocationName(before.gfp, before.order)}; then at ${seconds(timeNs)} `
  const found = zones.map(({ floor, free, min, name }) =>
    `${name} free ${free} ${free <= floor ? "<=" : ">"} floor ${floor} (min ${min})`
  )
  return `${first}${allocationName(gfp, order)}, ${allocFlags}; ${found.join("; ")}`
}
