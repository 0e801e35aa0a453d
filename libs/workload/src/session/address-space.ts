// The anonymous memory of one program: heaps within its address space, and what each page of them was last written as.
// Modelled: heaps that grow up to a limit; every page that is written carries a token, which is verified whenever the page
//   is touched again after it was away, or after reclaim has looked at it; pages that are there are touched in a plain loop,
//   and runs of pages whose entries have lost no bit since the last touch are not looked at: to touch them changes nothing.
// Not modelled: memory given back before the program ends; memory that two programs share has one owner, the one that made
//   it.
import {
  FAULT_DONE,
  FAULT_SIGBUS,
  type KernelTask,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_PRESENT,
  PTE_WRITE,
  pteValue,
  STRETCH_SHIFT
} from "@swaplab/kernel"
import { BURST_NS, needResched } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { ProcessExit } from "../plug-in/exit.ts"
import type { MemoryPort } from "../plug-in/host.ts"
import { tokenWriter } from "../usemem.ts"
import { type Layout, runAt } from "./layout.ts"

/** Why a process ends in the middle of its work. */
export type Death = Exclude<ProcessExit, "completed">

/** A part of the address space. Pages are counted from its first one. */
export interface Heap {
  /** Its first page within the address space. */
  readonly from: number
  /** Pages that it can grow to. */
  readonly limit: number
  /** Pages that it has now. */
  size: number
  /** How popular the pages are that it has at first; pages by which it grows later have no place in the order. */
  readonly layout: Layout
  /**
   * Of each run of the layout: what the losses of its stretch of entries were, plus 1, when all its pages were last found with
   * the marks of a read or a write; twice that, and 1 more for a write.
   */
  readonly seen: Uint32Array
}

/** A heap with nothing in it. */
export const heapOf = (from: number, limit: number, layout: Layout): Heap => ({
  from,
  limit,
  size: 0,
  layout,
  seen: new Uint32Array(layout.starts.length)
})

const READABLE = PTE_PRESENT
const WRITABLE = PTE_PRESENT | PTE_WRITE
/** Marks of a page that has been read, or written, since reclaim has looked at it: another touch changes nothing. */
const READ = READABLE | PTE_ACCESSED
const WRITTEN = WRITABLE | PTE_ACCESSED | PTE_DIRTY

/** The memory of a program that runs. */
export class AddressSpace {
  readonly #client: MemoryPort
  readonly #task: KernelTask
  readonly #base: number
  /** What each page was last written as; 0: never. */
  readonly #versions: Uint32Array
  /** What a page was that did not hold what was written to it; null: there was none. */
  #wrong: Death | null = null

  constructor(client: MemoryPort, task: KernelTask) {
    this.#client = client
    this.#task = task
    this.#base = client.mm.tables.base(task.mm)
    this.#versions = new Uint32Array(client.mm.tables.pagesOf(task.mm))
  }

  /**
   * Touches the pages of the order of a heap from `from` up to and without `to`; runs with a grain below `written` are
   * written.
   */
  *touchOrder(heap: Heap, from: number, to: number, written: number): Sleeps<Death | null> {
    const { before, ends, grain, starts } = heap.layout
    const task = this.#task
    for (let run = runAt(heap.layout, from); run < starts.length && before[run] < to;) {
      run = this.#passSeen(heap, run, to, written)
      if (needResched(task)) {
        yield* task.condResched()
        if (task.killed) return "killed"
      }
      if (run === starts.length || before[run] >= to) break
      const start = heap.from + starts[run]
      const end = Math.min(heap.from + ends[run], start + to - before[run])
      const write = grain[run] < written
      const at = this.#touchMapped(start, end, write)
      if (at === end) this.#see(heap, run, end, write)
      run++
      if (at === end && !needResched(task)) continue
      const death = yield* this.#touchRest(at, end, write)
      if (death !== null) return death
    }
    return null
  }

  /**
   * Touches runs of the order from `run` on whose marks are known to be there, up to the page `to` of the order, or to the end
   * of a burst of CPU time. Returns the run after them.
   */
  #passSeen(heap: Heap, run: number, to: number, written: number): number {
    const { layout: { before, grain, starts }, seen } = heap
    const { costs: { touchNs }, mm: { tables: { losses } } } = this.#client
    const base = this.#base + heap.from
    const first = before[run]
    // the run in which this page of the order lies is the last one of the burst
    const left = Math.ceil((BURST_NS - this.#task.ns) / touchNs)
    const last = Math.min(to, first + Math.max(1, left))
    let at = run
    for (; at < starts.length && before[at] < last; at++) {
      const mark = (losses[(base + starts[at]) >>> STRETCH_SHIFT] + 1) * 2
      if (seen[at] < mark + (grain[at] < written ? 1 : 0)) break
    }
    const pages = Math.min(before[at], to) - first
    this.#client.touched += pages
    this.#task.user(pages * touchNs)
    return at
  }

  /** All pages of a run up to `end` have the marks of a read or a write. */
  #see({ from, layout: { ends, starts }, seen }: Heap, run: number, end: number, write: boolean): void {
    const stretch = (this.#base + from + starts[run]) >>> STRETCH_SHIFT
    if (end < from + ends[run] || (this.#base + end - 1) >>> STRETCH_SHIFT !== stretch) return
    seen[run] = (this.#client.mm.tables.losses[stretch] + 1) * 2 + (write ? 1 : 0)
  }

  /**
   * Touches neighbouring pages from `from` up to and without `to`, in runs as long as `tiles` says, a page left out after each.
   */
  *sweep(heap: Heap, from: number, to: number, tiles: Int32Array, write: boolean): Sleeps<Death | null> {
    const end = Math.min(to, heap.size)
    for (let at = from, tile = from % tiles.length; at < end;) {
      const until = Math.min(end, at + tiles[tile])
      const death = yield* this.#touchRest(heap.from + at, heap.from + until, write)
      if (death !== null) return death
      at = until + 1
      tile = (tile + 1) % tiles.length
    }
    return null
  }

  /** Touches neighbouring pages of a heap from `from` up to and without `to`. */
  *touchAll(heap: Heap, from: number, to: number, write: boolean): Sleeps<Death | null> {
    return yield* this.#touchRest(heap.from + from, heap.from + Math.min(to, heap.size), write)
  }

  /** Makes a heap larger by so many pages, as far as it can grow, and writes them. */
  *grow(heap: Heap, pages: number): Sleeps<Death | null> {
    const from = heap.size
    heap.size = Math.min(heap.limit, from + pages)
    return yield* this.#touchRest(heap.from + from, heap.from + heap.size, true)
  }

  /** Touches pages one after the other, waits for those that fault, and lets the CPU time of all pass. */
  *#touchRest(from: number, to: number, write: boolean): Sleeps<Death | null> {
    const { mm } = this.#client
    const task = this.#task
    let at = from
    for (;;) {
      at = this.#touchMapped(at, to, write)
      if (this.#wrong !== null) return this.#wrong
      if (needResched(task)) yield* task.condResched()
      if (task.killed) return "killed"
      if (at === to) return null
      const index = this.#base + at
      // the first touch of a page is a write: a heap has no page of which nobody knows what it holds
      const writes = write || this.#versions[at] === 0
      if (!mm.tryFault(task, index, writes)) {
        const fault = yield* mm.fault(task, index, writes)
        if (fault === FAULT_SIGBUS) {
          this.#client.log(`${task.name}: SIGBUS`)
          return "sigbus"
        }
        if (fault !== FAULT_DONE) return "killed"
      }
      // the fault has set marks already, whatever the page holds
      if (!this.#tryUse(at, writes)) continue
      at++
      this.#client.touched++
      task.user(this.#client.costs.touchNs)
    }
  }

  /** Touches pages until one is not mapped as it has to be; returns that one, or `to`. */
  #touchMapped(from: number, to: number, write: boolean): number {
    const { entries } = this.#client.mm.tables
    const base = this.#base
    const marks = write ? WRITTEN : READ
    let page = from
    for (; page < to; page++) {
      if ((entries.at(base + page) & marks) !== marks && !this.#tryUse(page, write)) break
    }
    this.#client.touched += page - from
    this.#task.user((page - from) * this.#client.costs.touchNs)
    return page
  }

  /** Verifies a page, and reads or writes it. False: it is not mapped for that, or it holds something else. */
  #tryUse(page: number, write: boolean): boolean {
    const { index: machine, mm: { tables: { entries } }, pages: { frames } } = this.#client
    const index = this.#base + page
    const entry = entries.at(index)
    const version = this.#versions[page]
    const writes = write || version === 0
    const wanted = writes ? WRITABLE : READABLE
    if ((entry & wanted) !== wanted) return false
    const pfn = pteValue(entry)
    const token = tokenWriter(machine, index)
    if (version > 0 && (frames.tokenWriter[pfn] !== token || frames.tokenVersion[pfn] !== version)) {
      this.#wrong = this.#client.wrongPage(this.#task, index, token, version)
      return false
    }
    entries.set(index, entry | (writes ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED))
    if (!writes) return true
    frames.tokenWriter[pfn] = token
    frames.tokenVersion[pfn] = version + 1
    this.#versions[page] = version + 1
    return true
  }
}
