import type { BlkMemory } from "@swaplab/blk"
import type { KmemCache, ObjectAllocator } from "@swaplab/kmem"
import type { Context, Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"

/** One object cache, in the form in which the block layer and swap use it. */
export class CacheMemory implements BlkMemory {
  readonly #objects: ObjectAllocator
  readonly #cache: KmemCache

  constructor(objects: ObjectAllocator, cache: KmemCache) {
    this.#objects = objects
    this.#cache = cache
  }

  tryAlloc(ctx: Context, gfp: number): number {
    return this.#objects.tryAlloc(ctx, this.#cache, gfp)
  }

  alloc(task: Task, gfp: number): Sleeps<number> {
    return this.#objects.alloc(task, this.#cache, gfp)
  }

  free(ctx: Context, object: number): void {
    this.#objects.free(ctx, this.#cache, object)
  }
}
