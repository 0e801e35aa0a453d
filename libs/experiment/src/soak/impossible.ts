// Rows of the coverage table that no drawn run can reach, each with its reason. They are no part of the table; a run that reaches
// one all the same is a finding, so that this list cannot grow old.

const ZONES: ReadonlyArray<readonly [zone: string, why: string]> = [
  ["normal", "Zone Normal begins at 3 GiB of memory, which no drawn client has."],
  ["movable", "The model has no zone Movable (kernelcore= and movablecore= are not given)."]
]

const BY_ZONE = [
  "pgalloc",
  "pgrefill",
  "pgsteal_kswapd",
  "pgsteal_direct",
  "pgscan_kswapd",
  "pgscan_direct"
]

const NOT_MODELLED: ReadonlyArray<readonly [names: ReadonlyArray<string>, why: string]> = [
  [
    ["pginodesteal", "kswapd_inodesteal"],
    "Inodes that are pruned with the pages of their file: the model's files keep their inodes."
  ],
  [
    [
      "compact_blocks_moved",
      "compact_pages_moved",
      "compact_pagemigrate_failed",
      "compact_stall",
      "compact_fail",
      "compact_success"
    ],
    "Memory compaction: the kernels of the model are built without CONFIG_COMPACTION."
  ],
  [["htlb_buddy_alloc_success", "htlb_buddy_alloc_fail"], "hugetlbfs: nothing here uses it."],
  [
    [
      "unevictable_pgs_culled",
      "unevictable_pgs_scanned",
      "unevictable_pgs_rescued",
      "unevictable_pgs_mlocked",
      "unevictable_pgs_munlocked",
      "unevictable_pgs_cleared",
      "unevictable_pgs_stranded",
      "unevictable_pgs_mlockfreed"
    ],
    "Unevictable pages: no process of the model locks memory (mlock)."
  ],
  [
    ["thp_fault_alloc", "thp_fault_fallback", "thp_collapse_alloc", "thp_collapse_alloc_failed", "thp_split"],
    "Transparent huge pages: the model has only what they do to min_free_kbytes."
  ]
]

/** Why, by row. */
export const IMPOSSIBLE: ReadonlyMap<string, string> = new Map([
  [
    "outcome corruption",
    "A page that comes back with another content is a fault of swaplab, and a broken law besides."
  ],
  ...BY_ZONE.flatMap((name) => ZONES.map(([zone, why]): [string, string] => [`vmstat ${name}_${zone}`, why])),
  ...NOT_MODELLED.flatMap(([names, why]) => names.map((name): [string, string] => [`vmstat ${name}`, why]))
])
