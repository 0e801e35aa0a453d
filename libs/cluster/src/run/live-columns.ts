// What a page shows of every client and server while a run goes on: a row of figures for each, at any instant. Nothing is
// counted for it but the latency of page-ins, from the moment it is made.
import { type ClientRun, outcomeOf } from "./client-run.ts"
import type { ClusterRun } from "./cluster-run.ts"
import type { SeriesRecorder } from "./series.ts"
import { busyNs } from "./server.ts"

/** What a client is doing; a row has its place in this list. */
export const CLIENT_STATES = ["waiting", "alive", "swapping", "frozen", "locked", "dead", "done"] as const
export type ClientState = (typeof CLIENT_STATES)[number]

/** Figures of a client, in the order of a row: 32-bit floats, which hold pages of up to 64 GiB to the page. */
export const CLIENT_FIGURES = [
  /** Place in CLIENT_STATES. */
  "state",
  /** Free pages. */
  "free",
  /** Requests of the swap device under way. */
  "requests",
  /** Mean time of the page-ins since the row before, in nanoseconds; 0 without any. */
  "latency"
] as const
export type ClientFigure = (typeof CLIENT_FIGURES)[number]

/** Figures of a server, in the order of a row. */
export const SERVER_FIGURES = [
  /** Requests inside. */
  "resident",
  /** Time that its cables were busy so far, per cable, in nanoseconds. */
  "inBusy",
  "outBusy",
  /** Bytes in the buffer of its switch. */
  "switchBuffer"
] as const
export type ServerFigure = (typeof SERVER_FIGURES)[number]

const stateOf = (run: ClientRun): ClientState => {
  const { client, watchdog } = run
  if (!client.power.on) return "dead"
  if (run.lockup !== null && run.locked) return "locked"
  if (run.endedAt >= 0) return outcomeOf(run, "completed") === "completed" ? "done" : "dead"
  if (!run.started) return "waiting"
  // without a request under way nobody waits for the server: it is at rest, or boots
  if (client.machine.disk.inFlight() === 0) return "alive"
  return watchdog.stalled ? "frozen" : "swapping"
}

/** The columns of a time series with which a result shows a client as a page does: its state, and its page-ins so far. */
export const stateColumns = (recorder: SeriesRecorder, run: ClientRun): void => {
  const { spec: { name } } = run.client
  recorder.column(`${name}.state`, () => CLIENT_STATES.indexOf(stateOf(run)))
  recorder.column(`${name}.major_faults`, () => run.latency.count)
  recorder.column(`${name}.major_fault_ns`, () => run.latency.sumNs)
}

/** Page-ins of a client since the last row. */
interface Recent {
  count: number
  sumNs: number
}

/** Reads rows of all clients and servers. */
export class LiveColumns {
  readonly clients: number
  readonly servers: number
  readonly #run: ClusterRun
  readonly #recent: ReadonlyArray<Recent>

  constructor(run: ClusterRun) {
    this.#run = run
    this.clients = run.clients.length
    this.servers = run.cluster.servers.length
    this.#recent = run.clients.map(({ faultListeners }) => {
      const recent = { count: 0, sumNs: 0 }
      faultListeners.add((ns) => {
        recent.count++
        recent.sumNs += ns
      })
      return recent
    })
  }

  /** Writes a row of each client from `at` on, one after the other. */
  readClients(into: Float32Array, at: number): void {
    let i = at
    for (const [index, run] of this.#run.clients.entries()) {
      const { machine } = run.client
      const { zones } = machine.pages
      const recent = this.#recent[index]
      let free = 0
      for (const zone of zones) free += zone.free
      into[i++] = CLIENT_STATES.indexOf(stateOf(run))
      into[i++] = free
      into[i++] = machine.disk.inFlight()
      into[i++] = recent.count === 0 ? 0 : recent.sumNs / recent.count
      recent.count = 0
      recent.sumNs = 0
    }
  }

  /** Writes a row of each server from `at` on. */
  readServers(into: Float64Array, at: number): void {
    let i = at
    for (const server of this.#run.cluster.servers) {
      const { stats } = server.machine.server
      into[i++] = stats.resident
      into[i++] = busyNs(server.in) / server.in.length
      into[i++] = busyNs(server.out) / server.out.length
      into[i++] = server.station.fabric.usedBytes
    }
  }
}
