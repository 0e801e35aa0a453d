// What the kernel itself needs for a process: task_struct, kernel stack, mm_struct and its areas.
// Modelled: their sizes and masks, in the order of copy_process; the stack is one allocation of order 1.
// Not modelled: the processes that a machine boots with, file tables, credentials and signal structures (some 2 KiB).
// source: kernel/fork.c:dup_task_struct, dup_mm
import { type KmemCache, MM_STRUCT, type ObjectAllocator, TASK_STRUCT, VM_AREA_STRUCT } from "@swaplab/kmem"
import {
  __GFP_NOTRACK,
  type Context,
  GFP_KERNEL,
  NR_KERNEL_STACK,
  type PageAllocator,
  type Task
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"

/** THREAD_SIZE_ORDER of x86-64. */
const STACK_ORDER = 1
/** Areas of a dynamically linked program. */
const AREAS = 24

/** Kernel memory of one process. */
export interface ProcessMemory {
  readonly stack: number
  readonly objects: ReadonlyArray<readonly [KmemCache, number]>
}

/** fork and exit, as far as their own memory goes. */
export class ProcessTable {
  /** Kernel stacks in use, in pages. */
  stackPages = 0
  /** copy_process returned −ENOMEM. */
  failedForks = 0
  readonly #objects: ObjectAllocator
  readonly #pages: PageAllocator
  readonly #caches: ReadonlyArray<readonly [KmemCache, count: number]>

  constructor(objects: ObjectAllocator, pages: PageAllocator) {
    this.#objects = objects
    this.#pages = pages
    this.#caches = [
      [objects.createCache("task_struct", TASK_STRUCT), 1],
      [objects.createCache("mm_struct", MM_STRUCT, { hwAlign: true }), 1],
      [objects.createCache("vm_area_struct", VM_AREA_STRUCT), AREAS]
    ]
  }

  /** copy_process: the memory of a new process, or null when there is none. */
  *fork(task: Task): Sleeps<ProcessMemory | null> {
    const objects: Array<readonly [KmemCache, number]> = []
    const stack = yield* this.#pages.alloc(task, GFP_KERNEL | __GFP_NOTRACK, STACK_ORDER)
    if (stack >= 0) {
      this.stackPages += 1 << STACK_ORDER
      this.#pages.zoneOf(stack).modState(NR_KERNEL_STACK, 1)
      if (yield* this.#allocObjects(task, objects)) return { stack, objects }
      this.free(task, { stack, objects })
    }
    this.failedForks++
    return null
  }

  /** free_task, mmdrop. */
  free(ctx: Context, memory: ProcessMemory): void {
    for (const [cache, object] of memory.objects) this.#objects.free(ctx, cache, object)
    this.#pages.zoneOf(memory.stack).modState(NR_KERNEL_STACK, -1)
    this.#pages.free(ctx, memory.stack, STACK_ORDER)
    this.stackPages -= 1 << STACK_ORDER
  }

  *#allocObjects(task: Task, into: Array<readonly [KmemCache, number]>): Sleeps<boolean> {
    for (const [cache, count] of this.#caches) {
      for (let i = 0; i < count; i++) {
        const object = yield* this.#objects.alloc(task, cache, GFP_KERNEL)
        if (object < 0) return false
        into.push([cache, object])
      }
    }
    return true
  }
}
