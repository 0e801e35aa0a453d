// The sysctls of an emulated machine: those of its network (net-skb), and those of its memory.
// Not a row: vm.min_free_kbytes, which MachineSpec has by itself. No mechanism: vm.dirty_*, vm.vfs_cache_pressure,
//   vm.overcommit_*, vm.lowmem_reserve_ratio, vm.watermark_*.
// source: kernel/sysctl.c, Documentation/sysctl/vm.txt
import { NET_SYSCTLS, type SysctlRow, type SysctlValues } from "@swaplab/net-skb"

const VM_SYSCTLS = {
  "vm.swappiness": {
    kind: "whole",
    min: 0,
    max: 100,
    standard: 60,
    unit: "",
    meaning: "Weight of anonymous pages against pages of files in reclaim. 0: files first, as far as there are any.",
    source: "mm/vmscan.c:get_scan_count"
  },
  "vm.page-cluster": {
    kind: "whole",
    min: 0,
    max: 9,
    standard: null,
    unit: "",
    meaning:
      "Pages that a page-in reads around its own, as a power of two: 3 are 8 pages. Default: 3, 2 below 16 MiB of RAM.",
    source: "mm/swap_state.c:swapin_readahead"
  },
  "vm.zone_reclaim_mode": {
    kind: "whole",
    min: 0,
    max: 7,
    standard: null,
    unit: "",
    meaning:
      "Reclaim in the zones of the own memory node before another node is asked: 1 clean unmapped pages of files, with 2 dirty ones, "
      + "with 4 mapped and swapped ones too. Default: 0, 1 where numa.distance is above 30.",
    source: "mm/vmscan.c:zone_reclaim"
  },
  "vm.min_unmapped_ratio": {
    kind: "whole",
    min: 0,
    max: 100,
    standard: 1,
    unit: "percent of a zone",
    meaning: "Pages of files, not mapped, that vm.zone_reclaim_mode leaves in a zone.",
    source: "mm/vmscan.c:zone_reclaim"
  },
  "vm.min_slab_ratio": {
    kind: "whole",
    min: 0,
    max: 100,
    standard: 5,
    unit: "percent of a zone",
    meaning: "Reclaimable slab pages that vm.zone_reclaim_mode leaves in a zone.",
    source: "mm/vmscan.c:__zone_reclaim"
  }
} as const satisfies Readonly<Record<string, SysctlRow>>

/** The table. */
export const SYSCTLS = { ...NET_SYSCTLS, ...VM_SYSCTLS }

export type SysctlName = keyof typeof SYSCTLS
/** What was set on a machine. */
export type Sysctls = Partial<SysctlValues<typeof SYSCTLS>>
