// Paces a run by the clock of the host: it goes as far as the clock has come, stops, and lets the sockets of the real server be
// heard. What comes in is an event at the time of the clock.
//
// A run that is behind while the server has no request of it waits for nobody but itself: the clock is held then, instead of
// having the next requests leave late. The server sees that as a pause. How long it was held in all is told and bounded.
//
// The run goes in steps of 100 us of its own time for at most 0.25 ms, so that a host that is behind still hears its sockets.
// Between steps nothing is due, and no step ends where it begins, which makes the time of the run enough to say where an answer
// was taken: see `runTrace`.
import type { Advanced, ClusterRun, RunHooks } from "@swaplab/cluster"
import { performance } from "node:perf_hooks"
import type { RealServer } from "./real-server.ts"

const STEP_NS = 100_000
/** Time of the host for steps between two looks at the sockets. */
const BURST_NS = 250_000
/** A timer of Node is late by up to a millisecond: what is due sooner is waited for by asking again and again. */
const TIMER_NS = 2e6
/** A run that is behind by this much while the server has nothing to do has the clock held. */
const HOLD_NS = 1e6
/** A run that is further behind ends: it has no hope. */
const GIVE_UP_NS = 10e9
/** Milliseconds of the host between two looks at who is alive and whether to stop. */
const LOOK_MS = 1

/** How the loop of a run ended. */
export interface Ended {
  readonly stopped: boolean
  readonly behindMaxNs: number
}

/** The clock of the host, as a run sees it. */
export class RunClock {
  heldNs = 0
  #began = Number.NaN

  /** Nothing before it starts. */
  readonly now = (): number =>
    Number.isNaN(this.#began) ? 0 : Math.floor((performance.now() - this.#began) * 1e6) - this.heldNs

  start(): void {
    this.#began = performance.now()
  }

  /** It was so much earlier; negative: later. */
  hold(ns: number): void {
    this.heldNs += ns
  }
}

/** Drives a run by the clock until it ends or is told to stop. */
class Pace {
  readonly #run: ClusterRun
  readonly #server: RealServer
  readonly #hooks: Pick<RunHooks, "progress" | "shouldStop">
  readonly #clock: RunClock
  readonly #skips: boolean
  readonly #end: (ended: Ended) => void
  readonly #fail: (error: unknown) => void
  #behindMaxNs = 0
  #looksMs = 0
  #timer: NodeJS.Timeout | null = null
  #coming = false
  #over = false
  readonly #turn = (): void => {
    this.#coming = false
    this.#tick()
  }

  constructor(
    run: ClusterRun,
    server: RealServer,
    hooks: Pick<RunHooks, "progress" | "shouldStop">,
    clock: RunClock,
    skips: boolean,
    end: (ended: Ended) => void,
    fail: (error: unknown) => void
  ) {
    this.#run = run
    this.#server = server
    this.#hooks = hooks
    this.#clock = clock
    this.#skips = skips
    this.#end = end
    this.#fail = fail
  }

  /** Goes on at once: something has come in. */
  readonly soon = (): void => {
    if (this.#over || this.#coming) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#coming = true
    setImmediate(this.#turn)
  }

  /** When something is to happen that no answer brings. */
  #due(): number {
    const { cluster, scenario } = this.#run
    return Math.min(cluster.sim.queue.nextTime(), scenario.duration)
  }

  #tick(): void {
    let why: Advanced
    let stop: boolean
    try {
      why = this.#burst()
      this.#server.flush()
      stop = this.#look()
    } catch (error) {
      this.#over = true
      return this.#fail(error)
    }
    if (why === "ended" || stop) {
      this.#over = true
      return this.#end({ stopped: why !== "ended", behindMaxNs: this.#behindMaxNs })
    }
    const waitNs = this.#due() - this.#clock.now()
    if (this.#skips && waitNs > 0 && this.#server.idle) this.#clock.hold(-waitNs)
    if (this.#skips || waitNs < TIMER_NS) return this.soon()
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.soon()
    }, Math.min(50, Math.floor((waitNs - TIMER_NS) / 1e6) + 1))
  }

  #burst(): Advanced {
    const run = this.#run
    let due = this.#due()
    let now = this.#clock.now()
    // most turns of the event loop find nothing to do
    if (now < due) return "until"
    if (now - due > HOLD_NS && this.#server.idle) {
      this.#clock.hold(now - due)
      now = due
    }
    const until = now + BURST_NS
    this.#behindMaxNs = Math.max(this.#behindMaxNs, now - due)
    while (now >= due && now > run.now) {
      // where nothing is due there is nothing to go through step by step
      const next = Math.max(run.now + STEP_NS, due)
      if (run.advance(Math.min(now, next)) === "ended") return "ended"
      this.#server.flush()
      if (now >= until) break
      now = this.#clock.now()
      due = this.#due()
    }
    return "until"
  }

  /** Tells how far it is, now and then; true: it is to stop. */
  #look(): boolean {
    const ms = performance.now()
    if (ms < this.#looksMs) return false
    this.#looksMs = ms + LOOK_MS
    const now = this.#clock.now()
    const { clients, cluster: { sim: { queue } }, now: simulatedNs } = this.#run
    let clientsAlive = 0
    for (const { client, lockup } of clients) if (lockup === null && client.machine.oomKills === 0) clientsAlive++
    this.#hooks.progress({ simulatedNs, events: queue.fired, clientsAlive, clients: clients.length })
    return now - Math.max(simulatedNs, Math.min(now, this.#due())) > GIVE_UP_NS || this.#hooks.shouldStop()
  }
}

/**
 * Drives a run until it ends or `shouldStop` says so. `skips`: time in which nothing is due and the server has nothing to do is left
 * out. `ear` is called with what is to be called whenever an answer has been taken.
 */
export const paced = (
  run: ClusterRun,
  server: RealServer,
  hooks: Pick<RunHooks, "progress" | "shouldStop">,
  clock: RunClock,
  skips: boolean,
  ear: (heard: () => void) => void
): Promise<Ended> =>
  new Promise<Ended>((resolve, reject) => {
    const pace = new Pace(run, server, hooks, clock, skips, resolve, reject)
    ear(pace.soon)
    clock.start()
    pace.soon()
  })
