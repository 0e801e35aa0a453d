// The tracepoints of one client as text, as the file `trace` of ftrace has them on a kernel of 3.5: for scripts that read such files.
// Off, they cost nothing: the run is made again with them on, and is the same run.
//
// The time of a line is the simulated time and the CPU time that its task has used since, so that what a task does at one instant of
// the simulation has an order and a length. Lines of all CPUs are sorted by time, as ftrace does.
// Not modelled: the flags irqs-off, need-resched and preempt-depth, which are dots. What timers do counts as a softirq of the CPU
//   that takes the card's interrupts. Work of ksoftirqd has the name of that thread and no `s`.
// source: kernel/trace/trace.c:print_func_help_header_irq; kernel/trace/trace_output.c:trace_print_context, trace_print_lat_fmt
import { commOf, KernelTask, type Machine } from "@swaplab/kernel"
import { assert, type Process } from "@swaplab/sim"
import type { ClientRun } from "../run/client-run.ts"
import type { Cluster } from "../run/topology.ts"
import { FTRACE_EVENTS, type FtraceEvent } from "./ftrace-events.ts"

/** More than this is not opened by anything in reasonable time. */
const MAX_LINES = 1_000_000

/** Columns of the header, which tools skip or read the layout from. */
const COLUMNS = [
  "#                              _-----=> irqs-off",
  "#                             / _----=> need-resched",
  "#                            | / _---=> hardirq/softirq",
  "#                            || / _--=> preempt-depth",
  "#                            ||| /     delay",
  "#           TASK-PID   CPU#  ||||    TIMESTAMP  FUNCTION",
  "#              | |       |   ||||       |         |"
]

const SOFTIRQ = "..s."
const TASK = "...."

/** `seconds.microseconds`, the seconds in five columns. */
const timeOf = (ns: number): string => {
  const us = Math.floor(ns / 1000)
  return `${String(Math.floor(us / 1e6)).padStart(5)}.${String(us % 1e6).padStart(6, "0")}`
}

/** Records tracepoints of a client from now on. */
export class FtraceRecorder {
  /** It is full since then; null: it has everything. */
  fullAtNs: number | null = null
  readonly #cluster: Cluster
  readonly #client: ClientRun
  readonly #times: Array<number> = []
  readonly #lines: Array<string> = []

  constructor(cluster: Cluster, client: ClientRun, events: Iterable<FtraceEvent>) {
    this.#cluster = cluster
    this.#client = client
    const { trace } = cluster.sim
    const unknown = trace.enableOnly(events)
    assert(unknown.length === 0, "a tracepoint that no machine has")
    trace.sink = ({ name }, timeNs, group, values) => {
      if (group === this.#client.client.machine.group) this.#hit(name as FtraceEvent, timeNs, values)
    }
  }

  /** The file. */
  text(): string {
    const lines = this.#lines.length
    const order = Uint32Array.from({ length: lines }, (_, i) => i).sort((a, b) =>
      this.#times[a] - this.#times[b] || a - b
    )
    const { count } = this.#client.client.machine.cpus
    const title = ["# tracer: nop", "#", `# entries-in-buffer/entries-written: ${lines}/${lines}   #P:${count}`, "#"]
    const body = Array.from(order, (i) => this.#lines[i])
    return `${[...title, ...COLUMNS, ...body].join("\n")}\n`
  }

  #hit(event: FtraceEvent, timeNs: number, values: ReadonlyArray<number>): void {
    if (this.#lines.length >= MAX_LINES) {
      this.fullAtNs ??= timeNs
      return
    }
    const { machine } = this.#client.client
    const running = taskOf(machine, this.#cluster.sim.running)
    const cpu = running?.cpu ?? machine.nic.irqCpu
    const task = running ?? machine.cpus.current(cpu)
    const comm = task === null ? "<idle>" : commOf(machine, task)
    const pid = String(task === null ? 0 : task.id + 1).padEnd(5)
    const atNs = timeNs + (running?.ns ?? 0)
    const row: (typeof FTRACE_EVENTS)[FtraceEvent] & { readonly name?: (values: ReadonlyArray<number>) => string } =
      FTRACE_EVENTS[event]
    const name = row.name?.(values) ?? event
    const where = `${comm.padStart(16)}-${pid} [${String(cpu).padStart(3, "0")}] ${running === null ? SOFTIRQ : TASK}`
    this.#times.push(atNs)
    // the swapper is the current task of an idle CPU
    this.#lines.push(`${where} ${timeOf(atNs)}: ${name}: ${row.print(values, task === null ? `swapper/${cpu}` : comm)}`)
  }
}

const taskOf = ({ group }: Machine, running: Process | null): KernelTask | null =>
  running instanceof KernelTask && running.group === group ? running : null
