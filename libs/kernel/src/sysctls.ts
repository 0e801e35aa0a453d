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
  }
} as const satisfies Readonly<Record<string, SysctlRow>>

/** The table. */
export const SYSCTLS = { ...NET_SYSCTLS, ...VM_SYSCTLS }

export type SysctlName = keyof typeof SYSCTLS
/** What was set on a machine. */
export type Sysctls = Partial<SysctlValues<typeof SYSCTLS>>
