import type { BlkMemory } from "@swaplab/blk"
import type { Context, PageAllocator, Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"

/** Single pages of the page allocator for one owner, in the form in which pools take them. */
export class PageMemory implements BlkMemory {
  /** Pages that the owner has. */
  pages = 0
  readonly #allocator: PageAllocator

  constructor(allocator: PageAllocator) {
    this.#allocator = allocator
  }

  tryAlloc(ctx: Context, gfp: number): number {
    const pfn = this.#allocator.tryAlloc(ctx, gfp, 0)
    if (pfn >= 0) this.pages++
    return pfn
  }

  *alloc(task: Task, gfp: number): Sleeps<number> {
    const pfn = yield* this.#allocator.alloc(task, gfp, 0)
    if (pfn >= 0) this.pages++
    return pfn
  }

  free(ctx: Context, pfn: number): void {
    this.pages--
    this.#allocator.free(ctx, pfn, 0)
  }
}
