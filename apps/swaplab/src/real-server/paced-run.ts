// A run whose time is that of the host: it goes as far as the clock has come, stops, and lets the sockets of the real server be
// heard. What comes in is an event at the time of the clock.
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

const STEP_NS = 100_000
/** Time of the host for steps between two looks at the sockets. */
const BURST_NS = 250_000
/** A timer of Node is late by up to a millisecond: what is due sooner is waited for by asking again and again. */
const TIMER_NS = 2e6
/** A run that is further behind ends: it has no hope. */
const GIVE_UP_NS = 10e9

/** How the loop of a run ended. */
interface Ended {
  readonly stopped: boolean
  readonly behindMaxNs: number
}

/** Drives a run by the clock until it ends or is told to stop. */
class Pace {
  readonly #run: ClusterRun
  readonly #server: RealServer
  readonly #hooks: RunHooks
  readonly #clock: () => number
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
    clock: () => number,
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
    const hopeless = this.#clock() - this.#run.now > GIVE_UP_NS
    if (why === "ended" || hopeless || this.#hooks.shouldStop()) {
      this.#over = true
      return this.#end({ stopped: why !== "ended", behindMaxNs: this.#behindMaxNs })
    }
    const waitNs = events - this.#clock()
    if (waitNs < TIMER_NS) return this.soon()
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.soon()
    }, Math.min(50, Math.floor((waitNs - TIMER_NS) / 1e6) + 1))
  }

  #burst(): Advanced {
    const run = this.#run
    const { queue } = run.cluster.sim
    let now = this.#clock()
    const until = now + BURST_NS
    this.#behindMaxNs = Math.max(this.#behindMaxNs, now - queue.nextTime())
    while (now > run.now) {
      // where nothing is due there is nothing to go through step by step
      const next = Math.max(run.now + STEP_NS, Math.min(now, queue.nextTime()))
      if (run.advance(Math.min(now, next)) === "ended") return "ended"
      if (now >= until) break
      now = this.#clock()
    }
    return "until"
  }

  #events(): { readonly events: number; readonly fired: number } {
    const { queue } = this.#run.cluster.sim
    return { events: queue.nextTime(), fired: queue.fired }
  }
}

/** Time of the host that the engine gets to compile what a run of this scenario needs; else the run begins late. */
const WARM_UP_NS = 1.5e9

/** Runs the beginning of the scenario against the modelled server and throws it away. */
const warmUp = (scenario: Scenario, kernel: string, seed: number, options: ClusterRunOptions): void => {
  const run = new ClusterRun(scenario, kernel, seed, options)
  const end = performance.now() + WARM_UP_NS / 1e6
  while (performance.now() < end && run.advance(Number.POSITIVE_INFINITY, 10_000) === "events");
}

/** Runs a scenario with this kernel and seed against a real server, in the time of the host. */
export const pacedRun = async (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  uri: NbdUri,
  places: ReadonlyArray<Place>,
  options: ClusterRunOptions
): Promise<RunResult> => {
  warmUp(scenario, kernel, seed, options)
  let began = Number.NaN
  const clock = (): number => Number.isNaN(began) ? 0 : Math.floor((performance.now() - began) * 1e6)
  let heard = (): void => {}
  let over = false
  const server = new RealServer(uri, places, clock, (answer) => {
    // what the server says after the end is no part of the run
    if (over) return
    run.gateway.take(answer)
    heard()
  })
  const run = new ClusterRun(scenario, kernel, seed, { ...options, remote: server })
  const { behindMaxNs, stopped } = await new Promise<Ended>((resolve, reject) => {
    const pace = new Pace(run, server, hooks, clock, resolve, reject)
    heard = () => pace.soon()
    began = performance.now()
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
  const pass = await finalPass(server, run.gateway)
  server.end()
  return withGateway(run, result, { server: uri.text, replayed: false, behindMaxNs, finalPass: pass }, stopped)
}
