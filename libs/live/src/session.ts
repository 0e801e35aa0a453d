// One run in the engine: goes on in pieces, and keeps rows of all clients and servers until somebody takes them.
import {
  CLIENT_FIGURES,
  type ClientRun,
  type ClientSnapshot,
  clientSnapshot,
  ClusterRun,
  type FaultMark,
  LIVE_PATCHES,
  LiveColumns,
  RUNNING_SYSCTLS,
  type RunResult,
  SERVER_FIGURES
} from "@swaplab/cluster"
import { MAX_ROWS } from "./history.ts"
import type { Batch, ClientFacts, Ended, Facts, Opened } from "./protocol.ts"

/** Rows that wait to be taken, which happens far more often. */
const ROWS = 512

const clientFacts = ({ client: { machine, spec } }: ClientRun): ClientFacts => {
  const sum = (mark: number): number =>
    machine.pages.populatedZones.reduce((pages, zone) => pages + zone.watermark[mark], 0)
  return { name: spec.name, present: machine.pages.presentPages, min: sum(0), low: sum(1), high: sum(2) }
}

const runFacts = (run: ClusterRun, { kernel, scenario, seed, yaml }: Opened): Facts => ({
  scenario: scenario.name,
  description: scenario.description,
  kernel,
  kernels: Object.keys(scenario.kernels),
  seed,
  durationNs: scenario.duration,
  clients: run.clients.map(clientFacts),
  servers: run.cluster.servers.map(({ name, station: { fabric } }) => ({
    name,
    switchName: fabric.name,
    bufferBytes: fabric.bufferBytes
  })),
  sysctls: RUNNING_SYSCTLS,
  patches: LIVE_PATCHES,
  yaml
})

/** What does not change during a run. Its machines are booted for that, and forgotten. */
export const factsOf = (opened: Opened): Facts =>
  runFacts(new ClusterRun(opened.scenario, opened.kernel, opened.seed), opened)

/** One run. */
export class Session {
  readonly facts: Facts
  /** The result of the run; null before its end. Its CPU time is not measured. */
  result: RunResult | null = null
  /** To be read; only the session goes on with it. */
  readonly run: ClusterRun
  readonly #columns: LiveColumns
  readonly #times = new Float64Array(ROWS)
  readonly #clients: Float32Array<ArrayBuffer>
  readonly #servers: Float64Array<ArrayBuffer>
  #rows = 0
  /** Rows since they have lain this close together. */
  #sampled = 0
  #sampleNs: number
  #nextSample = 0
  /** Beginnings and ends of faults that have been told. */
  #told = 0

  constructor(opened: Opened, sampleNs: number) {
    const run = new ClusterRun(opened.scenario, opened.kernel, opened.seed)
    this.run = run
    this.#columns = new LiveColumns(run)
    this.#clients = new Float32Array(ROWS * this.#columns.clients * CLIENT_FIGURES.length)
    this.#servers = new Float64Array(ROWS * this.#columns.servers * SERVER_FIGURES.length)
    this.#sampleNs = sampleNs
    this.facts = runFacts(run, opened)
  }

  get nowNs(): number {
    return this.run.now
  }

  /** Events so far. */
  get events(): number {
    return this.run.cluster.sim.queue.fired
  }

  /** Clients that go on: neither locked up nor without a program that the OOM killer took. */
  get alive(): number {
    return this.run.clients.filter(({ client, lockup }) => lockup === null && client.machine.oomKills === 0).length
  }

  /** How the run ended; null before. */
  get ended(): Ended | null {
    if (this.result === null) return null
    const { events, fingerprint, outcome } = this.result
    return { events, fingerprint, outcome }
  }

  /** No more rows fit: somebody must take them first. */
  get full(): boolean {
    return this.#rows === ROWS
  }

  /**
   * From now on a row every so many nanoseconds, the first one now. Rows that nobody has taken are dropped. When there are more
   * than a history keeps they lie twice as far apart, so that a long run is not slowed down by rows that nobody keeps.
   */
  sampleEvery(ns: number): void {
    this.#rows = 0
    this.#sampled = 0
    this.#sampleNs = ns
    this.#nextSample = this.nowNs
  }

  /** Goes on to a time, for so many events, to the end, or until no more rows fit. */
  advance(untilNs: number, maxEvents: number): void {
    const { queue } = this.run.cluster.sim
    const last = queue.fired + maxEvents
    while (this.result === null && !this.full) {
      const why = this.run.advance(Math.min(untilNs, this.#nextSample), last - queue.fired)
      if (why === "events") return
      if (why === "ended") {
        this.#sample()
        this.result = this.run.result("timeout", 0)
        return
      }
      if (this.nowNs >= this.#nextSample) {
        this.#sample()
        this.#nextSample += this.#sampleNs
      }
      if (this.nowNs >= untilNs) return
    }
  }

  /** Ends the run here: it was stopped. */
  stop(): void {
    this.result ??= this.run.result("stopped", 0)
  }

  /** The rows since the last time; their buffers belong to whoever takes them. */
  takeRows(): Batch {
    const rows = this.#rows
    this.#rows = 0
    return {
      timesNs: this.#times.slice(0, rows),
      clients: this.#clients.slice(0, rows * this.#columns.clients * CLIENT_FIGURES.length),
      servers: this.#servers.slice(0, rows * this.#columns.servers * SERVER_FIGURES.length)
    }
  }

  /** Faults that have begun; null: none has begun or ended since the last time. */
  takeFaults(): ReadonlyArray<FaultMark> | null {
    const marks = this.run.faults()
    const told = marks.reduce((sum, { endedNs }) => sum + (endedNs === null ? 1 : 2), 0)
    if (told === this.#told) return null
    this.#told = told
    return marks
  }

  /** Clients as they are now, those that there are. */
  look(clients: ReadonlyArray<string>): ReadonlyArray<ClientSnapshot> {
    return clients.flatMap((name) =>
      this.run.clients.filter(({ client }) => client.spec.name === name).map((run) => clientSnapshot(this.run, run))
    )
  }

  #sample(): void {
    if (this.full) return
    const row = this.#rows++
    this.#times[row] = this.nowNs
    this.#columns.readClients(this.#clients, row * this.#columns.clients * CLIENT_FIGURES.length)
    this.#columns.readServers(this.#servers, row * this.#columns.servers * SERVER_FIGURES.length)
    if (++this.#sampled > MAX_ROWS) {
      this.#sampled >>= 1
      this.#sampleNs *= 2
    }
  }
}
