// What a client is made of, and what it is plugged into.
import type { CardName, Coalescing, Ethtool, Packets, Wire } from "@swaplab/net-skb"
import type { MempolicyMode, NumaOptions, PresentPages } from "@swaplab/page-alloc"
import type { Nanoseconds } from "@swaplab/sim"
import type { Costs } from "./costs.ts"
import type { KernelSpec } from "./patches/kernel-spec.ts"
import type { SwapExtras } from "./swap-setup.ts"
import type { Sysctls } from "./sysctls.ts"

/** Memory nodes of a client, and what its processes may use of them. */
interface MachineNuma extends NumaOptions {
  /** Memory policy of each user process; null: the default policy. */
  readonly policy: { readonly mode: MempolicyMode; readonly nodes: number } | null
  /** Nodes that the cpuset of the user processes allows, one bit each. */
  readonly memsAllowed: number
  /** cpuset.mem_hardwall: kernel memory of the tasks in that cpuset does not leave it either; false if absent. */
  readonly memHardwall?: boolean
  /** Kernel threads that are bound to no CPU and no node are in that cpuset as well; false if absent. */
  readonly kernelThreads?: boolean
  /** Node whose first CPU takes the interrupts of the card. */
  readonly cardNode: number
}

/** What a client is made of. */
export interface MachineSpec {
  readonly name: string
  /** Number of the client in the cluster; part of its content tokens. */
  readonly index: number
  /** Address on the LAN. */
  readonly host: number
  readonly kernel: KernelSpec
  readonly ramBytes: number
  /** Present pages of each zone, as a real machine has them; without it those of a PC with so much RAM. */
  readonly presentPages?: PresentPages
  readonly cpus: number
  /** CONFIG_NUMA with these memory nodes; absent: off, as on all machines with one node. */
  readonly numa?: MachineNuma
  /** Transparent huge pages at boot: raises min_free_kbytes about eightfold. The pages themselves are not modelled. */
  readonly thp: boolean
  /** vm.min_free_kbytes, or null for the kernel's own value. */
  readonly minFreeKbytes: number | null
  /** Clean page cache at boot, in pages. */
  readonly pageCachePages: number
  /** Slots of the swap area on nbd0, header included; 0: it has none. */
  readonly swapSlots: number
  /** zram, zswap and dm-crypt. */
  readonly swapExtras?: SwapExtras
  /** /sys/block/nbd0/queue/nr_requests, and that of nbd1; Linux's default if absent. */
  readonly nrRequests?: number
  readonly nic: {
    readonly driver: CardName
    readonly rxRing: number
    readonly txRing: number
    /** Skbs that may wait for the transmit ring (txqueuelen); the card's default if absent. */
    readonly txQueue?: number
    /** Least time between two interrupts. */
    readonly interruptGapNs: Nanoseconds
    /** How interrupts are moderated; by `interruptGapNs` alone if absent. */
    readonly coalesce?: Coalescing | null
    /** What `ethtool -K` is called with at boot. */
    readonly ethtool?: Ethtool
  }
  /** User processes that will be started, and the pages that each one maps. */
  readonly processes: number
  readonly pagesPerProcess: number
  /** Pages that each further process maps; they are numbered from `processes` on. */
  readonly otherProcesses?: ReadonlyArray<number>
  readonly costs: Costs
  /** Sysctls that were set. */
  readonly sysctls?: Sysctls
  /** How long it has been up already; 0, it boots now, if absent. */
  readonly uptimeNs?: Nanoseconds
  /** Number of its first socket: of a machine that boots again, above those of before. */
  readonly firstSocket?: number
}

/** What the machine is plugged into. */
export interface MachinePlugs {
  readonly packets: Packets
  readonly wire: Wire
}
