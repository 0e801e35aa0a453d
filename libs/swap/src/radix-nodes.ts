// The memory of a radix tree of pages: that of the swap cache, and those of files.
//
// Modelled: one node per 64 adjacent indices that has a page in the cache, and the nodes above it; the per-CPU pool of 21
// nodes, one for all trees of a machine, that must be full before anything is inserted; nodes go back to their cache when
// they become empty.
// Not modelled: a tree that grows in height with its highest index (it has its full height from the start: at most three
// nodes more), the RCU grace period before a node is really free (they return at once).
// source: lib/radix-tree.c:radix_tree_preload, radix_tree_node_alloc; mm/swap_state.c:add_to_swap_cache
import type { BlkMemory } from "@swaplab/blk"
import type { Context, Task } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"

/** `RADIX_TREE_PRELOAD_SIZE`: 2 × 11 − 1 nodes, enough for two paths of a tree over 64-bit indices. */
export const RADIX_TREE_PRELOAD_SIZE = 21
/** Bits of the index per level. */
const RADIX_TREE_MAP_SHIFT = 6

/** One level: how many children each node has, and the object that a node is. */
interface Level {
  readonly shift: number
  readonly children: Uint8Array
  readonly object: Int32Array
}

/** The pools that feed all trees of a machine, one for each CPU. */
export class RadixPreloads {
  /** Times a pool could not be filled. */
  failures = 0
  /** The radix_tree_node cache. */
  readonly memory: BlkMemory
  readonly #pool: ReadonlyArray<Int32Array>
  readonly #pooled: Uint8Array

  constructor(cpus: number, memory: BlkMemory) {
    this.memory = memory
    this.#pool = Array.from({ length: cpus }, () => new Int32Array(RADIX_TREE_PRELOAD_SIZE).fill(-1))
    this.#pooled = new Uint8Array(cpus)
  }

  /** `radix_tree_preload` without sleeping: is the pool of this CPU full now? */
  tryPreload(ctx: Context, gfp: number): boolean {
    const cpu = ctx.cpu
    while (this.#pooled[cpu] < RADIX_TREE_PRELOAD_SIZE) {
      const node = this.memory.tryAlloc(ctx, gfp)
      if (node < 0) {
        this.failures++
        return false
      }
      this.#pool[cpu][this.#pooled[cpu]++] = node
    }
    return true
  }

  /** `radix_tree_preload` for masks that may sleep. False: out of memory. */
  *preload(task: Task, gfp: number): Sleeps<boolean> {
    while (this.#pooled[task.cpu] < RADIX_TREE_PRELOAD_SIZE) {
      const node = yield* this.memory.alloc(task, gfp)
      if (node < 0) {
        this.failures++
        return false
      }
      // it may have slept: the pool is that of the CPU it runs on now, and others may have filled it
      const cpu = task.cpu
      if (this.#pooled[cpu] < RADIX_TREE_PRELOAD_SIZE) this.#pool[cpu][this.#pooled[cpu]++] = node
      else this.memory.free(task, node)
    }
    return true
  }

  /** A node for the tree that is inserted into. */
  take(ctx: Context): number {
    const cpu = ctx.cpu
    assert(this.#pooled[cpu] > 0, "inserting into the radix tree without a preload")
    return this.#pool[cpu][--this.#pooled[cpu]]
  }

  /** Nodes in the pools. */
  pooledNodes(): number {
    let count = 0
    for (const n of this.#pooled) count += n
    return count
  }
}

/** The nodes of one tree. */
export class RadixNodes {
  /** Nodes in the tree. */
  nodes = 0
  readonly preloads: RadixPreloads
  readonly #levels: ReadonlyArray<Level>

  /** Indices are 0 … `slots` − 1. */
  constructor(slots: number, preloads: RadixPreloads) {
    this.preloads = preloads
    const levels: Array<Level> = []
    let shift = 0
    do {
      shift += RADIX_TREE_MAP_SHIFT
      const count = Math.ceil(slots / 2 ** shift)
      levels.push({ shift, children: new Uint8Array(count), object: new Int32Array(count).fill(-1) })
    } while (slots > 2 ** shift)
    this.#levels = levels
  }

  /** An index enters the tree; missing nodes come from the pool, which a preload has filled. */
  insert(ctx: Context, slot: number): void {
    for (const level of this.#levels) {
      const index = slot >>> level.shift
      if (level.children[index]++ !== 0) return
      level.object[index] = this.preloads.take(ctx)
      this.nodes++
    }
  }

  /** An index leaves the tree; nodes that become empty are freed. */
  remove(ctx: Context, slot: number): void {
    for (const level of this.#levels) {
      const index = slot >>> level.shift
      assert(level.children[index] > 0, "removing a slot that is not in the radix tree")
      if (--level.children[index] !== 0) return
      this.preloads.memory.free(ctx, level.object[index])
      level.object[index] = -1
      this.nodes--
    }
  }

  checkInvariants(entries: number): void {
    let nodes = 0
    let below = entries
    for (const level of this.#levels) {
      let used = 0
      let children = 0
      for (let i = 0; i < level.children.length; i++) {
        children += level.children[i]
        if (level.children[i] !== 0) used++
        assert(
          (level.children[i] !== 0) === (level.object[i] >= 0),
          "a radix tree node has no object, or an empty one has"
        )
      }
      assert(children === below, "the children of a radix tree level were miscounted")
      below = used
      nodes += used
    }
    assert(nodes === this.nodes, "radix tree nodes were miscounted")
  }
}
