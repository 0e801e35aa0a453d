// Sysctls written while a machine runs, as `sysctl -w` does: whoever reads the value next sees the other one.
// Modelled: a connection keeps what it took up at its beginning (tcp_sack, tcp_timestamps, tcp_window_scaling, the congestion
//   control and its parameters), so that another value counts for the next one.
// Not modelled: values that this model settles at boot, although Linux takes them up at once; see `SYSCTLS_OF_BOOT`.
// source: kernel/sysctl.c
import type { Machine } from "./machine.ts"
import type { SysctlName, Sysctls } from "./sysctls.ts"

/** Sysctls that only a boot can exchange here, with the reason. */
export const SYSCTLS_OF_BOOT: Readonly<Partial<Record<SysctlName, string>>> = {
  "net.core.netdev_max_backlog": "the queue is made at boot",
  "net.core.netdev_budget": "each softirq has it",
  "net.ipv4.tcp_mem": "the limits of memory are set at boot",
  "net.ipv4.tcp_rmem": "the limits of memory are set at boot",
  "net.ipv4.tcp_wmem": "the limits of memory are set at boot"
}

/** A sysctl of memory that takes effect when it is written. */
export interface MemorySysctl {
  /** Its largest value, in Linux's unit. */
  readonly most: number
  /** Null: the kernel of this machine has it not. */
  readonly read: (machine: Machine) => number | null
  readonly write: (machine: Machine, value: number) => void
}

/** One of a kernel with memory nodes. */
const ofNodes = (most: number, field: "minSlabRatio" | "minUnmappedRatio" | "zoneReclaimMode"): MemorySysctl => ({
  most,
  read: ({ pages: { numa } }) => numa === null ? null : numa[field],
  write: ({ pages: { numa } }, value) => {
    if (numa !== null) numa[field] = value
  }
})

/** Sysctls of reclaim, which a machine has before it has swap. */
const RECLAIM_SYSCTLS = {
  "vm.swappiness": {
    most: 100,
    read: ({ vmscan: { pgdat } }) => pgdat.swappiness,
    write: ({ vmscan: { pgdats } }, value) => {
      for (const pgdat of pgdats) pgdat.swappiness = value
    }
  },
  "vm.zone_reclaim_mode": ofNodes(7, "zoneReclaimMode"),
  "vm.min_unmapped_ratio": ofNodes(100, "minUnmappedRatio"),
  "vm.min_slab_ratio": ofNodes(100, "minSlabRatio")
} as const satisfies Readonly<Record<string, MemorySysctl>>

/** Sysctls of memory, in Linux's units: swappiness, a power of two of pages, kB, bits, percent of a zone. */
export const MEMORY_SYSCTLS = {
  ...RECLAIM_SYSCTLS,
  "vm.page-cluster": {
    most: 9,
    read: ({ swap: { readahead } }) => readahead.pageCluster,
    write: ({ swap: { readahead } }, value) => {
      readahead.pageCluster = value
    }
  },
  "vm.min_free_kbytes": {
    most: 65_536,
    read: ({ pages }) => pages.minFreeKbytes,
    write: ({ pages }, value) => pages.setMinFreeKbytes(value)
  }
} as const satisfies Readonly<Record<string, MemorySysctl>>

const write = (rows: Readonly<Record<string, MemorySysctl>>, machine: Machine, values: object): void => {
  for (const [name, value] of Object.entries(values)) if (typeof value === "number") rows[name]?.write(machine, value)
}

/** Sets the sysctls of reclaim of a machine that boots. */
export const setReclaimSysctls = (machine: Machine, values: Sysctls): void => write(RECLAIM_SYSCTLS, machine, values)

/** Writes sysctls of a running machine, none of them of {@link SYSCTLS_OF_BOOT}; those that are not named stay as they are. */
export const switchSysctls = (machine: Machine, values: Sysctls): void => {
  const net = Object.entries(values).filter(([name]) => !(name in MEMORY_SYSCTLS))
  machine.net.setSysctls(Object.fromEntries(net))
  write(MEMORY_SYSCTLS, machine, values)
}
