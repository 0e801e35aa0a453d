// One workload while it runs on a client: its end of the seam between the cluster and the rows of workloads.
import type { KernelTask, Machine } from "@swaplab/kernel"
import { assert, type Nanoseconds, type Process, type Random, type Sleeps } from "@swaplab/sim"
import type {
  Counter,
  Display,
  LanEnd,
  LatencyRecorder,
  Operations,
  ProcessExit,
  WorkloadHost
} from "@swaplab/workload"
import type { Load } from "../scenario/loads.ts"
import { LatencyHistogram } from "./latency.ts"
import type { WorkloadResult } from "./result.ts"

const unplugged = (): never => {
  assert(false, "a workload that needs the LAN says so in its row")
}

/** The LAN of a workload that needs none. */
const NO_LAN: LanEnd = { datagrams: unplugged, serve: unplugged, startsIn: unplugged, stream: unplugged }

/** A load of a client: what it runs on, and what it has counted. */
export class ClientLoad implements WorkloadHost {
  readonly name: string
  readonly load: Load
  /** Another one when it has booted again. */
  client: Machine
  display: Display | null = null
  lan: LanEnd = NO_LAN
  readonly files: { readonly from: number; readonly to: number }
  readonly rootFiles: { readonly from: number; readonly to: number }
  readonly operations: Operations
  /** Of its processes, where it is measured. */
  readonly exits: Array<ProcessExit>
  /** When it has said that it is done; −1: not yet. */
  doneAt: Nanoseconds = -1
  /** It wants nothing of the client for now. */
  resting = false
  /** Called when it is done. */
  onDone: () => void = () => {}
  /** When it was first started; −1: not yet. */
  #startedAt: Nanoseconds = -1
  /** Times that its machine has lost its power. */
  #losses = 0
  /** Processes of no machine: the people. */
  readonly #people: Array<Process> = []
  readonly #chance: string
  readonly #latency = new LatencyHistogram()
  readonly #counters: ReadonlyMap<string, Counter>
  readonly #latencies: ReadonlyMap<string, LatencyHistogram>

  /**
   * `name` is that of the client, which need not be the machine it runs on. `exits`: where its processes' ends are noted, that
   * of the other half if a thin client's programs run on a server. `chance`: the client whose chance it draws.
   */
  constructor(
    load: Load,
    client: Machine,
    name: string = client.name,
    exits: Array<ProcessExit> = [],
    chance: string = name
  ) {
    this.name = name
    this.#chance = chance
    this.exits = exits
    this.load = load
    this.client = client
    this.files = { from: load.firstFilePage, to: load.firstFilePage + load.plan.filePages }
    this.rootFiles = { from: load.firstRootPage, to: load.firstRootPage + (load.plan.rootPages ?? 0) }
    this.operations = { done: 0, failed: 0, latency: this.#latency }
    const figures = (kind: "count" | "latency"): ReadonlyArray<string> =>
      Object.entries(load.row.metrics).filter(([, row]) => row.kind === kind).map(([figure]) => figure)
    this.#counters = new Map(figures("count").map((figure) => [figure, { value: 0 }]))
    this.#latencies = new Map(figures("latency").map((figure) => [figure, new LatencyHistogram()]))
  }

  /** It is what the client is measured by. */
  get measured(): boolean {
    return this.load.row.slot === "workload"
  }

  /** Starts it, the first time or after a boot. */
  start(): void {
    if (this.#startedAt < 0) this.#startedAt = this.client.sim.now
    this.load.row.start(this, this.load.options)
  }

  get since(): Nanoseconds {
    return this.#startedAt < 0 ? 0 : this.client.sim.now - this.#startedAt
  }

  readonly person = (process: Process): void => {
    this.#people.push(process)
  }

  /** Its machine has lost its power. Returns the people, who have nothing to wait for any more. */
  powerLost(): ReadonlyArray<Process> {
    this.#losses++
    this.resting = false
    return this.#people.splice(0)
  }

  readonly random = (...names: ReadonlyArray<string>): Random => {
    const path = [this.#chance, this.load.name, ...names]
    return this.client.sim.stream(...path, ...(this.#losses === 0 ? [] : [`boot ${this.#losses + 1}`]))
  }

  readonly fork = (process: number, comm: string, body: (task: KernelTask) => Sleeps<ProcessExit>): KernelTask => {
    const { exits, load, measured } = this
    assert(process < load.plan.processes.length, "a workload starts the processes of its plan")
    const task = this.client.startProcess(load.firstProcess + process, this.#comm(comm), function*(own) {
      const exit = yield* body(own)
      if (measured) exits.push(exit)
    })
    task.daemon = !measured
    return task
  }

  readonly daemon = (comm: string, body: (task: KernelTask) => Sleeps<void>): KernelTask => {
    const task = this.client.task(this.#comm(comm))
    task.daemon = true
    this.client.cpus.start(task, () => body(task))
    return task
  }

  readonly counter = (figure: string): Counter => declared(this.#counters.get(figure), figure)

  readonly latency = (figure: string): LatencyRecorder => declared(this.#latencies.get(figure), figure)

  readonly rest = (resting: boolean): void => {
    this.resting = resting
  }

  readonly done = (): void => {
    if (this.doneAt >= 0) return
    this.doneAt = this.client.sim.now
    this.onDone()
  }

  /** Name of a process: on the machine of others with the name of the client. */
  #comm(comm: string): string {
    return this.name === this.client.name ? comm : `${this.name} ${comm}`
  }

  /** It counts something. */
  get counts(): boolean {
    return this.load.row.operations !== null || this.#counters.size + this.#latencies.size > 0
  }

  result(): WorkloadResult {
    return ClientLoad.resultOfAll([this])
  }

  /** What the same workload has measured on some clients, together. */
  static resultOfAll(loads: ReadonlyArray<ClientLoad>): WorkloadResult {
    const [first] = loads
    const { load: { name, row } } = first
    const merged = (of: (load: ClientLoad) => LatencyHistogram): LatencyHistogram => {
      const all = new LatencyHistogram()
      for (const load of loads) all.merge(of(load))
      return all
    }
    const sum = (of: (load: ClientLoad) => number): number => loads.reduce((total, load) => total + of(load), 0)
    const latency = merged((load) => load.#latency)
    return {
      workload: name,
      name: row.title ?? name,
      unit: row.operations?.unit ?? null,
      done: sum(({ operations }) => operations.done),
      failed: sum(({ operations }) => operations.failed),
      latency: latency.count === 0 ? null : latency.summary(),
      figures: Object.fromEntries(
        [...first.#counters.keys()].map((figure) => [figure, sum((load) => load.counter(figure).value)])
      ),
      latencies: Object.fromEntries(
        [...first.#latencies.keys()].map((figure) => [
          figure,
          merged((load) => declared(load.#latencies.get(figure), figure)).summary()
        ])
      )
    }
  }
}

const declared = <A>(found: A | undefined, figure: string): A => {
  assert(found !== undefined, `the row of the workload has no figure ${figure} of that kind`)
  return found
}
