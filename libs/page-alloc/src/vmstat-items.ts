// The items of /proc/vmstat, numbered in the order in which v3.6 prints them.
//
// The NUMA lines (numa_hit … numa_other, zone_reclaim_failed) belong to kernels with CONFIG_NUMA.
// source: mm/vmstat.c:vmstat_text, include/linux/mmzone.h:zone_stat_item, include/linux/vm_event_item.h

// kept per zone and summed up
export const NR_FREE_PAGES = 0
export const NR_INACTIVE_ANON = 1
export const NR_ACTIVE_ANON = 2
export const NR_INACTIVE_FILE = 3
export const NR_ACTIVE_FILE = 4
export const NR_UNEVICTABLE = 5
export const NR_MLOCK = 6
export const NR_ANON_PAGES = 7
export const NR_MAPPED = 8
export const NR_FILE_PAGES = 9
export const NR_DIRTY = 10
export const NR_WRITEBACK = 11
export const NR_SLAB_RECLAIMABLE = 12
export const NR_SLAB_UNRECLAIMABLE = 13
export const NR_PAGE_TABLE_PAGES = 14
export const NR_KERNEL_STACK = 15
export const NR_UNSTABLE = 16
export const NR_BOUNCE = 17
export const NR_VMSCAN_WRITE = 18
export const NR_VMSCAN_IMMEDIATE_RECLAIM = 19
export const NR_WRITEBACK_TEMP = 20
export const NR_ISOLATED_ANON = 21
export const NR_ISOLATED_FILE = 22
export const NR_SHMEM = 23
export const NR_DIRTIED = 24
export const NR_WRITTEN = 25
export const NUMA_HIT = 26
export const NUMA_MISS = 27
export const NUMA_FOREIGN = 28
export const NUMA_INTERLEAVE = 29
export const NUMA_LOCAL = 30
export const NUMA_OTHER = 31
export const NR_ANON_TRANSPARENT_HUGEPAGES = 32

// computed, kept up to date by whoever computes them
export const NR_DIRTY_THRESHOLD = 33
export const NR_DIRTY_BACKGROUND_THRESHOLD = 34

// events; families of four are indexed base + zone
export const PGPGIN = 35
export const PGPGOUT = 36
export const PSWPIN = 37
export const PSWPOUT = 38
export const PGALLOC_DMA = 39
export const PGALLOC_DMA32 = 40
export const PGALLOC_NORMAL = 41
export const PGALLOC_MOVABLE = 42
export const PGFREE = 43
export const PGACTIVATE = 44
export const PGDEACTIVATE = 45
export const PGFAULT = 46
export const PGMAJFAULT = 47
export const PGREFILL_DMA = 48
export const PGREFILL_DMA32 = 49
export const PGREFILL_NORMAL = 50
export const PGREFILL_MOVABLE = 51
export const PGSTEAL_KSWAPD_DMA = 52
export const PGSTEAL_KSWAPD_DMA32 = 53
export const PGSTEAL_KSWAPD_NORMAL = 54
export const PGSTEAL_KSWAPD_MOVABLE = 55
export const PGSTEAL_DIRECT_DMA = 56
export const PGSTEAL_DIRECT_DMA32 = 57
export const PGSTEAL_DIRECT_NORMAL = 58
export const PGSTEAL_DIRECT_MOVABLE = 59
export const PGSCAN_KSWAPD_DMA = 60
export const PGSCAN_KSWAPD_DMA32 = 61
export const PGSCAN_KSWAPD_NORMAL = 62
export const PGSCAN_KSWAPD_MOVABLE = 63
export const PGSCAN_DIRECT_DMA = 64
export const PGSCAN_DIRECT_DMA32 = 65
export const PGSCAN_DIRECT_NORMAL = 66
export const PGSCAN_DIRECT_MOVABLE = 67
export const PGSCAN_DIRECT_THROTTLE = 68
export const ZONE_RECLAIM_FAILED = 69
export const PGINODESTEAL = 70
export const SLABS_SCANNED = 71
export const KSWAPD_INODESTEAL = 72
export const KSWAPD_LOW_WMARK_HIT_QUICKLY = 73
export const KSWAPD_HIGH_WMARK_HIT_QUICKLY = 74
export const KSWAPD_SKIP_CONGESTION_WAIT = 75
export const PAGEOUTRUN = 76
export const ALLOCSTALL = 77
export const PGROTATED = 78
export const COMPACT_BLOCKS_MOVED = 79
export const COMPACT_PAGES_MOVED = 80
export const COMPACT_PAGEMIGRATE_FAILED = 81
export const COMPACT_STALL = 82
export const COMPACT_FAIL = 83
export const COMPACT_SUCCESS = 84
export const HTLB_BUDDY_ALLOC_SUCCESS = 85
export const HTLB_BUDDY_ALLOC_FAIL = 86
export const UNEVICTABLE_PGS_CULLED = 87
export const UNEVICTABLE_PGS_SCANNED = 88
export const UNEVICTABLE_PGS_RESCUED = 89
export const UNEVICTABLE_PGS_MLOCKED = 90
export const UNEVICTABLE_PGS_MUNLOCKED = 91
export const UNEVICTABLE_PGS_CLEARED = 92
export const UNEVICTABLE_PGS_STRANDED = 93
export const UNEVICTABLE_PGS_MLOCKFREED = 94
export const THP_FAULT_ALLOC = 95
export const THP_FAULT_FALLBACK = 96
export const THP_COLLAPSE_ALLOC = 97
export const THP_COLLAPSE_ALLOC_FAILED = 98
export const THP_SPLIT = 99

/** First of the five LRU sizes: add the index of the LRU list. */
export const NR_LRU_BASE = NR_INACTIVE_ANON
/** Items below this one are kept per zone. */
export const NR_VM_ZONE_STAT_ITEMS = 33
export const NR_VMSTAT_ITEMS = 100

/** Names by item number. */
export const VMSTAT_NAMES: ReadonlyArray<string> = [
  "nr_free_pages",
  "nr_inactive_anon",
  "nr_active_anon",
  "nr_inactive_file",
  "nr_active_file",
  "nr_unevictable",
  "nr_mlock",
  "nr_anon_pages",
  "nr_mapped",
  "nr_file_pages",
  "nr_dirty",
  "nr_writeback",
  "nr_slab_reclaimable",
  "nr_slab_unreclaimable",
  "nr_page_table_pages",
  "nr_kernel_stack",
  "nr_unstable",
  "nr_bounce",
  "nr_vmscan_write",
  "nr_vmscan_immediate_reclaim",
  "nr_writeback_temp",
  "nr_isolated_anon",
  "nr_isolated_file",
  "nr_shmem",
  "nr_dirtied",
  "nr_written",
  "numa_hit",
  "numa_miss",
  "numa_foreign",
  "numa_interleave",
  "numa_local",
  "numa_other",
  "nr_anon_transparent_hugepages",
  "nr_dirty_threshold",
  "nr_dirty_background_threshold",
  "pgpgin",
  "pgpgout",
  "pswpin",
  "pswpout",
  "pgalloc_dma",
  "pgalloc_dma32",
  "pgalloc_normal",
  "pgalloc_movable",
  "pgfree",
  "pgactivate",
  "pgdeactivate",
  "pgfault",
  "pgmajfault",
  "pgrefill_dma",
  "pgrefill_dma32",
  "pgrefill_normal",
  "pgrefill_movable",
  "pgsteal_kswapd_dma",
  "pgsteal_kswapd_dma32",
  "pgsteal_kswapd_normal",
  "pgsteal_kswapd_movable",
  "pgsteal_direct_dma",
  "pgsteal_direct_dma32",
  "pgsteal_direct_normal",
  "pgsteal_direct_movable",
  "pgscan_kswapd_dma",
  "pgscan_kswapd_dma32",
  "pgscan_kswapd_normal",
  "pgscan_kswapd_movable",
  "pgscan_direct_dma",
  "pgscan_direct_dma32",
  "pgscan_direct_normal",
  "pgscan_direct_movable",
  "pgscan_direct_throttle",
  "zone_reclaim_failed",
  "pginodesteal",
  "slabs_scanned",
  "kswapd_inodesteal",
  "kswapd_low_wmark_hit_quickly",
  "kswapd_high_wmark_hit_quickly",
  "kswapd_skip_congestion_wait",
  "pageoutrun",
  "allocstall",
  "pgrotated",
  "compact_blocks_moved",
  "compact_pages_moved",
  "compact_pagemigrate_failed",
  "compact_stall",
  "compact_fail",
  "compact_success",
  "htlb_buddy_alloc_success",
  "htlb_buddy_alloc_fail",
  "unevictable_pgs_culled",
  "unevictable_pgs_scanned",
  "unevictable_pgs_rescued",
  "unevictable_pgs_mlocked",
  "unevictable_pgs_munlocked",
  "unevictable_pgs_cleared",
  "unevictable_pgs_stranded",
  "unevictable_pgs_mlockfreed",
  "thp_fault_alloc",
  "thp_fault_fallback",
  "thp_collapse_alloc",
  "thp_collapse_alloc_failed",
  "thp_split"
]
