// A run as a Chrome trace, which Perfetto and chrome://tracing open: every machine a process, every task a thread, each sleep of a
// task a slice with the wait queue it slept on and what it needed; free pages, requests and allocations of clients as counters; major
// page faults, requests of block devices and faults of the script as spans, because they may go on beside others of their kind.
//
// The run is taken event by event, and looked at after each: sleeps begin and end where they do. Not in it: what a task does
// between two sleeps (CPU time), and sleeps that begin and end within one event.
import type { ClusterRun } from "@swaplab/cluster"
import { TracePoints } from "./trace-points.ts"

/** Simulated nanoseconds between two values of a counter. */
const COUNTER_NS = 1_000_000

/** More than this is not opened by anything in reasonable time. */
const MAX_TRACE_EVENTS = 500_000

/** A trace as text. */
export interface TraceText {
  readonly json: string
  /** It ends before the run, because it was full; null: it is whole. */
  readonly fullAtNs: number | null
}

/** A sleep under way. */
interface Sleep {
  readonly queue: string
  readonly sinceNs: number
  readonly why: string
}

/** Where faults and what belongs to no machine stand. */
const CLUSTER = 0

class Writer {
  readonly lines: Array<string> = []
  #spans = 0

  event(event: Readonly<Record<string, unknown>>): void {
    this.lines.push(JSON.stringify(event))
  }

  name(kind: "process_name" | "thread_name", pid: number, tid: number, name: string): void {
    this.event({ ph: "M", name: kind, pid, tid, args: { name } })
  }

  slice(name: string, pid: number, tid: number, fromNs: number, toNs: number, args: object): void {
    this.event({ ph: "X", name, pid, tid, ts: fromNs / 1000, dur: (toNs - fromNs) / 1000, args })
  }

  /** Something that may go on beside others of its kind: slices of one thread that overlap are no trace. */
  span(
    cat: "memory" | "block" | "fault",
    name: string,
    pid: number,
    fromNs: number,
    toNs: number,
    args?: object
  ): void {
    const id = ++this.#spans
    this.event({ ph: "b", cat, name, pid, tid: 0, id, ts: fromNs / 1000, ...(args !== undefined && { args }) })
    this.event({ ph: "e", cat, name, pid, tid: 0, id, ts: toNs / 1000 })
  }

  counter(name: string, pid: number, ns: number, values: object): void {
    this.event({ ph: "C", name, pid, tid: 0, ts: ns / 1000, args: values })
  }
}

/** Sleeps of all tasks, as they begin and end. */
class Sleeps {
  readonly #run: ClusterRun
  readonly #writer: Writer
  readonly #asleep: Array<Sleep | null> = []
  readonly #named = new Set<string>()

  constructor(run: ClusterRun, writer: Writer) {
    this.#run = run
    this.#writer = writer
  }

  look(): void {
    const { sim } = this.#run.cluster
    for (const [id, { finished, since, waitingOn, why }] of sim.processes.entries()) {
      const before = this.#asleep[id] ?? null
      const asleep = waitingOn !== null && !finished
      if (before !== null && (!asleep || before.sinceNs !== since || before.queue !== waitingOn.name)) {
        this.#end(id, before)
      } else if (before !== null || !asleep) continue
      this.#asleep[id] = asleep ? { queue: waitingOn.name, sinceNs: since, why: why ?? "" } : null
    }
  }

  /** Sleeps that go on when the trace ends. */
  close(): void {
    for (const [id, sleep] of this.#asleep.entries()) if (sleep !== null && sleep !== undefined) this.#end(id, sleep)
  }

  #end(id: number, { queue, sinceNs, why }: Sleep): void {
    const { sim } = this.#run.cluster
    const { group, name } = sim.processes[id]
    const machine = sim.groupName(group)
    const thread = id + 1
    this.#name("process_name", group, 0, machine)
    this.#name("thread_name", group, thread, name.startsWith(`${machine} `) ? name.slice(machine.length + 1) : name)
    this.#writer.slice(queue, group, thread, sinceNs, sim.now, why === "" ? {} : { why })
  }

  #name(kind: "process_name" | "thread_name", pid: number, tid: number, name: string): void {
    const key = `${pid} ${tid} ${name}`
    if (this.#named.has(key)) return
    this.#named.add(key)
    this.#writer.name(kind, pid, tid, name)
  }
}

/** Runs to a time, or to the end of the run, and writes down what happened. */
export const traceJson = (run: ClusterRun, untilNs: number): TraceText => {
  const writer = new Writer()
  writer.name("process_name", CLUSTER, 0, "cluster")
  const sleeps = new Sleeps(run, writer)
  const points = new TracePoints(
    run,
    ({ beganNs, endedNs, group, name, ...args }) => writer.span("block", name, group, beganNs, endedNs, args)
  )
  for (const { client: { machine }, faultListeners } of run.clients) {
    faultListeners.add((ns) => writer.span("memory", "page fault", machine.group, run.now - ns, run.now))
  }
  let nextNs = 0
  let fullAtNs: number | null = null
  while (run.advance(untilNs, 1) === "events") {
    sleeps.look()
    if (run.now >= nextNs) {
      for (const { client: { machine } } of run.clients) {
        const free = machine.pages.zones.reduce((sum, zone) => sum + zone.free, 0)
        writer.counter("free pages", machine.group, run.now, { pages: free })
        writer.counter("requests", machine.group, run.now, {
          sent: machine.nbd?.sentCount ?? 0,
          waiting: machine.disk.inFlight() - (machine.nbd?.sentCount ?? 0)
        })
        writer.counter("allocations", machine.group, run.now, points.takeAllocations(machine.group))
      }
      nextNs = (Math.floor(run.now / COUNTER_NS) + 1) * COUNTER_NS
    }
    if (writer.lines.length >= MAX_TRACE_EVENTS) {
      fullAtNs = run.now
      break
    }
  }
  sleeps.close()
  points.close()
  for (const { beganNs, endedNs, what, where } of run.result("stopped", 0).faults) {
    writer.span("fault", what, CLUSTER, beganNs, endedNs ?? run.now, { where })
  }
  const { kernel, scenario, seed } = run
  const about = JSON.stringify({ scenario: scenario.name, kernel, seed })
  return { json: `{"traceEvents":[\n${writer.lines.join(",\n")}\n],"otherData":${about}}\n`, fullAtNs }
}
