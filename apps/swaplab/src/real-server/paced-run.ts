// A run whose time is that of the host: it goes as far as the clock has come, stops, and lets the sockets of the real server be
// heard. What comes in is an event at the time of the clock.
//
// A run that is behind while the server has no request of it waits for nobody but itself: the clock is held then, instead of
// having the next requests leave late. The server sees that as a pause. How long it was held in all is told and bounded.
//
// The run goes in steps of 100 us of its own time for at most 0.25 ms, so that a host that is behind still hears its sockets.
// Between steps nothing is due, and no step ends where it begins, which makes the time of the run enough to say where an answer
// was taken: see `runTrace`.
import {
  type Advanced,
  ClusterRun,
  type ClusterRunOptions,
  type RunHooks,
  type RunResult,
  type Scenario,
  withGateway
} from "@swaplab/cluster"
import { performance } from "node:perf_hooks"
import { finalPass } from "./final-pass.ts"
import type { NbdUri } from "./nbd-uri.ts"
import { type Place, RealServer } from "./real-server.ts"
import { warmUp } from "./warm-up.ts"

const STEP_NS = 100_000
/** Time of the host for steps between two looks at the sockets. */
const BURST_NS = 250_000
/** A timer of Node is late by up to a millisecond: what is due sooner is waited for by asking again and again. */
const TIMER_NS = 2e6
/** A run that is behind by this much while the server has nothing to do has the clock held. */
const HOLD_NS = 1e6
/** A run that is further behind ends: it has no hope. */
const GIVE_UP_NS = 10e9

/** How the loop of a run ended. */
interface Ended {
  readonly stopped: boolean
  readonly behindMaxNs: number
}

/** The clock of the host, as a run sees it. */
class RunClock {
  heldNs = 0
  #began = Number.NaN

  /** Nothing before it starts. */
  readonly now = (): number =>
    Number.isNaN(this.#began) ? 0 : Math.floor((performance.now() - this.#began) * 1e6) - this.heldNs

  start(): void {
    this.#began = performance.now()
  }

  /** It was so much earlier. */
  hold(ns: number): void {
    this.heldNs += ns
  }
}

/** Drives a run by the clock until it ends or is told to stop. */
class Pace {
  readonly #run: ClusterRun
  readonly #server: RealServer
  readonly #hooks: RunHooks
  readonly #clock: RunClock
  readonly #end: (ended: Ended) => void
  readonly #fail: (error: unknown) => void
  #behindMaxNs = 0
  #timer: NodeJS.Timeout | null = null
  #immediate: NodeJS.Immediate | null = null
  #over = false

  constructor(
    run: ClusterRun,
    server: RealServer,
    hooks: RunHooks,
    clock: RunClock,
    end: (ended: Ended) => void,
    fail: (error: unknown) => void
  ) {
    this.#run = run
    this.#server = server
    this.#hooks = hooks
    this.#clock = clock
    this.#end = end
    this.#fail = fail
  }

  /** Goes on at once: something has come in. */
  soon(): void {
    if (this.#over || this.#immediate !== null) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#immediate = setImmediate(() => {
      this.#immediate = null
      this.#tick()
    })
  }

  #tick(): void {
    let why: Advanced
    try {
      why = this.#burst()
      this.#server.flush()
    } catch (error) {
      this.#over = true
      return this.#fail(error)
    }
    const { events, fired } = this.#events()
    this.#hooks.progress({
      simulatedNs: this.#run.now,
      events: fired,
      clientsAlive: this.#run.clients.filter(({ client, lockup }) => lockup === null && client.machine.oomKills === 0)
        .length,
      clients: this.#run.clients.length
    })
    const hopeless = this.#clock.now() - this.#run.now > GIVE_UP_NS
    if (why === "ended" || hopeless || this.#hooks.shouldStop()) {
      this.#over = true
      return this.#end({ stopped: why !== "ended", behindMaxNs: this.#behindMaxNs })
    }
    const waitNs = events - this.#clock.now()
    if (waitNs < TIMER_NS) return this.soon()
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.soon()
    }, Math.min(50, Math.floor((waitNs - TIMER_NS) / 1e6) + 1))
  }

  #burst(): Advanced {
    const run = this.#run
    const { queue } = run.cluster.sim
    const behindNs = this.#clock.now() - queue.nextTime()
    if (behindNs > HOLD_NS && this.#server.idle) this.#clock.hold(behindNs)
    let now = this.#clock.now()
    const until = now + BURST_NS
    this.#behindMaxNs = Math.max(this.#behindMaxNs, now - queue.nextTime())
    while (now > run.now) {
      // where nothing is due there is nothing to go through step by step
      const next = Math.max(run.now + STEP_NS, Math.min(now, queue.nextTime()))
      if (run.advance(Math.min(now, next)) === "ended") return "ended"
      this.#server.flush()
      if (now >= until) break
      now = this.#clock.now()
    }
    return "until"
  }

  #events(): { readonly events: number; readonly fired: number } {
    const { queue } = this.#run.cluster.sim
    return { events: queue.nextTime(), fired: queue.fired }
  }
}

/**
 * Runs a scenario with this kernel and seed against a real server, in the time of the host. The last pass begins when
 * `beforePass` is done.
 */
export const pacedRun = async (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  uri: NbdUri,
  places: ReadonlyArray<Place>,
  options: ClusterRunOptions,
  beforePass: () => Promise<void> = () => Promise.resolve()
): Promise<RunResult> => {
  warmUp(scenario, kernel, seed, options, STEP_NS, hooks.cpuSeconds)
  const clock = new RunClock()
  let heard = (): void => {}
  let over = false
  const server = new RealServer(uri, places, clock.now, (answer) => {
    // what the server says after the end is no part of the run
    if (over) return
    run.gateway.take(answer)
    heard()
  })
  const run = new ClusterRun(scenario, kernel, seed, { ...options, remote: server })
  const { behindMaxNs, stopped } = await new Promise<Ended>((resolve, reject) => {
    const pace = new Pace(run, server, hooks, clock, resolve, reject)
    heard = () => pace.soon()
    clock.start()
    pace.soon()
  }).catch((error: unknown) => {
    server.end()
    throw error
  })
  heard = () => {}
  if (hooks.checked === true) run.checkInvariants()
  const result = run.result(stopped ? "stopped" : "timeout", hooks.cpuSeconds())
  over = true
  run.gateway.leftOff()
  await beforePass()
  const pass = await finalPass(server, run.gateway)
  server.end()
  const { heldNs } = clock
  return withGateway(run, result, { server: uri.text, replayed: false, behindMaxNs, heldNs, finalPass: pass }, stopped)
}
