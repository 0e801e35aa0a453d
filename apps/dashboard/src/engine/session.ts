// One run in the engine: goes on in pieces, and keeps rows of all clients and servers until the page takes them.
import {
  CLIENT_FIGURES,
  type ClientRun,
  type ClientSnapshot,
  clientSnapshot,
  ClusterRun,
  LiveColumns,
  type LoadedScenario,
  SERVER_FIGURES
} from "@swaplab/cluster"
import { asFile } from "./acts.ts"
import type { Batch, ClientFacts, Ended, Facts } from "./protocol.ts"

/** Rows that wait for the page; it takes them far more often. */
const ROWS = 512

const factsOf = ({ client: { machine, spec } }: ClientRun): ClientFacts => {
  const sum = (mark: number): number =>
    machine.pages.populatedZones.reduce((pages, zone) => pages + zone.watermark[mark], 0)
  return { name: spec.name, present: machine.pages.presentPages, min: sum(0), low: sum(1), high: sum(2) }
}

/** One run. */
export class Session {
  readonly facts: Facts
  /** How the run ended; null before. */
  ended: Ended | null = null
  readonly #run: ClusterRun
  readonly #columns: LiveColumns
  readonly #times = new Float64Array(ROWS)
  readonly #clients: Float64Array
  readonly #servers: Float64Array
  #rows = 0
  #sampleNs: number
  #nextSample = 0

  constructor(loaded: LoadedScenario, kernel: string, seed: number, sampleNs: number) {
    const { scenario } = loaded
    const run = new ClusterRun(scenario, kernel, seed)
    this.#run = run
    this.#columns = new LiveColumns(run)
    this.#clients = new Float64Array(ROWS * this.#columns.clients * CLIENT_FIGURES.length)
    this.#servers = new Float64Array(ROWS * this.#columns.servers * SERVER_FIGURES.length)
    this.#sampleNs = sampleNs
    this.facts = {
      scenario: scenario.name,
      description: scenario.description,
      kernel,
      kernels: Object.keys(scenario.kernels),
      seed,
      durationNs: scenario.duration,
      clients: run.clients.map(factsOf),
      servers: run.cluster.servers.map(({ name, station }) => ({ name, bufferBytes: station.fabric.bufferBytes })),
      yaml: asFile(loaded)
    }
  }

  get nowNs(): number {
    return this.#run.now
  }

  /** No more rows fit: the page must take them first. */
  get full(): boolean {
    return this.#rows === ROWS
  }

  /** From now on a row every so many nanoseconds, the first one now. Rows that nobody has taken are dropped. */
  sampleEvery(ns: number): void {
    this.#rows = 0
    this.#sampleNs = ns
    this.#nextSample = this.nowNs
  }

  /** Goes on to a time, for so many events, to the end, or until no more rows fit. */
  advance(untilNs: number, maxEvents: number): void {
    const { queue } = this.#run.cluster.sim
    const last = queue.fired + maxEvents
    while (this.ended === null && !this.full) {
      const why = this.#run.advance(Math.min(untilNs, this.#nextSample), last - queue.fired)
      if (why === "events") return
      if (why === "ended") {
        this.#sample()
        this.#end()
        return
      }
      if (this.nowNs >= this.#nextSample) {
        this.#sample()
        this.#nextSample += this.#sampleNs
      }
      if (this.nowNs >= untilNs) return
    }
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

  /** A client as it is now; null where there is none of that name. */
  look(client: string): ClientSnapshot | null {
    const found = this.#run.clients.find((run) => run.client.spec.name === client)
    return found === undefined ? null : clientSnapshot(this.#run, found)
  }

  #sample(): void {
    if (this.full) return
    const row = this.#rows++
    this.#times[row] = this.nowNs
    this.#columns.readClients(this.#clients, row * this.#columns.clients * CLIENT_FIGURES.length)
    this.#columns.readServers(this.#servers, row * this.#columns.servers * SERVER_FIGURES.length)
  }

  #end(): void {
    const { events, fingerprint, outcome } = this.#run.result("timeout", 0)
    this.ended = { events, fingerprint, outcome }
  }
}
