// Linux's fault injection: allocations that fail by order instead of by want of memory.
// Modelled: the attributes of fault_attr with probability, interval, times, space and the task filter (make-it-fail), in the
//   order in which should_fail looks at them; fail_page_alloc with its three filters.
// Not modelled: the filter by stack trace; the message that a failure prints (verbose); interval and times of each boot
//   parameter. Linux's probability is a whole per cent, here it is any share. Costs nothing: none of them is needed here.
// A caller that tried without sleeping and then asks again as a task is one allocation: it is drawn for once (`passed`).
// source: lib/fault-inject.c:should_fail, fail_task; mm/page_alloc.c:should_fail_alloc_page (v3.5)
import { assert, type Random } from "@swaplab/sim"
import { __GFP_HIGHMEM, __GFP_NOFAIL, __GFP_WAIT } from "./gfp.ts"
import type { Context, Task } from "./sched.ts"

/** struct fault_attr, as an administrator sets it. */
export interface FaultAttrOptions {
  /** Of each allocation that the filters let through, 0 to 1. */
  readonly probability: number
  /** Only every so many-th of those is looked at. 1: all. */
  readonly interval?: number
  /** So many failures, then none. Infinity by default. */
  readonly times?: number
  /** So many bytes (failslab) or pages (fail_page_alloc) are handed out before the first failure. */
  readonly space?: number
  /** Only tasks of this name (the part after that of the machine), and never in an interrupt. Null: everybody. */
  readonly task?: string | null
}

/** Whose turn it is to fail. */
export class FaultAttr {
  /** Allocations that the filters let through, and those that failed. */
  asked = 0
  failed = 0
  readonly #options: Required<FaultAttrOptions>
  readonly #random: Random
  /** The end of the name of a task that it is for. */
  readonly #afterMachine: string
  #times: number
  #space: number
  #count = 0
  /** A context whose attempt without sleeping was let through: its next question is about the same allocation. */
  #passed: Context | null = null

  constructor(options: FaultAttrOptions, random: Random) {
    const all = { interval: 1, times: Number.POSITIVE_INFINITY, space: 0, task: null, ...options }
    assert(all.probability >= 0 && all.probability <= 1, "a probability lies between 0 and 1")
    this.#options = all
    this.#afterMachine = ` ${all.task}`
    this.#random = random
    this.#times = all.times
    this.#space = all.space
  }

  /** The attempt of this context would have to sleep: it will be repeated as a task. Null: it is not. */
  passed(ctx: Context | null): void {
    this.#passed = ctx
  }

  /** `should_fail`, of an allocation of so many bytes or pages. */
  shouldFail(ctx: Context, size: number): boolean {
    if (this.#passed !== null) {
      const again = this.#passed === ctx
      this.#passed = null
      if (again) return false
    }
    const { interval, probability } = this.#options
    if (!this.#failTask(ctx)) return false
    this.asked++
    if (this.#times <= 0) return false
    if (this.#space > size) {
      this.#space -= size
      return false
    }
    if (interval > 1 && ++this.#count % interval !== 0) return false
    if (this.#random.unit() >= probability) return false
    this.#times--
    this.failed++
    return true
  }

  /** `fail_task`. */
  #failTask(ctx: Context): boolean {
    const { task } = this.#options
    if (task === null) return true
    if (ctx.inInterrupt) return false
    const own = (ctx as Partial<Task>).process?.name
    return own !== undefined && (own === task || own.endsWith(this.#afterMachine))
  }
}

/** The filters of fail_page_alloc, with Linux's defaults. */
export interface FailPageAllocOptions {
  /** Allocations that may sleep do not fail. True by default. */
  readonly ignoreGfpWait?: boolean
  /** Those that take high memory, user pages among them, do not fail. True by default. */
  readonly ignoreGfpHighmem?: boolean
  /** Smaller orders do not fail. 1 by default. */
  readonly minOrder?: number
}

/** fail_page_alloc: set as `PageAllocator.failPageAlloc`. */
export class FailPageAlloc {
  readonly attr: FaultAttr
  readonly #ignored: number
  readonly #minOrder: number

  constructor(attr: FaultAttr, options: FailPageAllocOptions = {}) {
    this.attr = attr
    this.#minOrder = options.minOrder ?? 1
    this.#ignored = __GFP_NOFAIL | ((options.ignoreGfpWait ?? true) ? __GFP_WAIT : 0) |
      ((options.ignoreGfpHighmem ?? true) ? __GFP_HIGHMEM : 0)
  }

  /** `should_fail_alloc_page`. */
  shouldFail(ctx: Context, gfp: number, order: number): boolean {
    if (order < this.#minOrder || (gfp & this.#ignored) !== 0) return false
    return this.attr.shouldFail(ctx, 1 << order)
  }
}
