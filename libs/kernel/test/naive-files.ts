// What the page cache of an image must hold on a machine with memory for all of it, by sets of pages.
// Written from mm/readahead.c and mm/filemap.c of v3.6 as rules, for one program whose reads have ended before its next step.

const LIMIT = 32
const LOTS_OF_MISSES = 100

interface Window {
  readonly from: number
  readonly to: number
  readonly mark: number
}

const NO_WINDOW: Window = { from: 0, to: 0, mark: 0 }

const power = (n: number): number => 2 ** Math.ceil(Math.log2(n))
const first = (n: number): number =>
  [power(n) * 4, power(n) * 2, LIMIT][power(n) <= 1 ? 0 : power(n) <= LIMIT / 4 ? 1 : 2]!
const next = (size: number): number => Math.min(LIMIT, size < 2 ? 4 * size : 2 * size)

/** A file: pages [from, to) of the image. */
interface NaiveFile {
  readonly from: number
  readonly to: number
  readonly states: { mapped: Window; opened: Window }
  misses: number
  last: number
}

export class NaiveFiles {
  readonly cached = new Set<number>()
  readonly marked = new Set<number>()
  readonly mapped = new Set<number>()
  faults = 0
  majorFaults = 0
  readonly #files: ReadonlyArray<NaiveFile>

  constructor(files: ReadonlyArray<readonly [from: number, to: number]>) {
    this.#files = files.map(([from, to]) => ({
      from,
      to,
      states: { mapped: NO_WINDOW, opened: NO_WINDOW },
      misses: 0,
      last: -1
    }))
  }

  fault(page: number): void {
    const file = this.#fileOf(page)
    this.faults++
    if (!this.cached.has(page)) {
      this.majorFaults++
      file.misses = Math.min(file.misses + 1, 10 * LOTS_OF_MISSES)
      if (file.misses <= LOTS_OF_MISSES) {
        const from = Math.max(file.from, page - LIMIT / 2)
        this.#fetch(file, "mapped", { from, to: from + LIMIT, mark: from + 3 * LIMIT / 4 })
      }
      this.cached.add(page)
    }
    // found at once, or found by the fault that is entered again after the wait
    file.misses = Math.max(0, file.misses - 1)
    if (this.marked.delete(page)) this.#ahead(file, "mapped", page, LIMIT, true)
    this.mapped.add(page)
  }

  read(from: number, to: number): void {
    for (let page = from; page < to; page++) {
      const file = this.#fileOf(page)
      const wanted = Math.min(to, file.to) - page
      if (!this.cached.has(page)) this.#ahead(file, "opened", page, wanted, false)
      if (this.marked.delete(page)) this.#ahead(file, "opened", page, wanted, true)
      if (page === Math.min(to, file.to) - 1) file.last = page
    }
  }

  unmap(from: number, to: number): void {
    for (let page = from; page < to; page++) this.mapped.delete(page)
  }

  #fileOf(page: number): NaiveFile {
    return this.#files.find(({ from, to }) => page >= from && page < to)!
  }

  /** The first rule that holds says which window is read. */
  #ahead(file: NaiveFile, use: "mapped" | "opened", page: number, wanted: number, atMark: boolean): void {
    const old = file.states[use]
    const size = old.to - old.from
    let hole = page + 1
    while (this.cached.has(hole) && hole < file.to) hole++
    let history = 0
    while (history < LIMIT && page - history > file.from && this.cached.has(page - history - 1)) history++
    const begin = page === file.from
    const fresh = first(wanted)
    const rules: ReadonlyArray<readonly [holds: boolean, window: () => Window | null]> = [
      [!begin && old !== NO_WINDOW && (page === old.mark || page === old.to), () => ahead(old.to, next(size))],
      [!begin && atMark && hole - page > LIMIT, () => null],
      [!begin && atMark, () => ahead(hole, next(hole - page + wanted))],
      [
        begin || wanted > LIMIT || page === file.last || page === file.last + 1,
        () => ({ from: page, to: page + fresh, mark: page + (fresh > wanted ? wanted : 0) })
      ],
      [history > 0, () => ahead(page, first((page - history === file.from ? 2 * history : history) + wanted))]
    ]
    const rule = rules.find(([holds]) => holds)
    if (rule === undefined) {
      for (let at = page; at < page + wanted; at++) this.cached.add(at)
      return
    }
    const window = rule[1]()
    if (window !== null) this.#fetch(file, use, window, page)
  }

  /** Reads a window; one whose mark is the page that is used at once has the next one behind it. */
  #fetch(file: NaiveFile, use: "mapped" | "opened", window: Window, page = -1): void {
    const size = window.to - window.from
    const { from, mark, to } = window.from === page && window.mark === page
      ? { from: window.from, to: window.to + next(size), mark: window.to }
      : window
    file.states[use] = { from, to, mark }
    for (let at = from; at < Math.min(to, file.to); at++) {
      if (!this.cached.has(at) && at === mark) this.marked.add(at)
      this.cached.add(at)
    }
  }
}

const ahead = (from: number, size: number): Window => ({ from, to: from + size, mark: from })
