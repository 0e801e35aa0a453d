// The caches of file names: dentries and inodes of files that were looked up and that nobody uses any more. Only their
// shrinker empties them.
// Modelled: an unused dentry and its inode per file, in order of their last use; the shrinker of the super block with its
//   batch of 1,024, its backlog, and its refusal without __GFP_FS.
// Not modelled: looking a file up twice (each lookup is another file), directories, page cache that hangs on an inode,
//   shrinkers of other caches. The seeks, the pressure of 100 and the batch are those of every file system of the time.
// source: fs/dcache.c, fs/super.c:prune_super, mm/vmscan.c:shrink_slab
import type { KmemCache, ObjectAllocator } from "@swaplab/kmem"
import { __GFP_FS, type Context, GFP_KERNEL, SLABS_SCANNED, type Task, type VmStat } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"

/** struct dentry, and an inode of a read-only root (squashfs_inode_cache), in bytes. */
const DENTRY = 192
const INODE = 640

const DEFAULT_SEEKS = 2
/** s_shrink.batch. */
const BATCH = 1024
/** Objects that vfs_cache_pressure rounds to. */
const HUNDRED = 100

/** First in, first out, of object handles. */
class ObjectFifo {
  #ring = new Float64Array(256)
  #head = 0
  length = 0

  push(object: number): void {
    if (this.length === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.length++) & (this.#ring.length - 1)] = object
  }

  shift(): number {
    const object = this.#ring[this.#head]
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.length--
    return object
  }

  #grow(): void {
    const wider = new Float64Array(this.#ring.length * 2)
    for (let i = 0; i < this.length; i++) wider[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)]
    this.#ring = wider
    this.#head = 0
  }
}

/** Unused dentries and inodes of one machine. */
export class Dcache {
  /** Lookups that failed for want of memory. */
  failedLookups = 0
  readonly #objects: ObjectAllocator
  readonly #vmstat: VmStat
  readonly #dentryCache: KmemCache
  readonly #inodeCache: KmemCache
  readonly #dentries = new ObjectFifo()
  readonly #inodes = new ObjectFifo()
  /** shrinker->nr_in_batch. */
  #backlog = 0

  constructor(objects: ObjectAllocator, vmstat: VmStat) {
    this.#objects = objects
    this.#vmstat = vmstat
    this.#dentryCache = objects.createCache("dentry", DENTRY, { reclaimAccount: true })
    this.#inodeCache = objects.createCache("squashfs_inode_cache", INODE, { ctor: true, reclaimAccount: true })
  }

  /** Unused objects. */
  get unused(): number {
    return this.#dentries.length + this.#inodes.length
  }

  /** Looks up a file that was not in the cache, and lets go of it. False: no memory. */
  *lookup(task: Task): Sleeps<boolean> {
    const dentry = yield* this.#objects.alloc(task, this.#dentryCache, GFP_KERNEL)
    if (dentry >= 0) {
      const inode = yield* this.#objects.alloc(task, this.#inodeCache, GFP_KERNEL)
      if (inode >= 0) {
        this.#dentries.push(dentry)
        this.#inodes.push(inode)
        return true
      }
      this.#objects.free(task, this.#dentryCache, dentry)
    }
    this.failedLookups++
    return false
  }

  /** shrink_slab for this one shrinker. Returns the objects freed. */
  shrink(ctx: Context, gfp: number, scanned: number, lruPages: number): number {
    const unused = Math.floor(this.unused / HUNDRED) * HUNDRED
    // what it may not free without __GFP_FS stays in the backlog
    const delta = Math.floor((Math.floor((4 * scanned) / DEFAULT_SEEKS) * unused) / (lruPages + 1))
    let total = this.#backlog + delta
    if (delta < unused / 4) total = Math.min(total, Math.floor(unused / 2))
    total = Math.min(total, unused * 2)
    let freed = 0
    while (total >= BATCH) {
      if ((gfp & __GFP_FS) === 0) break
      freed += this.#prune(ctx, BATCH)
      this.#vmstat.inc(SLABS_SCANNED, BATCH)
      total -= BATCH
    }
    this.#backlog = total
    return freed
  }

  /** prune_super: dentries and inodes in proportion to what there is of each. */
  #prune(ctx: Context, count: number): number {
    const total = this.unused + 1
    const dentries = Math.min(this.#dentries.length, Math.floor((count * this.#dentries.length) / total))
    const inodes = Math.min(this.#inodes.length, Math.floor((count * this.#inodes.length) / total))
    for (let i = 0; i < dentries; i++) this.#objects.free(ctx, this.#dentryCache, this.#dentries.shift())
    for (let i = 0; i < inodes; i++) this.#objects.free(ctx, this.#inodeCache, this.#inodes.shift())
    return dentries + inodes
  }
}
