// Constants of reclaim, by their Linux names.
// source: include/linux/swap.h, include/linux/mmzone.h, include/linux/pagevec.h, mm/vmscan.c

/** Pages taken off a list at a time, and the goal of one direct reclaim. */
export const SWAP_CLUSTER_MAX = 32
/** First priority of a reclaim pass: list sizes are shifted right by it. 0 is the most desperate. */
export const DEF_PRIORITY = 12
export const PAGEVEC_SIZE = 14
export const KSWAPD_ZONE_BALANCE_GAP_RATIO = 100

/** LRU lists in the order in which shrink_lruvec visits them. */
export const LRU_INACTIVE_ANON = 0
export const LRU_ACTIVE_ANON = 1
export const LRU_INACTIVE_FILE = 2
export const LRU_ACTIVE_FILE = 3
export const LRU_UNEVICTABLE = 4
export const NR_LRU_LISTS = 5
/** Distance from an inactive list to its active list. */
export const LRU_ACTIVE = 1
export const LRU_FILE = 2

/** HZ/10: congestion_wait in reclaim and kswapd's short sleep. */
export const HZ_10_NS = 100_000_000
/** HZ: the longest a GFP_NOFS caller is throttled. */
export const HZ_NS = 1_000_000_000

/** Index of ZONE_NORMAL: the throttle looks at the zones up to this one. */
export const ZONE_NORMAL = 2
