// Everything that a server outside has done in a run, in the order in which the run took it: enough to run it again without
// the server. What a READ brought is kept only where it was not what the server had been given.
import type { RemoteAnswer } from "./remote-server.ts"

/** A reply that was not what had to be there. */
export interface TraceDeviation {
  /** Which of the answers. */
  readonly row: number
  readonly tokens: Uint8Array
  readonly damaged: ReadonlyArray<number>
}

/** Why a connection ended or did not come about. */
export interface TraceLoss {
  readonly row: number
  readonly why: string
  readonly broken: boolean
}

/** As plain data: a column for each field, an element for each answer. */
export interface ServerTraceData {
  /** How far the run was when it took the answer, and when the answer came. */
  readonly takenNs: Float64Array
  readonly atNs: Float64Array
  readonly event: Uint8Array
  readonly session: Uint32Array
  readonly cookie: Uint32Array
  readonly type: Uint8Array
  readonly error: Uint32Array
  readonly lateNs: Float64Array
  readonly latencyNs: Float64Array
  readonly deviations: ReadonlyArray<TraceDeviation>
  readonly losses: ReadonlyArray<TraceLoss>
  /** How far the run went, and whether somebody ended it there. */
  readonly endNs: number
  readonly stopped: boolean
}

/** A trace that grows. */
export class ServerTrace {
  readonly deviations: Array<TraceDeviation> = []
  readonly losses: Array<TraceLoss> = []
  #length = 0
  #takenNs = new Float64Array(1024)
  #atNs = new Float64Array(1024)
  #event = new Uint8Array(1024)
  #session = new Uint32Array(1024)
  #cookie = new Uint32Array(1024)
  #type = new Uint8Array(1024)
  #error = new Uint32Array(1024)
  #lateNs = new Float64Array(1024)
  #latencyNs = new Float64Array(1024)

  get length(): number {
    return this.#length
  }

  /** Adds an answer; returns its row. */
  push(takenNs: number, answer: RemoteAnswer): number {
    const { atNs, broken, cookie, error, event, lateNs, latencyNs, session, type, why } = answer
    const row = this.#length
    if (row === this.#takenNs.length) this.#grow()
    this.#takenNs[row] = takenNs
    this.#atNs[row] = atNs
    this.#event[row] = event
    this.#session[row] = session
    this.#cookie[row] = cookie
    this.#type[row] = type
    this.#error[row] = error
    this.#lateNs[row] = lateNs
    this.#latencyNs[row] = latencyNs
    if (why !== "") this.losses.push({ row, why, broken })
    this.#length++
    return row
  }

  /** The trace so far. */
  data(endNs: number, stopped: boolean): ServerTraceData {
    const end = this.#length
    return {
      takenNs: this.#takenNs.slice(0, end),
      atNs: this.#atNs.slice(0, end),
      event: this.#event.slice(0, end),
      session: this.#session.slice(0, end),
      cookie: this.#cookie.slice(0, end),
      type: this.#type.slice(0, end),
      error: this.#error.slice(0, end),
      lateNs: this.#lateNs.slice(0, end),
      latencyNs: this.#latencyNs.slice(0, end),
      deviations: this.deviations,
      losses: this.losses,
      endNs,
      stopped
    }
  }

  #grow(): void {
    this.#takenNs = longer(this.#takenNs, new Float64Array(2 * this.#length))
    this.#atNs = longer(this.#atNs, new Float64Array(2 * this.#length))
    this.#event = longer(this.#event, new Uint8Array(2 * this.#length))
    this.#session = longer(this.#session, new Uint32Array(2 * this.#length))
    this.#cookie = longer(this.#cookie, new Uint32Array(2 * this.#length))
    this.#type = longer(this.#type, new Uint8Array(2 * this.#length))
    this.#error = longer(this.#error, new Uint32Array(2 * this.#length))
    this.#lateNs = longer(this.#lateNs, new Float64Array(2 * this.#length))
    this.#latencyNs = longer(this.#latencyNs, new Float64Array(2 * this.#length))
  }
}

/** Puts a column at the beginning of a longer one. */
const longer = <A extends Float64Array | Uint32Array | Uint8Array>(column: A, into: A): A => {
  into.set(column)
  return into
}

/** The answers of a trace, one after the other. */
export function* answersOf(trace: ServerTraceData): Generator<RemoteAnswer & { readonly takenNs: number }> {
  const deviations = new Map(trace.deviations.map((found) => [found.row, found]))
  const losses = new Map(trace.losses.map((found) => [found.row, found]))
  for (let row = 0; row < trace.takenNs.length; row++) {
    const deviation = deviations.get(row)
    const loss = losses.get(row)
    yield {
      takenNs: trace.takenNs[row],
      event: trace.event[row],
      session: trace.session[row],
      cookie: trace.cookie[row],
      type: trace.type[row],
      error: trace.error[row],
      tokens: deviation?.tokens ?? null,
      damaged: deviation?.damaged ?? [],
      why: loss?.why ?? "",
      broken: loss?.broken ?? false,
      atNs: trace.atNs[row],
      lateNs: trace.lateNs[row],
      latencyNs: trace.latencyNs[row]
    }
  }
}
