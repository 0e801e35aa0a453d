// The watchdog of one client: tells a stall from a hang from a deadlock.
//
// A stall is a pause of the workload while completions go on. A hang is what khungtaskd would report: no completion for so
// long although requests are under way, with a task asleep uninterruptibly; other processes may go on in memory that they
// have. A client whose processes have all ended is idle, and nothing worse. A deadlock is proved:
//   (a) since T0 no page of the workload was touched, no block request completed, no page reclaimed, no byte of its
//       connections acknowledged or received in order, no slab given back to the page allocator;
//   (b) the server owes nothing: its worker sleeps in recv and nothing waits to be read;
//   (c) this has lasted until every poll of this kernel has come round and changed nothing: one round of mempool_alloc
//       (5 s), hundreds of the allocator's own retries (20 and 100 ms), and with SLAB as many rounds of its reaper as it
//       takes to empty all arrays and to free all free slabs (a fifth of each per round: 33 s). A slab page that it frees
//       starts the count anew;
//   (d) TCP cannot help: either no retransmission timer of the connection is armed, or one has expired twice since T0 and
//       changed nothing although the network lost no frame on its way, or the stuck sender owns the socket, so that
//       whatever arrives goes to its backlog;
//   (e) no fault of the scenario is on that will end and concerns the client.
// The machine is deterministic and every poll has found the state that it will find again: no future event can free a page
// or complete a request.
import type { Machine } from "@swaplab/kernel"
import { serverBusy, type ServerConnection } from "@swaplab/server-model"
import type { Nanoseconds } from "@swaplab/sim"
import { type Connection, connectionsOf } from "./connection.ts"
import { noProgress, type ProgressSample, requestsInFlight, sampleProgress } from "./progress.ts"

/** How often a client is looked at. */
export const WATCHDOG_PERIOD_NS: Nanoseconds = 100_000_000

/** One round of mempool_alloc, and a second of grace for the ticks and CPUs of those who poll. */
const MEMPOOL_ROUND_NS: Nanoseconds = 5_000_000_000
const GRACE_NS: Nanoseconds = 1_000_000_000

/**
 * Rounds of SLAB's reaper until it has nothing left to free: six for the arrays of the CPUs or, every second round, for the
 * shared arrays (the first one only clears the mark that spares what was in use, each further one frees a fifth), then two
 * of a node, in every second round, for the slabs that became free.
 */
const REAPS_UNTIL_DONE = 16

/** How long nothing must have happened on a machine whose slabs are reaped so often (0: never) for the proof of a deadlock. */
export const proofNs = (reapIntervalNs: Nanoseconds): Nanoseconds =>
  Math.max(MEMPOOL_ROUND_NS, REAPS_UNTIL_DONE * reapIntervalNs) + GRACE_NS

export interface WatchdogOptions {
  readonly stallNs: Nanoseconds
  readonly hangNs: Nanoseconds
  /** Whether nothing is wanted of the client: then nothing is missing. Never, without it. */
  readonly resting?: () => boolean
  /** Whether a fault will end that concerns the client: then something can still happen. Never, without it. */
  readonly helpComes?: () => boolean
}

/** What a look at a client found. */
export type Verdict = "progress" | "stall" | "hang" | "deadlock"

/** Watches one client. */
export class Watchdog {
  readonly connection: Connection
  /** Stalls of at least `stallNs` so far, and the longest pause of the workload. */
  stalls = 0
  longestStallNs: Nanoseconds = 0
  /** When a look last found that a page had been touched, and that a request had completed. */
  lastTouch: Nanoseconds = 0
  lastCompletion: Nanoseconds = 0
  /** Since when a completion is due: the last one, or the last look that found the disk idle. */
  busySince: Nanoseconds = 0
  /** T0: since when nothing has happened. */
  quietSince: Nanoseconds = 0
  readonly #connections: ReadonlyArray<ServerConnection>
  readonly #options: WatchdogOptions
  readonly #framesLost: () => number
  readonly #proofNs: Nanoseconds
  #last: ProgressSample
  #stalled = false
  #timeoutsAtQuiet = 0
  #lostAtQuiet = 0

  /** `framesLost`: frames that links have dropped so far on the way between this client and the server. */
  constructor(connection: Connection, options: WatchdogOptions, framesLost: () => number = () => 0) {
    this.connection = connection
    this.#connections = connectionsOf(connection)
    this.#options = options
    this.#framesLost = framesLost
    this.#proofNs = proofNs(connection.machine.objects.reapIntervalNs)
    this.#last = this.#sample()
    this.restart()
  }

  /** Another one after each boot. */
  get machine(): Machine {
    return this.connection.machine
  }

  /** The machine has booted: its counters begin anew, and its workload stands still until it touches a page. */
  rebooted(): void {
    this.#last = this.#sample()
    this.restart()
    this.#stalled = true
  }

  /** The workload stands still. */
  get stalled(): boolean {
    return this.#stalled
  }

  /** Starts to count from now on: the workload begins. */
  restart(): void {
    const now = this.machine.sim.now
    this.lastTouch = now
    this.lastCompletion = now
    this.busySince = now
    this.#quietFrom(now)
  }

  /** Looks at the client. */
  look(): Verdict {
    const now = this.machine.sim.now
    const sample = this.#sample()
    const last = this.#last
    this.#last = sample
    if (sample.completions !== last.completions) this.lastCompletion = this.busySince = now
    // an idle disk has nothing to complete
    if (requestsInFlight(this.machine) === 0 || this.#resting()) this.busySince = now
    if (sample.touched !== last.touched || this.#resting()) {
      this.lastTouch = now
      this.#stalled = false
    }
    const pause = now - this.lastTouch
    if (pause > this.longestStallNs) this.longestStallNs = pause
    if (pause >= this.#options.stallNs && !this.#stalled) {
      this.#stalled = true
      this.stalls++
    }
    const hope = this.connection.helpMayCome || (this.#options.helpComes?.() ?? false)
    if (hope || !noProgress(sample, last) || this.#connections.some(serverBusy) || !this.#someoneWorks()) {
      this.#quietFrom(now)
    }
    if (now - this.quietSince >= this.#proofNs && this.#tcpCannotHelp()) return "deadlock"
    // whoever runs on meanwhile, in memory that it has, changes nothing for those who wait
    if (now - this.busySince >= this.#options.hangNs && this.#someoneInD()) return "hang"
    return this.#stalled ? "stall" : "progress"
  }

  #sample(): ProgressSample {
    return sampleProgress(this.machine, this.#connections)
  }

  #quietFrom(now: Nanoseconds): void {
    this.quietSince = now
    this.#timeoutsAtQuiet = this.#timeouts()
    this.#lostAtQuiet = this.#framesLost()
  }

  #timeouts(): number {
    return this.#connections.reduce((sum, at) => sum + at.clientSocket.timeouts + at.serverSocket.timeouts, 0)
  }

  #tcpCannotHelp(): boolean {
    const { nbdSender, rootNbd } = this.machine
    const stuck = [nbdSender, rootNbd?.sender ?? null].map((sender) => sender !== null && sender.why !== null)
    const helpless = this.#connections.every(({ clientSocket, serverSocket }, i) =>
      (clientSocket.owned && stuck[i]) || (!clientSocket.writeTimer.armed && !serverSocket.writeTimer.armed)
    )
    if (helpless) return true
    return this.#timeouts() - this.#timeoutsAtQuiet >= 2 && this.#framesLost() === this.#lostAtQuiet
  }

  #resting(): boolean {
    return this.#options.resting?.() ?? false
  }

  /** A process has something to do: without one the client is idle, and nothing is missing. */
  #someoneWorks(): boolean {
    return !this.#resting() && this.machine.userTasks.some((task) => !task.finished && !task.daemon)
  }

  #someoneInD(): boolean {
    for (const process of this.machine.sim.processes) {
      if (process.group === this.machine.group && process.state === "uninterruptible") return true
    }
    return false
  }
}
