// The ranges of one file that clients have trimmed or zeroed, on their way to become holes. A page is in one of four states:
//
//   in use ── trim ──> waiting ── nextRange ──> being punched ── punched ──> hole
//      ^ ────── write ──── │                          │
//      ^ ──── write, when the punch has ended ─────── │
//
// A write takes its pages out of those that wait, and waits itself for a punch of its pages; a page is not punched while a
// write of it is under way. So what was written after an answered TRIM is never punched away. A page that waits reads as what
// it held, which a TRIM leaves undefined; a range of WRITE_ZEROES holds zeroes before it waits.
import { PAGE, PageSet } from "./page-set.ts"
import type { Puncher, PunchRange, PunchTarget } from "./puncher.ts"

/** The longest range that is punched at once: the file system holds up other changes of the file meanwhile. */
const MOST_PAGES = 2 ** 26 / PAGE

/** Pages [first, end). */
interface Pages {
  readonly first: number
  readonly end: number
}

interface Zeroing extends Pages {
  readonly done: (why: string | null) => void
}

const overlap = (one: Pages, other: Pages): boolean => one.first < other.end && other.first < one.end

export class Trims implements PunchTarget {
  readonly fd: number
  readonly #pages: number
  readonly #puncher: Puncher | null
  readonly #onHole: (first: number, end: number) => void
  readonly #onFailure: (why: string) => void
  readonly #waiting: PageSet
  /** Ranges whose requests wait. */
  readonly #zeroings: Array<Zeroing> = []
  /** What is being punched; one of `#zeroings` before, or pages that waited. */
  #punching: Pages & Partial<Zeroing> | null = null
  /** Changes under way. */
  readonly #changes = new Set<Pages>()
  #held: Array<Pages & { readonly go: (change: Pages) => void }> = []

  /** `onHole`: pages are a hole now. */
  constructor(options: {
    readonly fd: number
    readonly pages: number
    readonly puncher: Puncher | null
    readonly onHole: (first: number, end: number) => void
    readonly onFailure: (why: string) => void
  }) {
    this.fd = options.fd
    this.#pages = options.pages
    this.#puncher = options.puncher
    this.#onHole = options.onHole
    this.#onFailure = options.onFailure
    this.#waiting = new PageSet(options.pages)
  }

  get isUrgent(): boolean {
    return this.#zeroings.length > 0
  }

  /** A range is being punched; changes of the file may have to wait for the file system. */
  get isPunching(): boolean {
    return this.#punching !== null
  }

  /** These pages may become a hole some time. */
  trim(first: number, end: number): void {
    if (this.#puncher === null || first >= end) return
    this.#waiting.add(first, end)
    this.#puncher.add(this)
  }

  /** Makes pages a hole; `done` gets null, or why it did not work. */
  punchNow(first: number, end: number, done: (why: string | null) => void): void {
    if (this.#puncher === null) return done("no program punches")
    this.#zeroings.push({ first, end, done })
    this.#puncher.add(this)
  }

  /** A change of these pages that ends before anything else happens: none of them is being punched. */
  take(first: number, end: number): void {
    this.#waiting.remove(first, end)
  }

  /** Calls `go` when these pages may be changed; `ended` follows. */
  change(first: number, end: number, go: (change: Pages) => void): void {
    const pages = { first, end, go }
    if (this.#punching !== null && overlap(this.#punching, pages)) this.#held.push(pages)
    else this.#begin(pages)
  }

  ended(change: Pages): void {
    this.#changes.delete(change)
    // what was trimmed while the change was under way: which came first is open, and the data stays
    this.#waiting.remove(change.first, change.end)
    if (this.#waiting.count > 0 || this.isUrgent) this.#puncher?.add(this)
  }

  nextRange(): PunchRange | null {
    const zeroing = this.#zeroings.findIndex((pages) => this.#changeIn(pages) === undefined)
    this.#punching = zeroing >= 0 ? this.#zeroings.splice(zeroing, 1)[0] : this.#nextWaiting()
    if (this.#punching === null) return null
    const { end, first } = this.#punching
    return { offset: first * PAGE, length: (end - first) * PAGE }
  }

  punched(why: string | null): void {
    const punched = this.#punching
    this.#punching = null
    if (punched !== null && why === null) this.#onHole(punched.first, punched.end)
    if (why !== null) this.#onFailure(why)
    punched?.done?.(why)
    for (const pages of this.#held.splice(0)) this.#begin(pages)
  }

  /** Forgets what waits; resolves when nothing is being punched: the descriptor may be closed. */
  async close(): Promise<void> {
    this.#waiting.remove(0, this.#pages)
    while (this.#punching !== null) await new Promise<void>((resolve) => this.change(0, this.#pages, () => resolve()))
    this.#puncher?.remove(this)
  }

  #begin({ end, first, go }: Pages & { readonly go: (change: Pages) => void }): void {
    const change = { first, end }
    this.#changes.add(change)
    this.#waiting.remove(first, end)
    go(change)
  }

  /** A change of some of these pages that is under way. */
  #changeIn(pages: Pages): Pages | undefined {
    for (const change of this.#changes) if (overlap(change, pages)) return change
    return undefined
  }

  /** The first pages that wait, and are not being changed. */
  #nextWaiting(): Pages | null {
    for (let at = 0;;) {
      const first = this.#waiting.next(at, this.#pages, true)
      if (first === this.#pages) return null
      let end = this.#waiting.next(first, Math.min(this.#pages, first + MOST_PAGES), false)
      for (const change of this.#changes) {
        if (!overlap(change, { first, end })) continue
        end = Math.max(first, change.first)
        at = change.end
      }
      if (end > first) {
        this.#waiting.remove(first, end)
        return { first, end }
      }
    }
  }
}
