// A root image mounted read-only: its page cache, its mappings, and what reclaim does with them.
//
// A page of a file lives in the page cache from the read that brings it to the day on which reclaim drops it. Programs map
// it in between. `Frames.rmap` of a mapped page is numbered after the entries of anonymous memory: `firstMapping` + page.
//
// Modelled: minor and major faults with read-around and asynchronous read-ahead, read(2), page-table pages, the young bit,
//   VM_EXEC, unmapping by reclaim and at the end of a program, read errors (SIGBUS on a fault, false on a read), content
//   tokens of every page.
// Not modelled: more than one mapping of a page. All programs of a client share one page table for files, so page_mapcount
//   is 0 or 1. What that costs: a program that starts while another one has its libraries mapped takes no minor faults for
//   them and has no page tables of its own for them; a page that two programs use counts as one reference, where Linux
//   would activate it at the first look (referenced_ptes > 1). Private writable mappings: data of programs is anonymous
//   memory. The rss of a process, for the OOM killer, has no file pages: nobody knows whose they are.
// A fault that waits for a page counts once in pgfault, as in mm.ts.
// source: mm/filemap.c:filemap_fault, do_async_mmap_readahead; mm/memory.c:__do_fault, zap_pte_range; mm/rmap.c:
//   page_referenced_one, try_to_unmap_one
import type { BlockQueue } from "@swaplab/blk"
import {
  type Context,
  type Frames,
  NO_PAGE,
  NONE,
  NR_MAPPED,
  NR_PAGE_TABLE_PAGES,
  type PageAllocator,
  PG_uptodate,
  PGFAULT,
  PGMAJFAULT
} from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import type { PageLocks, RadixPreloads } from "@swaplab/swap"
import { REFERENCED_EXEC, SWAP_SUCCESS, type Vmscan } from "@swaplab/vmscan"
import type { Costs } from "../costs.ts"
import { FAULT_DONE, FAULT_OOM, FAULT_SIGBUS, GFP_PGTABLE } from "../mm/mm.ts"
import { PTRS_PER_PTE } from "../mm/page-table.ts"
import type { KernelTask } from "../task.ts"
import { AddressSpace, PTE_FILE_EXEC, PTE_FILE_MAPPED, PTE_FILE_YOUNG } from "./address-space.ts"
import { Ext4Format } from "./ext4-format.ts"
import { RootDevice } from "./root-device.ts"
import { type RootFile, RootFileTable } from "./root-file.ts"
import type { RootFiles } from "./root-files.ts"
import { RootReader } from "./root-reader.ts"
import { rootDevicePages, type RootSpec } from "./root-spec.ts"
import { SquashfsFormat } from "./squashfs-format.ts"

/** FAULT_DONE, after the page was read (VM_FAULT_MAJOR). */
const FAULT_MAJOR = 3

/** The pieces that an image works with. */
export interface RootImageParts {
  readonly sim: Sim
  readonly pages: PageAllocator
  readonly vmscan: Vmscan
  readonly locks: PageLocks
  readonly preloads: RadixPreloads
  readonly costs: Costs
  /** Number of the first file mapping in `Frames.rmap`. */
  readonly firstMapping: number
  readonly log: (message: string) => void
  readonly corrupted: (message: string) => void
  /** A major fault took that long, from the access to the mapped page. */
  readonly onMajorFault: (ns: number) => void
}

/** The root image of one machine. */
export class RootImage implements RootFiles {
  readonly spec: RootSpec
  readonly device: RootDevice
  /** Page cache of the files. */
  readonly files: AddressSpace
  /** Page cache of the block device, for a format that reads through it. */
  readonly buffers: AddressSpace | null
  readonly reader: RootReader
  readonly squashfs: SquashfsFormat | null
  readonly firstMapping: number
  /** Mapped pages (NR_FILE_MAPPED), page-table pages. */
  mapped = 0
  pageTablePages = 0
  readonly #parts: RootImageParts
  readonly #frames: Frames
  readonly #table: RootFileTable
  /** pfn of each page-table page, NO_PAGE while it does not exist. */
  readonly #tablePages: Int32Array

  constructor(parts: RootImageParts, spec: RootSpec, queue: BlockQueue) {
    const { pages, vmscan, locks, sim } = parts
    this.spec = spec
    this.#parts = parts
    this.#frames = pages.frames
    this.firstMapping = parts.firstMapping
    this.device = new RootDevice(parts, queue, spec.tokenWriter)
    const { device } = this
    const devicePages = rootDevicePages(spec)
    if (spec.format.kind === "squashfs") {
      this.buffers = new AddressSpace(parts, devicePages, 0)
      this.files = new AddressSpace(parts, spec.pages, devicePages)
      const { files, buffers } = this
      this.squashfs = new SquashfsFormat({ sim, pages, vmscan, locks, device, files, buffers, log: parts.log }, spec)
    } else {
      this.buffers = null
      this.files = new AddressSpace(parts, spec.pages, 0)
      this.squashfs = null
    }
    const format = this.squashfs ?? new Ext4Format(device)
    this.reader = new RootReader({ ...parts, device, files: this.files, format })
    this.#table = new RootFileTable(this.files, spec.readaheadPages)
    this.#tablePages = new Int32Array(Math.ceil(spec.pages / PTRS_PER_PTE)).fill(NO_PAGE)
  }

  // — what programs do —

  get pages(): number {
    return this.spec.pages
  }

  get losses(): Uint32Array {
    return this.files.losses
  }

  addFile(from: number, to: number): void {
    this.#table.add(from, to)
  }

  mapExecutable(from: number, to: number): void {
    assert(from >= 0 && from <= to && to <= this.pages, "program text lies outside its image")
    for (let page = from; page < to; page++) this.files.setBits(page, PTE_FILE_EXEC)
  }

  tryTouch(task: KernelTask, page: number): boolean {
    const piece = this.files.pieces[page >>> 9]
    if (piece === null) return false
    const entry = piece[page & 511]
    if ((entry & PTE_FILE_MAPPED) === 0) return false
    piece[page & 511] = entry | PTE_FILE_YOUNG
    task.user(this.#parts.costs.touchNs)
    return true
  }

  *fault(task: KernelTask, page: number): Sleeps<number> {
    assert(page >= 0 && page < this.pages, "a fault outside the image")
    const start = task.sim.now
    for (;;) {
      const result = yield* this.#handleFault(task, page)
      if (result === FAULT_DONE || result === FAULT_MAJOR) {
        task.user(this.#parts.costs.touchNs)
        if (result === FAULT_MAJOR) this.#parts.onMajorFault(task.sim.now - start + task.ns)
        return FAULT_DONE
      }
      if (result !== FAULT_OOM || task.killed) return result
      yield* this.#parts.vmscan.pagefaultOutOfMemory(task)
    }
  }

  *read(task: KernelTask, from: number, to: number): Sleeps<boolean> {
    assert(from >= 0 && from <= to && to <= this.pages, "a read outside the image")
    for (let at = from; at < to;) {
      const file = this.#table.of(at)
      const end = Math.min(to, file.to)
      if (!(yield* this.reader.read(task, file, at, end))) return false
      at = end
    }
    return true
  }

  unmap(task: KernelTask, from: number, to: number): void {
    assert(from >= 0 && from <= to && to <= this.pages, "unmapping outside the image")
    const { files } = this
    for (let page = from; page < to; page++) {
      const bits = files.bits(page)
      if ((bits & PTE_FILE_MAPPED) === 0) continue
      const pfn = files.find(page)
      if ((bits & PTE_FILE_YOUNG) !== 0) this.#parts.vmscan.lru.markAccessed(task, pfn)
      this.#clearMapping(page, pfn)
      this.#parts.vmscan.lru.putPage(task, pfn)
    }
    for (let table = Math.floor(from / PTRS_PER_PTE); table * PTRS_PER_PTE < to; table++) this.#freeTable(task, table)
  }

  // — what reclaim does —

  /** page_referenced: tests and clears the young bit of a mapped page. */
  pageReferenced(pfn: number): number {
    const page = this.#frames.rmap[pfn] - this.firstMapping
    const bits = this.files.bits(page)
    if ((bits & PTE_FILE_YOUNG) === 0) return 0
    this.files.clearBits(page, PTE_FILE_YOUNG)
    return (bits & PTE_FILE_EXEC) !== 0 ? 1 | REFERENCED_EXEC : 1
  }

  /** pte_young of a mapped page. */
  isYoung(pfn: number): boolean {
    return (this.files.bits(this.#frames.rmap[pfn] - this.firstMapping) & PTE_FILE_YOUNG) !== 0
  }

  /** try_to_unmap: the entry of a file page is cleared; the page cache knows where it is. */
  tryToUnmap(_ctx: Context, pfn: number): number {
    this.#clearMapping(this.#frames.rmap[pfn] - this.firstMapping, pfn)
    this.#frames.refCount[pfn]--
    assert(this.#frames.refCount[pfn] > 0, "a page was unmapped that nobody else held")
    return SWAP_SUCCESS
  }

  /** __remove_mapping. */
  removeMapping(ctx: Context, pfn: number): boolean {
    const { buffers, files } = this
    const space = buffers !== null && ~this.#frames.private[pfn] < files.first ? buffers : files
    return space.removeMapping(ctx, pfn)
  }

  checkInvariants(): void {
    const mapped = this.files.checkInvariants()
    this.buffers?.checkInvariants()
    this.squashfs?.checkInvariants()
    this.device.queue.checkInvariants()
    assert(mapped === this.mapped, "mapped pages of files were miscounted")
    assert(this.#parts.pages.vmstat.items[NR_MAPPED] === mapped, "nr_mapped differs from the mapped pages of files")
    let tables = 0
    for (const [table, pfn] of this.#tablePages.entries()) {
      if (pfn !== NO_PAGE) tables++
      else assert(!this.#anyMapped(table), "a page of a file is mapped without a page table")
    }
    assert(tables === this.pageTablePages, "page tables of files were miscounted")
    const { readsEnded, readsSubmitted } = this.device.counters
    assert(readsSubmitted >= readsEnded, "more reads of the image ended than were submitted")
  }

  // — inside —

  /** handle_mm_fault, do_linear_fault, filemap_fault: FAULT_DONE, FAULT_MAJOR, FAULT_OOM or FAULT_SIGBUS. */
  *#handleFault(task: KernelTask, page: number): Sleeps<number> {
    const { costs, locks, pages: { vmstat }, vmscan } = this.#parts
    const { flags } = this.#frames
    const { files, reader } = this
    const file = this.#table.of(page)
    task.ns += costs.minorFaultNs
    if (!(yield* this.#allocTable(task, page))) return FAULT_OOM
    let done = FAULT_DONE
    let pfn = files.findGet(page)
    if (pfn !== NO_PAGE) {
      yield* this.#asyncMmapReadahead(task, file, page, pfn)
    } else {
      yield* reader.readAround(task, file, page)
      done = FAULT_MAJOR
      vmstat.inc(PGMAJFAULT)
      pfn = yield* reader.pageCacheRead(task, file, page)
      if (pfn === NO_PAGE) return FAULT_OOM
    }
    for (let again = false; !locks.tryLock(pfn); again = true) {
      if (!(yield* locks.waitUnlockedKillable(task, pfn))) {
        vmscan.lru.putPage(task, pfn)
        return FAULT_OOM
      }
      // lock_page_or_retry has let go of mmap_sem: the fault is entered once more, and finds the page
      if (!again) yield* this.#asyncMmapReadahead(task, file, page, pfn)
    }
    if ((flags[pfn] & PG_uptodate) === 0) {
      const complete = yield* reader.readAgain(task, file, page, pfn)
      if (!complete) {
        vmscan.lru.putPage(task, pfn)
        reader.shrinkReadahead(file.mapped)
        return FAULT_SIGBUS
      }
      yield* locks.lock(task, pfn)
    }
    // another program of the table may have ended meanwhile, and the table with it
    if (!(yield* this.#allocTable(task, page))) {
      locks.unlock(pfn)
      vmscan.lru.putPage(task, pfn)
      return FAULT_OOM
    }
    this.device.checkToken(pfn)
    vmstat.inc(PGFAULT)
    this.#map(task, page, pfn)
    locks.unlock(pfn)
    return done
  }

  /** do_async_mmap_readahead. */
  *#asyncMmapReadahead(task: KernelTask, file: RootFile, page: number, pfn: number): Sleeps<void> {
    const ra = file.mapped
    if (ra.mmapMiss > 0) ra.mmapMiss--
    yield* this.reader.asyncReadahead(task, file, ra, page, pfn, ra.raPages)
  }

  /** The end of __do_fault: the reference of the caller becomes that of the entry, unless another task was faster. */
  #map(task: KernelTask, page: number, pfn: number): void {
    const { files } = this
    if ((files.bits(page) & PTE_FILE_MAPPED) !== 0) {
      this.#parts.vmscan.lru.putPage(task, pfn)
      return
    }
    files.setBits(page, PTE_FILE_MAPPED | PTE_FILE_YOUNG)
    this.#frames.rmap[pfn] = this.firstMapping + page
    this.mapped++
    this.#parts.pages.zoneOf(pfn).modState(NR_MAPPED, 1)
  }

  #clearMapping(page: number, pfn: number): void {
    assert(this.files.find(page) === pfn, "reverse map and page cache disagree")
    this.files.clearBits(page, PTE_FILE_MAPPED | PTE_FILE_YOUNG)
    this.#frames.rmap[pfn] = NONE
    this.mapped--
    this.#parts.pages.zoneOf(pfn).modState(NR_MAPPED, -1)
  }

  *#allocTable(task: KernelTask, page: number): Sleeps<boolean> {
    const table = Math.floor(page / PTRS_PER_PTE)
    if (this.#tablePages[table] !== NO_PAGE) return true
    const pfn = yield* this.#parts.pages.alloc(task, GFP_PGTABLE, 0)
    if (pfn === NO_PAGE) return false
    if (this.#tablePages[table] !== NO_PAGE) {
      // another task was faster
      this.#parts.pages.free(task, pfn, 0)
      return true
    }
    this.#tablePages[table] = pfn
    this.pageTablePages++
    this.#parts.pages.zoneOf(pfn).modState(NR_PAGE_TABLE_PAGES, 1)
    return true
  }

  /** free_pgtables, of a table that maps nothing. */
  #freeTable(ctx: Context, table: number): void {
    const pfn = this.#tablePages[table]
    if (pfn === NO_PAGE || this.#anyMapped(table)) return
    this.#tablePages[table] = NO_PAGE
    this.pageTablePages--
    this.#parts.pages.zoneOf(pfn).modState(NR_PAGE_TABLE_PAGES, -1)
    this.#parts.pages.free(ctx, pfn, 0)
  }

  #anyMapped(table: number): boolean {
    return this.files.pieces[table]?.some((entry) => (entry & PTE_FILE_MAPPED) !== 0) ?? false
  }
}
