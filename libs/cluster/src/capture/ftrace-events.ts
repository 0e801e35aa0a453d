// The tracepoints of a client as its kernel prints them: each with its subsystem and the text behind its name.
//
// As v3.5 and v3.6 print them on x86_64: addresses of struct page and of objects are those of the memory map and of the direct map.
// Not modelled: call_site of objects, which is 0; the command of a SCSI request, which is empty; bytes of a request, which Linux
// prints for such commands only.
// source: include/trace/events/vmscan.h, kmem.h, block.h, writeback.h
import { gfpFlagNames, NO_PAGE, PAGEBLOCK_ORDER } from "@swaplab/page-alloc"

/** What is left to print: the name may depend on the values. */
type Print = (values: ReadonlyArray<number>, comm: string) => string

interface Event {
  readonly of: "vmscan" | "kmem" | "block" | "writeback"
  readonly print: Print
  /** The name that it is printed under, where that is not its own. */
  readonly name?: (values: ReadonlyArray<number>) => string
}

/** Bytes of struct page with SLUB's double-word compare and exchange. */
const STRUCT_PAGE = 64

/** %p of the struct of a page frame. */
const page = (pfn: number): string => `ffffea${(pfn * STRUCT_PAGE).toString(16).padStart(10, "0")}`

/** The same where there may be none. */
const pageOrNull = (pfn: number): string =>
  pfn === NO_PAGE ? "page=          (null) pfn=0" : `page=${page(pfn)} pfn=${pfn}`

/** %p of memory at a physical address. */
const pointer = (address: number): string => `ffff88${address.toString(16).padStart(10, "0")}`

/** Names and values, in the order of the values. */
const named = (...names: ReadonlyArray<string>): Print => (values) =>
  names.map((name, i) => `${name}=${values[i]}`).join(" ")

const WB_FLAGS = [[1, "ANON"], [2, "FILE"], [0x10, "MIXED"], [4, "SYNC"], [8, "ASYNC"]] as const

/** show_reclaim_flags(). */
const reclaimFlags = (flags: number): string =>
  WB_FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => `RECLAIM_WB_${name}`).join("|")

/** blk_fill_rwbs(), as far as anything here asks for it. */
const RWBS = ["R", "W", "R", "WS"]

const ofBio: Print = ([major, minor, rwbs, sector, sectors], comm) =>
  `${major},${minor} ${RWBS[rwbs]} ${sector} + ${sectors} [${comm}]`
const ofRequest: Print = ([major, minor, rwbs, sector, sectors], comm) =>
  `${major},${minor} ${RWBS[rwbs]} 0 () ${sector} + ${sectors} [${comm}]`

const general = (name: string, other: string, at: number) => (values: ReadonlyArray<number>): string =>
  values[at] === 1 ? name : other

/** All of them by the names of the tracepoints. */
export const FTRACE_EVENTS = {
  mm_vmscan_kswapd_sleep: { of: "vmscan", print: named("nid") },
  mm_vmscan_kswapd_wake: { of: "vmscan", print: named("nid", "order") },
  mm_vmscan_wakeup_kswapd: { of: "vmscan", print: named("nid", "zid", "order") },
  mm_vmscan_direct_reclaim_begin: {
    of: "vmscan",
    print: ([order, mayWritepage, gfp]) => `order=${order} may_writepage=${mayWritepage} gfp_flags=${gfpFlagNames(gfp)}`
  },
  mm_vmscan_direct_reclaim_end: { of: "vmscan", print: named("nr_reclaimed") },
  mm_vmscan_lru_isolate: {
    of: "vmscan",
    print: named("isolate_mode", "order", "nr_requested", "nr_scanned", "nr_taken", "file")
  },
  mm_vmscan_writepage: {
    of: "vmscan",
    print: ([, pfn, flags]) => `page=${page(pfn)} pfn=${pfn} flags=${reclaimFlags(flags)}`
  },
  mm_vmscan_lru_shrink_inactive: {
    of: "vmscan",
    print: ([nid, zid, scanned, reclaimed, priority, flags]) =>
      `nid=${nid} zid=${zid} nr_scanned=${scanned} nr_reclaimed=${reclaimed} priority=${priority} `
      + `flags=${reclaimFlags(flags)}`
  },
  mm_page_alloc: {
    of: "kmem",
    print: ([pfn, order, type, gfp]) =>
      `${pageOrNull(pfn)} order=${order} migratetype=${type} gfp_flags=${gfpFlagNames(gfp)}`
  },
  mm_page_free: { of: "kmem", print: ([pfn, order]) => `page=${page(pfn)} pfn=${pfn} order=${order}` },
  mm_page_alloc_zone_locked: {
    of: "kmem",
    print: ([pfn, order, type, refill]) =>
      `page=${page(pfn)} pfn=${pfn} order=${order} migratetype=${type} percpu_refill=${refill}`
  },
  mm_page_pcpu_drain: {
    of: "kmem",
    print: ([pfn, order, type]) => `page=${page(pfn)} pfn=${pfn} order=${order} migratetype=${type}`
  },
  mm_page_alloc_extfrag: {
    of: "kmem",
    // the tracepoint compares the two types, whatever came of the block
    print: ([pfn, order, fallback, type, other]) =>
      `page=${page(pfn)} pfn=${pfn} alloc_order=${order} fallback_order=${fallback} pageblock_order=${PAGEBLOCK_ORDER} `
      + `alloc_migratetype=${type} fallback_migratetype=${other} fragmenting=${fallback < PAGEBLOCK_ORDER ? 1 : 0} `
      + `change_ownership=${type === other ? 1 : 0}`
  },
  kmem_cache_alloc: {
    of: "kmem",
    name: general("kmalloc", "kmem_cache_alloc", 4),
    print: ([address, asked, got, gfp]) =>
      `call_site=0 ptr=${pointer(address)} bytes_req=${asked} bytes_alloc=${got} gfp_flags=${gfpFlagNames(gfp)}`
  },
  kmem_cache_free: {
    of: "kmem",
    name: general("kfree", "kmem_cache_free", 1),
    print: ([address]) => `call_site=0 ptr=${pointer(address)}`
  },
  block_bio_queue: { of: "block", print: ofBio },
  block_bio_backmerge: { of: "block", print: ofBio },
  block_bio_frontmerge: { of: "block", print: ofBio },
  block_getrq: { of: "block", print: ofBio },
  block_sleeprq: { of: "block", print: ofBio },
  block_plug: { of: "block", print: (_, comm) => `[${comm}]` },
  block_unplug: { of: "block", print: ([requests], comm) => `[${comm}] ${requests}` },
  block_rq_insert: { of: "block", print: ofRequest },
  block_rq_issue: { of: "block", print: ofRequest },
  block_rq_complete: {
    of: "block",
    print: ([major, minor, rwbs, sector, sectors, errors]) =>
      `${major},${minor} ${RWBS[rwbs]} () ${sector} + ${sectors} [${errors}]`
  },
  writeback_congestion_wait: { of: "writeback", print: named("usec_timeout", "usec_delayed") },
  writeback_wait_iff_congested: { of: "writeback", print: named("usec_timeout", "usec_delayed") }
} as const satisfies Readonly<Record<string, Event>>

/** A tracepoint's name. */
export type FtraceEvent = keyof typeof FTRACE_EVENTS

const NAMES = Object.keys(FTRACE_EVENTS) as ReadonlyArray<FtraceEvent>

/** Subsystems that have tracepoints. */
export const FTRACE_SUBSYSTEMS = [...new Set(NAMES.map((name) => FTRACE_EVENTS[name].of))]

/** The tracepoints that a name means: one of them, all of a subsystem, or none. */
export const ftraceEventsOf = (name: string): ReadonlyArray<FtraceEvent> =>
  NAMES.filter((event) => event === name || FTRACE_EVENTS[event].of === name)
