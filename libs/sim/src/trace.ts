import type { EventQueue, Nanoseconds } from "./event-queue.ts"

/** Receives every hit of the tracepoints that are on. */
export type TraceSink = (point: Tracepoint, time: Nanoseconds, group: number, values: ReadonlyArray<number>) => void

/**
 * A static tracepoint. While it is off it costs one branch, because callers write
 * `if (point.enabled) point.emit(group, …)`.
 */
export class Tracepoint {
  enabled = false
  readonly name: string
  readonly fields: ReadonlyArray<string>
  readonly #registry: TraceRegistry

  constructor(registry: TraceRegistry, name: string, fields: ReadonlyArray<string>) {
    this.#registry = registry
    this.name = name
    this.fields = fields
  }

  /** Reports a hit; the values are in the order of `fields`. */
  emit(group: number, ...values: ReadonlyArray<number>): void {
    this.#registry.sink(this, this.#registry.queue.now, group, values)
  }
}

/** The tracepoints of one simulation, by their Linux names. */
export class TraceRegistry {
  readonly queue: EventQueue
  sink: TraceSink = () => {}
  readonly #points = new Map<string, Tracepoint>()

  constructor(queue: EventQueue) {
    this.queue = queue
  }

  /** The tracepoint of that name; made on first use, shared by all machines of the simulation. */
  point(name: string, fields: ReadonlyArray<string>): Tracepoint {
    let point = this.#points.get(name)
    if (point === undefined) {
      point = new Tracepoint(this, name, fields)
      this.#points.set(name, point)
    }
    return point
  }

  /** Names of all tracepoints registered so far. */
  names(): ReadonlyArray<string> {
    return [...this.#points.keys()]
  }

  /** Switches the tracepoints of these names on, everything else off; unknown names are returned. */
  enableOnly(names: Iterable<string>): ReadonlyArray<string> {
    for (const point of this.#points.values()) point.enabled = false
    const unknown: Array<string> = []
    for (const name of names) {
      const point = this.#points.get(name)
      if (point === undefined) unknown.push(name)
      else point.enabled = true
    }
    return unknown
  }
}
