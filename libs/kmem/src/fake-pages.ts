// A stand-in for the page allocator, for using and testing an object allocator by itself: an exact count of free pages, one
// watermark, first-fit blocks, a log of what was asked.
import {
  __GFP_HIGH,
  __GFP_NOMEMALLOC,
  __GFP_NORETRY,
  __GFP_WAIT,
  type Context,
  Frames,
  NO_PAGE,
  PAGE_FLAGS_CHECK_AT_FREE,
  PF_MEMALLOC,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, Process, type Sim, type Sleeps } from "@swaplab/sim"
import type { PageSource } from "./object-allocator.ts"

/** Pages by count. `onSleep` is where a test frees some. */
export class FakePages implements PageSource {
  readonly frames: Frames
  readonly used: Uint8Array
  readonly reserve: Uint8Array
  free_: number
  min: number
  /** Largest order that can be had at all: models fragmentation. */
  maxOrder = 10
  /** What was asked, in order. */
  readonly log: Array<{ gfp: number; order: number }> = []
  /** Runs where `alloc` would sleep; may free pages or use the allocator. */
  onSleep: (gfp: number, order: number) => void = () => {}
  readonly stat = new Map<number, number>()

  constructor(count: number, min = 0) {
    this.frames = new Frames(count)
    this.used = new Uint8Array(count)
    this.reserve = new Uint8Array(count)
    this.free_ = count
    this.min = min
  }

  readonly numa = null

  zoneOf(): { readonly node: number; modState(item: number, n: number): void } {
    return { node: 0, modState: (item, n) => void this.stat.set(item, (this.stat.get(item) ?? 0) + n) }
  }

  tryAlloc(ctx: Context, gfp: number, order: number): number {
    this.log.push({ gfp, order })
    const floor = (gfp & __GFP_WAIT) !== 0
      ? this.min
      : (gfp & __GFP_HIGH) !== 0
      ? Math.ceil(this.min * 3 / 8)
      : this.min
    if (order <= this.maxOrder) {
      if (this.free_ - (1 << order) + 1 > floor) return this.#take(order, false)
      if (this.gfpPfmemallocAllowed(ctx, gfp) && this.free_ >= 1 << order) return this.#take(order, true)
    }
    return (gfp & __GFP_WAIT) !== 0 && (ctx.flags & PF_MEMALLOC) === 0 ? WOULD_SLEEP : NO_PAGE
  }

  *alloc(task: Task, gfp: number, order: number): Sleeps<number> {
    for (let tries = 0; tries < 10; tries++) {
      const page = this.tryAlloc(task, gfp, order)
      if (page !== WOULD_SLEEP) return page
      this.onSleep(gfp, order)
      if ((gfp & __GFP_NORETRY) !== 0) {
        const last = this.tryAlloc(task, gfp, order)
        return last === WOULD_SLEEP ? NO_PAGE : last
      }
    }
    return NO_PAGE
  }

  free(_ctx: Context, pfn: number, order: number): void {
    for (let p = pfn; p < pfn + (1 << order); p++) {
      assert(this.used[p] === 1, "fake: freeing a free page")
      assert((this.frames.flags[p] & PAGE_FLAGS_CHECK_AT_FREE) === 0, "fake: freeing a page in use")
      this.used[p] = 0
    }
    this.free_ += 1 << order
  }

  gfpPfmemallocAllowed(ctx: Context, gfp: number): boolean {
    return (ctx.flags & PF_MEMALLOC) !== 0 && !ctx.inInterrupt && (gfp & __GFP_NOMEMALLOC) === 0
  }

  pagePfmemalloc(pfn: number): boolean {
    return this.reserve[pfn] !== 0
  }

  #take(order: number, fromReserve: boolean): number {
    const pages = 1 << order
    for (let pfn = 0; pfn + pages <= this.frames.count; pfn += pages) {
      if (this.used.subarray(pfn, pfn + pages).some((used) => used !== 0)) continue
      this.used.fill(1, pfn, pfn + pages)
      this.reserve[pfn] = fromReserve ? 1 : 0
      this.frames.private[pfn] = 0
      this.free_ -= pages
      return pfn
    }
    return NO_PAGE
  }
}

/** A context on a CPU. */
export const onCpu = (cpu: number, flags = 0): Context => ({
  flags,
  memdie: false,
  inInterrupt: false,
  servingSoftirq: false,
  cpu,
  ns: 0
})

/** A task on a CPU. */
export const taskOn = (sim: Sim, cpu: number, flags = 0): Task => ({
  ...onCpu(cpu, flags),
  process: new Process(sim, "task"),
  *condResched() {}
})

/** Runs code that may sleep but does not. */
export function runNow<A>(program: Sleeps<A>): A {
  const step = program.next()
  assert(step.done === true, "the program slept")
  return step.value
}
