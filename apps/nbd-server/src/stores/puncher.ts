// Gives ranges of files back to their file systems, one range at a time for the whole server, files in turns. Ranges wait a
// moment, so that neighbours are punched together. In between the puncher rests for four times as long as a range took: a
// client that trims page by page gets a fifth of a processor. When somebody waits for the room there are no rests.

/** Bytes of a file that are to become a hole. */
export interface PunchRange {
  readonly offset: number
  readonly length: number
}

/** Punches a range of an open file; `done` gets null, or why it did not work. */
export type Punch = (fd: number, range: PunchRange, done: (why: string | null) => void) => void

/** A file with ranges to be punched. */
export interface PunchTarget {
  readonly fd: number
  /** A request waits for its range. */
  readonly isUrgent: boolean
  /** The next range, or null when there is none now. */
  nextRange(): PunchRange | null
  /** The range that was asked for last is a hole, or why it is not. */
  punched(why: string | null): void
}

/** Ranges wait so long for their neighbours. */
const GATHER_MS = 50
/** Rests are so many times as long as the punch before. */
const REST = 4

export class Puncher {
  readonly #punch: Punch
  readonly #later: (run: () => void, ms: number) => void
  readonly #nowMs: () => number
  readonly #targets = new Set<PunchTarget>()
  #isPunching = false
  #isArmed = false
  /** When the next range may be punched, unless it is urgent. */
  #nextMs = 0
  #waiters: Array<() => void> = []

  constructor(punch: Punch, later: (run: () => void, ms: number) => void, nowMs: () => number) {
    this.#punch = punch
    this.#later = later
    this.#nowMs = nowMs
  }

  /** Nothing is punched, and nothing waits to be. */
  get isIdle(): boolean {
    return !this.#isPunching && this.#targets.size === 0
  }

  /** A file has ranges. */
  add(target: PunchTarget): void {
    const nowMs = this.#nowMs()
    if (this.isIdle) this.#nextMs = Math.max(this.#nextMs, nowMs + GATHER_MS)
    this.#targets.add(target)
    if (target.isUrgent || this.#waiters.length > 0) this.#next()
    else this.#arm()
  }

  remove(target: PunchTarget): void {
    this.#targets.delete(target)
    this.#tellIdle()
  }

  /** Calls back when everything that waits now has been punched; until then there are no rests. */
  whenIdle(go: () => void): void {
    this.#waiters.push(go)
    if (this.isIdle) this.#tellIdle()
    else this.#next()
  }

  #next(): void {
    if (this.#isPunching) return
    const mustRest = this.#nowMs() < this.#nextMs && this.#waiters.length === 0
    if (mustRest) this.#arm()
    for (const target of this.#targets) {
      if (mustRest && !target.isUrgent) continue
      this.#targets.delete(target)
      const range = target.nextRange()
      if (range === null) continue
      this.#start(target, range)
      return
    }
    this.#tellIdle()
  }

  #start(target: PunchTarget, range: PunchRange): void {
    this.#isPunching = true
    const startMs = this.#nowMs()
    this.#punch(target.fd, range, (why) => {
      this.#isPunching = false
      const endMs = this.#nowMs()
      this.#nextMs = endMs + REST * (endMs - startMs)
      // behind the others
      this.#targets.add(target)
      target.punched(why)
      this.#next()
    })
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#later(() => {
      this.#isArmed = false
      this.#next()
    }, Math.max(0, this.#nextMs - this.#nowMs()))
  }

  #tellIdle(): void {
    if (!this.isIdle) return
    for (const go of this.#waiters.splice(0)) go()
  }
}
