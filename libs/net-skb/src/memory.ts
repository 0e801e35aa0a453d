// Where the memory of sockets and packets comes from: the operations table between the network and the allocators, so
// that the same sockets run on an emulated client (slab and pages) and on a plain host (the server), whose memory is not
// emulated and never runs out.
// source: net/core/skbuff.c (skbuff_head_cache, skbuff_fclone_cache, kmalloc), net/core/sock.c
import {
  getOrder,
  type KmemCache,
  type ObjectAllocator,
  SKBUFF_FCLONE,
  SKBUFF_HEAD,
  TCP_TIMEWAIT_SOCK
} from "@swaplab/kmem"
import { type Context, GFP_ATOMIC, PAGE_SIZE, type PageAllocator, type Task } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"

/**
 * Allocation of sk_buff heads, their data areas and whole pages. The `try…` forms return a handle or page, or NO_OBJECT /
 * NO_PAGE (−1), or WOULD_SLEEP (−2) when the mask allows sleeping and the allocator would have to.
 */
export interface SocketMemory {
  /** Pages of data areas that no cache serves (SLUB above 8 KiB). */
  readonly largePages: number
  /** An sk_buff head, or (fclone) a pair of them. */
  tryHead(ctx: Context, gfp: number, fclone: boolean): number
  head(task: Task, gfp: number, fclone: boolean): Sleeps<number>
  freeHead(ctx: Context, object: number, fclone: boolean): void
  /** Bytes that a kmalloc of `bytes` really gets. */
  ksize(bytes: number): number
  tryData(ctx: Context, bytes: number, gfp: number): number
  data(task: Task, bytes: number, gfp: number): Sleeps<number>
  freeData(ctx: Context, bytes: number, object: number): void
  tryPage(ctx: Context, gfp: number): number
  page(task: Task, gfp: number): Sleeps<number>
  freePage(ctx: Context, pfn: number): void
  /** A socket in TIME_WAIT, which is made in softirq: a handle, or NO_OBJECT. */
  tryTimewaitSock(ctx: Context): number
  freeTimewaitSock(ctx: Context, object: number): void
  /** page->pfmemalloc, meaningful right after the allocation. */
  pagePfmemalloc(pfn: number): boolean
  /** May this mask, in this context, ignore the watermarks? */
  gfpPfmemallocAllowed(ctx: Context, gfp: number): boolean
}

/** What the network uses of the page allocator. */
export type SocketPages = Pick<
  PageAllocator,
  "tryAlloc" | "alloc" | "free" | "gfpPfmemallocAllowed" | "pagePfmemalloc"
>

/** The memory of an emulated machine. */
export class KernelMemory implements SocketMemory {
  readonly #objects: ObjectAllocator
  readonly #pages: SocketPages
  readonly #head: KmemCache
  readonly #fclone: KmemCache
  readonly #timewait: KmemCache
  /** Cache by size in steps of 32 bytes, up to 8 KiB; the smallest request of the network is 384 bytes. */
  readonly #caches: Array<KmemCache> = []
  largePages = 0

  constructor(objects: ObjectAllocator, pages: SocketPages) {
    this.#objects = objects
    this.#pages = pages
    this.#head = objects.createCache("skbuff_head_cache", SKBUFF_HEAD, { hwAlign: true })
    this.#fclone = objects.createCache("skbuff_fclone_cache", SKBUFF_FCLONE, { hwAlign: true })
    this.#timewait = objects.createCache("tw_sock_TCP", TCP_TIMEWAIT_SOCK, { hwAlign: true, rcu: true })
    for (let bytes = 32; bytes <= 8192; bytes += 32) {
      const cache = objects.kmallocCache(bytes)
      if (cache === null) break
      this.#caches.push(cache)
    }
    assert(this.#caches.length > 64, "kmalloc caches must serve packets of 2 KiB")
  }

  tryHead(ctx: Context, gfp: number, fclone: boolean): number {
    return this.#objects.tryAlloc(ctx, fclone ? this.#fclone : this.#head, gfp)
  }

  head(task: Task, gfp: number, fclone: boolean): Sleeps<number> {
    return this.#objects.alloc(task, fclone ? this.#fclone : this.#head, gfp)
  }

  freeHead(ctx: Context, object: number, fclone: boolean): void {
    this.#objects.free(ctx, fclone ? this.#fclone : this.#head, object)
  }

  ksize(bytes: number): number {
    return this.#cache(bytes)?.size ?? PAGE_SIZE << getOrder(bytes)
  }

  tryData(ctx: Context, bytes: number, gfp: number): number {
    const cache = this.#cache(bytes)
    if (cache !== null) return this.#objects.tryAlloc(ctx, cache, gfp)
    const pfn = this.#pages.tryAlloc(ctx, gfp, getOrder(bytes))
    if (pfn >= 0) this.largePages += 1 << getOrder(bytes)
    return pfn
  }

  data(task: Task, bytes: number, gfp: number): Sleeps<number> {
    const cache = this.#cache(bytes)
    assert(cache !== null, "nobody waits for a data area of whole pages")
    return this.#objects.alloc(task, cache, gfp)
  }

  freeData(ctx: Context, bytes: number, object: number): void {
    const cache = this.#cache(bytes)
    if (cache !== null) {
      this.#objects.free(ctx, cache, object)
      return
    }
    this.largePages -= 1 << getOrder(bytes)
    this.#pages.free(ctx, object, getOrder(bytes))
  }

  tryPage(ctx: Context, gfp: number): number {
    return this.#pages.tryAlloc(ctx, gfp, 0)
  }

  page(task: Task, gfp: number): Sleeps<number> {
    return this.#pages.alloc(task, gfp, 0)
  }

  freePage(ctx: Context, pfn: number): void {
    this.#pages.free(ctx, pfn, 0)
  }

  tryTimewaitSock(ctx: Context): number {
    return this.#objects.tryAlloc(ctx, this.#timewait, GFP_ATOMIC)
  }

  freeTimewaitSock(ctx: Context, object: number): void {
    this.#objects.free(ctx, this.#timewait, object)
  }

  pagePfmemalloc(pfn: number): boolean {
    return this.#pages.pagePfmemalloc(pfn)
  }

  gfpPfmemallocAllowed(ctx: Context, gfp: number): boolean {
    return this.#pages.gfpPfmemallocAllowed(ctx, gfp)
  }

  /** The cache that kmalloc takes; null: whole pages (SLUB above 8 KiB). */
  #cache(bytes: number): KmemCache | null {
    const index = (bytes + 31) >> 5
    assert(index > 0, "a packet without a data area")
    return index <= this.#caches.length ? this.#caches[index - 1] : this.#objects.kmallocCache(bytes)
  }
}

/** Memory of a host that is not emulated: never fails, never sleeps, is only counted. */
export class HostMemory implements SocketMemory {
  readonly largePages = 0
  heads = 0
  dataBytes = 0
  pages = 0
  timewaitSocks = 0

  tryHead(_ctx: Context, _gfp: number, _fclone: boolean): number {
    this.heads++
    return 0
  }

  *head(task: Task, gfp: number, fclone: boolean): Sleeps<number> {
    return this.tryHead(task, gfp, fclone)
  }

  freeHead(_ctx: Context, _object: number, _fclone: boolean): void {
    this.heads--
  }

  ksize(bytes: number): number {
    return bytes <= 512 ? 512 : bytes <= 1024 ? 1024 : bytes <= 2048 ? 2048 : bytes <= 4096 ? 4096 : 8192
  }

  tryData(_ctx: Context, bytes: number, _gfp: number): number {
    this.dataBytes += bytes
    return 0
  }

  *data(task: Task, bytes: number, gfp: number): Sleeps<number> {
    return this.tryData(task, bytes, gfp)
  }

  freeData(_ctx: Context, bytes: number, _object: number): void {
    this.dataBytes -= bytes
  }

  tryPage(_ctx: Context, _gfp: number): number {
    this.pages++
    return 0
  }

  *page(task: Task, gfp: number): Sleeps<number> {
    return this.tryPage(task, gfp)
  }

  freePage(_ctx: Context, _pfn: number): void {
    this.pages--
  }

  tryTimewaitSock(_ctx: Context): number {
    this.timewaitSocks++
    return 0
  }

  freeTimewaitSock(_ctx: Context, _object: number): void {
    this.timewaitSocks--
  }

  pagePfmemalloc(_pfn: number): boolean {
    return false
  }

  gfpPfmemallocAllowed(_ctx: Context, _gfp: number): boolean {
    return false
  }
}

/** True when nothing is left allocated. */
export const hostMemoryIdle = (memory: HostMemory): boolean =>
  memory.heads === 0 && memory.dataBytes === 0 && memory.pages === 0 && memory.timewaitSocks === 0
