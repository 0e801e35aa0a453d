import type { Task } from "@swaplab/page-alloc"
import type { Process } from "@swaplab/sim"
import { assert, type Nanoseconds, type Sim, type Sleeps } from "@swaplab/sim"

/**
 * Identical servers behind one first-come-first-served queue (cores, channels of a disk). The end of a job is known when
 * it arrives, so each job costs one event.
 */
export class Stations {
  readonly count: number
  jobs = 0
  /** Time that jobs waited, and were served, together. */
  waitNs: Nanoseconds = 0
  serviceNs: Nanoseconds = 0
  readonly #sim: Sim
  readonly #freeAt: Float64Array

  constructor(sim: Sim, count: number) {
    assert(Number.isInteger(count) && count >= 1, "a station needs at least one server")
    this.count = count
    this.#sim = sim
    this.#freeAt = new Float64Array(count)
  }

  /** The server that is free first. */
  next(): number {
    let best = 0
    for (let i = 1; i < this.count; i++) if (this.#freeAt[i] < this.#freeAt[best]) best = i
    return best
  }

  /** When a job that arrives now would start on this server. */
  startOn(server: number): Nanoseconds {
    return Math.max(this.#sim.now, this.#freeAt[server])
  }

  /** Books a job on a server: it runs from `start` to `end`. */
  book(server: number, start: Nanoseconds, end: Nanoseconds): void {
    this.jobs++
    this.waitNs += start - this.#sim.now
    this.serviceNs += end - start
    this.#freeAt[server] = end
  }

  /** Jobs that will end later than now hold this many servers. */
  get busy(): number {
    let busy = 0
    for (const freeAt of this.#freeAt) if (freeAt > this.#sim.now) busy++
    return busy
  }

  /** Share of all servers' time used until now; jobs booked into the future count up to now only approximately. */
  get utilisation(): number {
    const { now } = this.#sim
    if (now === 0) return 0
    let future = 0
    for (const freeAt of this.#freeAt) future += Math.max(0, freeAt - now)
    return Math.max(0, this.serviceNs - future) / (now * this.count)
  }
}

/** How the emulated server uses its CPUs; plugged in by the model of its machine. */
export interface ServerCpu {
  /** Lets the task use so much CPU time. */
  use(task: Task, ns: Nanoseconds): Sleeps<void>
}

/** A simple ServerCpu: so many cores, jobs in order of arrival, none interrupted. */
export class ServerCores implements ServerCpu {
  readonly stations: Stations
  readonly #sim: Sim

  constructor(sim: Sim, cores: number) {
    this.#sim = sim
    this.stations = new Stations(sim, cores)
  }

  *use(task: Task, ns: Nanoseconds): Sleeps<void> {
    const core = this.stations.next()
    const start = this.stations.startOn(core)
    const end = start + Math.round(ns)
    this.stations.book(core, start, end)
    yield* until(task.process, end - this.#sim.now)
  }
}

/** Lets time pass, if any. */
export function* until(process: Process, delay: Nanoseconds): Sleeps<void> {
  if (delay > 0) yield* process.hold(delay)
}
