// What the caller of an allocator asks for: gfp masks.
//
// Modelled: all bits and combinations of v3.6 as x86_64_defconfig sets them; CONFIG_NUMA, which is off unless nodes are given,
// decides GFP_THISNODE; zone and migrate-type selection, the way tracepoints print masks. Not modelled: HighMem (x86-64 has
// none), __GFP_WRITE dirty limits per zone.
// source: include/linux/gfp.h, include/trace/events/gfpflags.h, mm/internal.h

/** The page must lie below 16 MiB. */
export const __GFP_DMA = 0x1
export const __GFP_HIGHMEM = 0x2
/** The page must lie below 4 GiB. */
export const __GFP_DMA32 = 0x4
/** The page can be migrated or reclaimed: mobility grouping puts it among its like. */
export const __GFP_MOVABLE = 0x8
/** The caller may sleep and enter direct reclaim. */
export const __GFP_WAIT = 0x10
/** The caller may use half of the min reserve; numerically equal to ALLOC_HIGH. */
export const __GFP_HIGH = 0x20
/** Reclaim may start physical I/O. */
export const __GFP_IO = 0x40
/** Reclaim may call into filesystems; also the gate to the OOM killer. */
export const __GFP_FS = 0x80
/** Take a page that is cold in the CPU's cache. */
export const __GFP_COLD = 0x100
/** No message when the allocation fails. */
export const __GFP_NOWARN = 0x200
export const __GFP_REPEAT = 0x400
export const __GFP_NOFAIL = 0x800
export const __GFP_NORETRY = 0x1000
/** The caller may ignore the watermarks; obeyed where the switch `gfpMemalloc` is on. */
export const __GFP_MEMALLOC = 0x2000
export const __GFP_COMP = 0x4000
export const __GFP_ZERO = 0x8000
/** Never use the reserves; wins over __GFP_MEMALLOC, PF_MEMALLOC and TIF_MEMDIE. */
export const __GFP_NOMEMALLOC = 0x10000
export const __GFP_HARDWALL = 0x20000
export const __GFP_THISNODE = 0x40000
/** The page holds reclaimable slab objects. */
export const __GFP_RECLAIMABLE = 0x80000
/** 0x200000 with CONFIG_KMEMCHECK only; in every other build the flag has no bit and no mask shows it. */
export const __GFP_NOTRACK = 0
export const __GFP_NO_KSWAPD = 0x400000
export const __GFP_OTHER_NODE = 0x800000
export const __GFP_WRITE = 0x1000000

export const GFP_NOWAIT = 0
export const GFP_ATOMIC = __GFP_HIGH
export const GFP_NOIO = __GFP_WAIT
export const GFP_NOFS = __GFP_WAIT | __GFP_IO
export const GFP_KERNEL = __GFP_WAIT | __GFP_IO | __GFP_FS
export const GFP_TEMPORARY = __GFP_WAIT | __GFP_IO | __GFP_FS | __GFP_RECLAIMABLE
export const GFP_USER = GFP_KERNEL | __GFP_HARDWALL
export const GFP_HIGHUSER = GFP_USER | __GFP_HIGHMEM
export const GFP_HIGHUSER_MOVABLE = GFP_HIGHUSER | __GFP_MOVABLE
export const GFP_IOFS = __GFP_IO | __GFP_FS
export const GFP_TRANSHUGE = GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN |
  __GFP_NO_KSWAPD
/** On a UMA build: no bits at all, so slab's first probe uses the caller's real mask. */
export const GFP_THISNODE = 0
/** On a NUMA build; a mask that holds all three bits never enters the slow path. */
export const GFP_THISNODE_NUMA = __GFP_THISNODE | __GFP_NOWARN | __GFP_NORETRY

export const ZONE_DMA = 0
export const ZONE_DMA32 = 1
export const ZONE_NORMAL = 2
export const ZONE_MOVABLE = 3
export const MAX_NR_ZONES = 4

/** Highest usable zone for the four zone bits of a mask; −1 for combinations that Linux calls a bug. */
const ZONE_OF_BITS: ReadonlyArray<number> = [
  ZONE_NORMAL, // none
  ZONE_DMA, // DMA
  ZONE_NORMAL, // HIGHMEM
  -1,
  ZONE_DMA32, // DMA32
  -1,
  -1,
  -1,
  ZONE_NORMAL, // MOVABLE
  ZONE_DMA, // MOVABLE|DMA
  ZONE_MOVABLE, // MOVABLE|HIGHMEM
  -1,
  ZONE_DMA32, // MOVABLE|DMA32
  -1,
  -1,
  -1
]

/** gfp_zone(): index of the highest zone the mask may use, −1 if its zone bits contradict each other. */
export const gfpZone = (gfp: number): number => ZONE_OF_BITS[gfp & 15]

/** Migrate types; the free lists of each order are kept apart by these. */
export const MIGRATE_UNMOVABLE = 0
export const MIGRATE_RECLAIMABLE = 1
export const MIGRATE_MOVABLE = 2
/** Types that have per-CPU lists. */
export const MIGRATE_PCPTYPES = 3
export const MIGRATE_RESERVE = 3
export const MIGRATE_ISOLATE = 4
/** Without CMA. */
export const MIGRATE_TYPES = 5

/** Names as in /proc/pagetypeinfo. */
export const MIGRATE_TYPE_NAMES: ReadonlyArray<string> = ["Unmovable", "Reclaimable", "Movable", "Reserve", "Isolate"]

/** allocflags_to_migratetype() with mobility grouping on. */
export const gfpMigrateType = (gfp: number): number => ((gfp & __GFP_MOVABLE) >> 2) | ((gfp & __GFP_RECLAIMABLE) >> 19)

/** Combinations and flags in the order in which Linux peels them off a mask, greedily. */
const GFP_NAMES: ReadonlyArray<readonly [number, string]> = [
  [GFP_TRANSHUGE, "GFP_TRANSHUGE"],
  [GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE"],
  [GFP_HIGHUSER, "GFP_HIGHUSER"],
  [GFP_USER, "GFP_USER"],
  [GFP_TEMPORARY, "GFP_TEMPORARY"],
  [GFP_KERNEL, "GFP_KERNEL"],
  [GFP_NOFS, "GFP_NOFS"],
  [GFP_ATOMIC, "GFP_ATOMIC"],
  [GFP_NOIO, "GFP_NOIO"],
  [__GFP_HIGH, "GFP_HIGH"],
  [__GFP_WAIT, "GFP_WAIT"],
  [__GFP_IO, "GFP_IO"],
  [__GFP_COLD, "GFP_COLD"],
  [__GFP_NOWARN, "GFP_NOWARN"],
  [__GFP_REPEAT, "GFP_REPEAT"],
  [__GFP_NOFAIL, "GFP_NOFAIL"],
  [__GFP_NORETRY, "GFP_NORETRY"],
  [__GFP_COMP, "GFP_COMP"],
  [__GFP_ZERO, "GFP_ZERO"],
  [__GFP_NOMEMALLOC, "GFP_NOMEMALLOC"],
  [__GFP_MEMALLOC, "GFP_MEMALLOC"],
  [__GFP_HARDWALL, "GFP_HARDWALL"],
  [__GFP_THISNODE, "GFP_THISNODE"],
  [__GFP_RECLAIMABLE, "GFP_RECLAIMABLE"],
  [__GFP_MOVABLE, "GFP_MOVABLE"],
  [__GFP_NOTRACK, "GFP_NOTRACK"],
  [__GFP_NO_KSWAPD, "GFP_NO_KSWAPD"],
  [__GFP_OTHER_NODE, "GFP_OTHER_NODE"]
]

/**
 * show_gfp_flags(): the mask as tracepoints print it; bits without a name are appended in hex. A flag without a bit is
 * contained in every mask, so GFP_NOTRACK shows when something is left over that the list above it did not name, as in Linux.
 */
export const gfpFlagNames = (gfp: number): string => {
  if (gfp === 0) return "GFP_NOWAIT"
  const names: Array<string> = []
  let rest = gfp
  for (const [mask, name] of GFP_NAMES) {
    if (rest === 0) break
    if ((rest & mask) !== mask) continue
    names.push(name)
    rest &= ~mask
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`)
  return names.join("|")
}
