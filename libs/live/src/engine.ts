// The engine behind a page: takes requests, runs the session in slices so that it can be interrupted, and answers with rows.
// Going back means to run again from the start: a run is the same each time.
import { ClusterRun } from "@swaplab/cluster"
import { momentsOf } from "./moments.ts"
import type { Answer, Opened, Play, Request } from "./protocol.ts"
import { Session } from "./session.ts"

/** What the engine needs of its host. */
export interface Host {
  /**
   * Takes a copy of an answer, which is small. Its buffers are not to be given away: once any buffer of a thread has been detached,
   * V8 checks every buffer at every access in that thread, which makes a run a tenth slower.
   */
  readonly answer: (answer: Answer) => void
  /** Milliseconds of the host. */
  readonly clock: () => number
  /** Calls soon, after what has arrived meanwhile. */
  readonly soon: (call: () => void, ms: number) => void
  /** Milliseconds between two answers while the run goes on. */
  readonly answerMs: number
  /** Answers take at most this share of the time. */
  readonly answerShare: number
}

/** Milliseconds that a slice may take. */
const SLICE_MS = 8
/** Between two looks at the clock the run goes on for about as long: to stop and go on costs some events' time. */
const PIECE_MS = 4
/** Events of a piece at least and at most; the first pieces, which nobody has timed, are short. */
const FEWEST_EVENTS = 400
const MOST_EVENTS = 12_800

/** Weight of the last answer in what an answer takes. */
const COST_WEIGHT = 0.2

/** A stretch that is played. */
interface Stretch {
  readonly fromNs: number
  readonly toNs: number
  readonly speed: number
  /** When the host reached `fromNs`; null: not yet. */
  startedMs: number | null
}

/** The engine. */
export class Engine {
  readonly #host: Host
  #opened: Opened | null = null
  #session: Session | null = null
  #stretch: Stretch | null = null
  #look: ReadonlyArray<string> = []
  /** While the run goes on there is no answer before this time. */
  #nextAnswerMs = 0
  /** What an answer takes, about: one that was held up weighs little. */
  #costMs = 0
  #scheduled = false
  /** Events of a piece. */
  #events = FEWEST_EVENTS

  constructor(host: Host) {
    this.#host = host
  }

  /** The run that is taken; null: none is. */
  get session(): Session | null {
    return this.#session
  }

  /** Does what it is asked for. */
  receive(request: Request): void {
    switch (request.kind) {
      case "open":
        return this.#open(request.opened, request.sampleNs, request.look, request.toNs ?? 0)
      case "play":
        return this.#play(request)
      case "pause":
        this.#stretch = null
        return this.#answer()
      case "look":
        this.#look = request.clients
        return this.#answer()
      case "moments":
        return this.#moments()
    }
  }

  /** Forgets the run. */
  close(): void {
    this.#stretch = null
    this.#session = null
    this.#opened = null
  }

  #open(opened: Opened, sampleNs: number, look: ReadonlyArray<string> | null, toNs: number): void {
    this.#stretch = toNs > 0 ? { fromNs: toNs, toNs, speed: Number.POSITIVE_INFINITY, startedMs: null } : null
    this.#fresh = null
    this.#opened = opened
    const session = this.#begin(opened, sampleNs)
    const { facts } = session
    this.#look = look ?? [facts.clients[0].name]
    this.#host.answer({ kind: "loaded", facts })
    // what happens at the instant of the start, and the first row
    session.advance(0, Number.POSITIVE_INFINITY)
    this.#answer()
    if (this.#stretch !== null) this.#later(0)
  }

  #play({ fresh, fromNs: wantedNs, sampleNs, speed, toNs }: Play): void {
    if (this.#opened === null || this.#session === null) return
    const fromNs = wantedNs ?? this.#session.nowNs
    if (fromNs < this.#session.nowNs) this.#begin(this.#opened, sampleNs)
    this.#stretch = { fromNs, toNs, speed, startedMs: null }
    if (fresh) {
      // no rows on the way there
      this.#session.sampleEvery(Number.POSITIVE_INFINITY)
      this.#host.answer({ kind: "fresh" })
    }
    this.#fresh = fresh ? sampleNs : null
    this.#later(0)
  }

  /** Begins a run. The memory of the one before is free for it. */
  #begin(opened: Opened, sampleNs: number): Session {
    this.#session = null
    return (this.#session = new Session(opened, sampleNs))
  }

  #moments(): void {
    if (this.#opened === null) return
    const { kernel, scenario, seed } = this.#opened
    const moments = momentsOf(new ClusterRun(scenario, kernel, seed))
    this.#host.answer({ kind: "moments", moments })
  }

  /** Interval of the rows that begin anew when the stretch begins; null: they have begun. */
  #fresh: number | null = null

  #later(ms: number): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#host.soon(() => {
      this.#scheduled = false
      this.#slice()
    }, ms)
  }

  #slice(): void {
    const session = this.#session
    const stretch = this.#stretch
    if (session === null || stretch === null) return
    const began = this.#host.clock()
    if (stretch.startedMs === null) this.#runTo(session, stretch.fromNs, began)
    if (stretch.startedMs === null && (session.nowNs >= stretch.fromNs || session.ended !== null)) {
      stretch.startedMs = this.#host.clock()
      if (this.#fresh !== null) session.sampleEvery(this.#fresh)
      this.#fresh = null
    }
    if (stretch.startedMs !== null) {
      const due = stretch.fromNs + (this.#host.clock() - stretch.startedMs) * 1e6 * stretch.speed
      this.#runTo(session, Math.min(stretch.toNs, due), began)
    }
    const over = session.ended !== null || (stretch.startedMs !== null && session.nowNs >= stretch.toNs)
    if (over) this.#stretch = null
    const now = this.#host.clock()
    if (over || now >= this.#nextAnswerMs) this.#answer()
    if (!over) this.#later(now - began < SLICE_MS ? SLICE_MS : 0)
  }

  /** As far as the slice goes. */
  #runTo(session: Session, untilNs: number, beganMs: number): void {
    let now = this.#host.clock()
    while (session.nowNs < untilNs && session.ended === null && now - beganMs < SLICE_MS) {
      if (session.full) this.#answer(now >= this.#nextAnswerMs)
      const { events } = session
      session.advance(untilNs, this.#events)
      const before = now
      now = this.#host.clock()
      if (now - before > PIECE_MS) this.#events = Math.max(FEWEST_EVENTS, this.#events / 2)
      else if (now - before < PIECE_MS / 2 && session.events - events >= this.#events) {
        this.#events = Math.min(MOST_EVENTS, 2 * this.#events)
      }
    }
  }

  /** Rows must be taken before there are too many; to look at clients takes longer, and waits until an answer is due. */
  #answer(looks = true): void {
    const session = this.#session
    if (session === null) return
    const { answerMs, answerShare, clock } = this.#host
    const beganMs = clock()
    const batch = session.takeRows()
    this.#host.answer({
      kind: "rows",
      nowNs: session.nowNs,
      batch,
      snapshots: looks ? session.look(this.#look) : null,
      faults: session.takeFaults(),
      ended: session.ended,
      still: this.#stretch === null
    })
    // where other programs hold the thread up, run and answers are held up alike: the share is one of CPU time, too
    const endMs = clock()
    if (!looks) return
    const tookMs = endMs - beganMs
    this.#costMs += (tookMs - this.#costMs) * (this.#costMs === 0 ? 1 : COST_WEIGHT)
    this.#nextAnswerMs = endMs + Math.max(answerMs, this.#costMs * (1 / answerShare - 1))
  }
}
