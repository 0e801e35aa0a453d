// The proof of a lockup: who waits for whom, which allocation cannot succeed, and what starved.
//
// The wait-for graph of a client has tasks as nodes. Its edges follow from the wait queue on which a task sleeps:
//   request slots, the bio and request mempools, a locked page, a freed write request → completions, made by the receiver
//   data on the nbd socket → replies, which only come to requests that the sender has sent
//   room in the nbd socket → ACKs from the server
//   an allocation in its slow path → pages, which are freed when a write completes: the receiver again
//   pfmemalloc_wait → kswapd
import { type KernelTask, type Machine } from "@swaplab/kernel"
import { WMARK_MIN } from "@swaplab/page-alloc"
import type { Process } from "@swaplab/sim"
import type { LockupAllocation, LockupKind, LockupReport, LockupTask, LockupTaxonomy, LockupZone } from "./result.ts"

/** What a sleeping task needs. */
type Need = "completion" | "memory" | "reply" | "ack" | "kswapd" | "work"

/** By the name of the wait queue; the first that matches counts. */
const NEEDS: ReadonlyArray<readonly [RegExp, Need]> = [
  [/request slot|mempool|page lock/, "completion"],
  [/pfmemalloc_wait/, "kswapd"],
  [/vm_wait|oom/, "memory"],
  [/congestion_wqh/, "completion"],
  [/send space/, "ack"],
  [/sock receive|socket lock/, "reply"],
  [/.*/, "work"]
]

/** An allocation in its slow path, as the page allocator describes it. */
const ALLOCATION = /order:(\d+), mode:0x([0-9a-f]+) \(([^)]*)\)(?:, (\S+) free (\d+) (?:<=|>) floor (\d+))?/

const allocationOf = (process: Process): LockupAllocation | null => {
  const found = process.why === null ? null : ALLOCATION.exec(process.why)
  if (found === null) return null
  return {
    task: process.name,
    order: Number(found[1]),
    gfp: Number.parseInt(found[2], 16),
    flags: found[3],
    text: found[0]
  }
}

const needOf = (process: Process): Need => {
  const queue = process.waitingOn?.name ?? ""
  const need = NEEDS.find(([pattern]) => pattern.test(queue))?.[1] ?? "work"
  // a task that retries an allocation waits for memory, whichever queue it rests on in between
  return need !== "kswapd" && allocationOf(process) !== null ? "memory" : need
}

/** Facts that only the run knows. */
export interface LockupFacts {
  readonly kind: LockupKind
  readonly sinceNs: number
  readonly lastCompletionNs: number
  /** Requests that the driver has sent and has no reply to. */
  readonly sent: number
  /** Truesize of what has arrived at the swap socket while its sender owns it. */
  readonly backlogBytes: number
  /** Packets lost on the client for want of memory, since the last completion. */
  readonly packetsLost: number
}

/** Writes the report of one client. */
export const lockupReport = (machine: Machine, facts: LockupFacts): LockupReport => {
  const { sim } = machine
  const asleep = sim.processes.filter((process) => process.group === machine.group && process.waitingOn !== null)
  const tasks = asleep.map((process): LockupTask => ({
    task: process.name,
    state: process.state,
    waitQueue: process.waitingOn?.name ?? "",
    wokenBy: process.waitingOn?.wokenBy ?? "",
    sinceNs: process.since,
    why: process.why ?? ""
  }))
  const stuck = [machine.nbdSender, machine.kswapd, ...asleep].find((task) =>
    task !== null && allocationOf(task) !== null
  )
  const allocation = stuck === undefined || stuck === null ? null : allocationOf(stuck)
  const zones = zonesAt(machine, allocation)
  const taxonomy = classify(machine, facts)
  const report = {
    client: machine.name,
    kind: facts.kind,
    taxonomy,
    atNs: sim.now,
    sinceNs: facts.sinceNs,
    tasks,
    cycle: cycleOf(machine, facts),
    allocation,
    zones,
    requestsOutstanding: machine.disk.inFlight(),
    lastCompletionNs: facts.lastCompletionNs
  }
  return { ...report, text: textOf(report) }
}

const zonesAt = (machine: Machine, allocation: LockupAllocation | null): ReadonlyArray<LockupZone> =>
  machine.pages.populatedZones.map((zone) => {
    const min = zone.watermark[WMARK_MIN]
    const floor = allocation === null ? null : ALLOCATION.exec(allocation.text)
    return {
      name: zone.name,
      free: zone.free,
      min,
      floor: floor !== null && floor[4] === zone.name ? Number(floor[6]) : min
    }
  })

const classify = (machine: Machine, facts: LockupFacts): LockupTaxonomy => {
  const { nbdSender } = machine
  const need = nbdSender === null ? "work" : needOf(nbdSender)
  if (nbdSender !== null && /too_many_isolated/.test(nbdSender.why ?? "")) return "isolated pages"
  if (need === "memory") return "tx starvation"
  if (facts.packetsLost > 0) return "rx starvation"
  if (need === "completion") return "request slots"
  return machine.oomKills > 0 ? "oom-rescued" : "unclassified"
}

/** Follows the edges from the sender until a task comes up again. */
const cycleOf = (machine: Machine, facts: LockupFacts): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const seen = new Set<Process>()
  let task: KernelTask | null = machine.nbdSender
  while (task !== null && !seen.has(task)) {
    seen.add(task)
    if (task.waitingOn === null && task.why === null) {
      lines.push(`${task.name} runs`)
      return lines
    }
    const need = needOf(task)
    lines.push(describe(task, need, machine, facts))
    task = follow(need, machine)
  }
  if (task !== null) lines.push(`→ ${task.name}`)
  return lines
}

const follow = (need: Need, machine: Machine): KernelTask | null => {
  switch (need) {
    case "completion":
    case "memory":
      return machine.nbdReceiver
    case "reply":
      return machine.nbdSender
    case "kswapd":
      return machine.kswapd
    default:
      return null
  }
}

const describe = (task: KernelTask, need: Need, machine: Machine, facts: LockupFacts): string => {
  const place = task.waitingOn === null ? "in direct reclaim" : `on ${task.waitingOn.name}`
  const where = `${task.name} (${STATE_LETTER[task.state]}) ${place}`
  const outstanding = machine.disk.inFlight()
  switch (need) {
    case "memory":
      return `${where} needs a page: ${task.why ?? ""}; pages are freed when a write completes`
    case "completion":
      return `${where} needs a completed request; ${outstanding} outstanding`
    case "reply":
      return `${where} needs a reply; ${
        machine.nbd?.waitingCount ?? 0
      } requests wait to be sent, ${facts.sent} are sent` +
        (facts.backlogBytes > 0
          ? `, ${facts.backlogBytes} bytes lie in the backlog of the socket that the sender owns`
          : "")
    case "ack":
      return `${where} needs an ACK of what it has sent`
    case "kswapd":
      return `${where} needs kswapd to free pages`
    case "work":
      return `${where} has nothing to do`
  }
}

const STATE_LETTER = { running: "R", interruptible: "S", killable: "K", uninterruptible: "D" } as const

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`

/** The report as it is printed: at most one line for each group of tasks that wait alike. */
const textOf = (report: Omit<LockupReport, "text">): string => {
  const lines = [
    `${report.kind} of ${report.client} at ${seconds(report.atNs)}: ${report.taxonomy}, no progress since ` +
    `${seconds(report.sinceNs)}`,
    "  wait-for cycle:",
    ...report.cycle.map((line) => `    ${line}`),
    report.allocation === null
      ? "  no allocation is stuck"
      : `  stuck allocation: ${report.allocation.text} by ${report.allocation.task}`,
    `  zones: ${
      report.zones.map((zone) => `${zone.name} free ${zone.free}, floor ${zone.floor}, min ${zone.min}`).join("; ")
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
