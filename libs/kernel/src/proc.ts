// The files of /proc that tools read on a client, in one place.
// Modelled: meminfo of a v3.6 x86_64 kernel with CONFIG_MEMORY_FAILURE and CONFIG_HUGETLB_PAGE; AnonHugePages is there
//   where /proc/vmstat has its thp lines. vmstat, buddyinfo, zoneinfo, slabinfo, swaps and diskstats come from the libs
//   that keep the figures.
// Not modelled: the memory of the kernel image and of the boot allocations, so MemTotal is all of the memory that is
//   present, some 10 MiB more than a real machine prints; mlock, shmem, kernel stacks, vmalloc and bounce
//   buffers, whose lines are 0; the pieces of the direct map that are mapped in 4-KiB pages.
// source: fs/proc/meminfo.c:meminfo_proc_show, mm/hugetlb.c:hugetlb_report_meminfo, arch/x86/mm/pageattr.c
import {
  NR_ACTIVE_ANON,
  NR_ACTIVE_FILE,
  NR_ANON_PAGES,
  NR_ANON_TRANSPARENT_HUGEPAGES,
  NR_BOUNCE,
  NR_DIRTY,
  NR_DIRTY_BACKGROUND_THRESHOLD,
  NR_DIRTY_THRESHOLD,
  NR_FILE_PAGES,
  NR_FREE_PAGES,
  NR_INACTIVE_ANON,
  NR_INACTIVE_FILE,
  NR_KERNEL_STACK,
  NR_MAPPED,
  NR_MLOCK,
  NR_PAGE_TABLE_PAGES,
  NR_SHMEM,
  NR_SLAB_RECLAIMABLE,
  NR_SLAB_UNRECLAIMABLE,
  NR_UNEVICTABLE,
  NR_UNSTABLE,
  NR_WRITEBACK,
  NR_WRITEBACK_TEMP
} from "@swaplab/page-alloc"
import { KIB_PER_PAGE, KIB_PER_STACK } from "./kib.ts"
import type { Machine } from "./machine.ts"
import { memInfoText } from "./mem-info.ts"
import { netstatText, snmpText, sockstatText } from "./socket-files.ts"
import { cpuinfoText, loadavgText, netDevText, statText, uptimeText } from "./time-files.ts"

/** vm.overcommit_ratio, in percent. */
const OVERCOMMIT_RATIO = 50

/** The vmalloc area of x86_64: 2^45 − 1 bytes. */
const VMALLOC_TOTAL_KIB = 34_359_738_367

const HUGE_PAGE_KIB = 2048

/** One line: the name and its colon in 16 columns, the value in 8. */
const line = (name: string, kib: number): string => `${`${name}:`.padEnd(16)}${String(kib).padStart(8)} kB\n`

/** Two groups of lines have a longer name and a narrower value. */
const narrow = (name: string, value: number, unit = ""): string =>
  `${`${name}:`.padEnd(19)}${String(value).padStart(5)}${unit}\n`

/** Pages of private writable mappings, which the kernel may have to back: vm_committed_as. */
const committedPages = (machine: Machine): number => {
  let pages = 0
  for (const task of machine.userTasks) if (task.mm >= 0 && !task.finished) pages += machine.mm.tables.pagesOf(task.mm)
  return pages
}

/** Content of /proc/meminfo. */
const meminfoText = (machine: Machine): string => {
  const { pages, swap } = machine
  const { items } = pages.vmstat
  const file = (name: string, count: number): string => line(name, count * KIB_PER_PAGE)
  const item = (name: string, index: number): string => file(name, items[index])
  const swapCached = swap.cache.pages
  // nr_blockdev_pages
  const buffers = machine.root?.buffers?.cached ?? 0
  const commitLimit = Math.floor(pages.presentPages * OVERCOMMIT_RATIO / 100) + swap.slots.pages
  return [
    file("MemTotal", pages.presentPages),
    item("MemFree", NR_FREE_PAGES),
    file("Buffers", buffers),
    file("Cached", Math.max(0, items[NR_FILE_PAGES] - swapCached - buffers)),
    file("SwapCached", swapCached),
    file("Active", items[NR_ACTIVE_ANON] + items[NR_ACTIVE_FILE]),
    file("Inactive", items[NR_INACTIVE_ANON] + items[NR_INACTIVE_FILE]),
    item("Active(anon)", NR_ACTIVE_ANON),
    item("Inactive(anon)", NR_INACTIVE_ANON),
    item("Active(file)", NR_ACTIVE_FILE),
    item("Inactive(file)", NR_INACTIVE_FILE),
    item("Unevictable", NR_UNEVICTABLE),
    item("Mlocked", NR_MLOCK),
    file("SwapTotal", swap.slots.pages),
    file("SwapFree", swap.nrSwapPages()),
    item("Dirty", NR_DIRTY),
    item("Writeback", NR_WRITEBACK),
    item("AnonPages", NR_ANON_PAGES),
    item("Mapped", NR_MAPPED),
    item("Shmem", NR_SHMEM),
    file("Slab", items[NR_SLAB_RECLAIMABLE] + items[NR_SLAB_UNRECLAIMABLE]),
    item("SReclaimable", NR_SLAB_RECLAIMABLE),
    item("SUnreclaim", NR_SLAB_UNRECLAIMABLE),
    line("KernelStack", items[NR_KERNEL_STACK] * KIB_PER_STACK),
    item("PageTables", NR_PAGE_TABLE_PAGES),
    item("NFS_Unstable", NR_UNSTABLE),
    item("Bounce", NR_BOUNCE),
    item("WritebackTmp", NR_WRITEBACK_TEMP),
    file("CommitLimit", commitLimit),
    file("Committed_AS", committedPages(machine)),
    line("VmallocTotal", VMALLOC_TOTAL_KIB),
    line("VmallocUsed", 0),
    line("VmallocChunk", VMALLOC_TOTAL_KIB),
    narrow("HardwareCorrupted", 0, " kB"),
    machine.spec.thp
      ? line("AnonHugePages", items[NR_ANON_TRANSPARENT_HUGEPAGES] * HUGE_PAGE_KIB)
      : "",
    narrow("HugePages_Total", 0),
    narrow("HugePages_Free", 0),
    narrow("HugePages_Rsvd", 0),
    narrow("HugePages_Surp", 0),
    line("Hugepagesize", HUGE_PAGE_KIB),
    line("DirectMap4k", 0),
    file("DirectMap2M", pages.presentPages)
  ].join("")
}

/** Content of /proc/vmstat; the two thresholds are computed when it is read. */
const vmstatText = (machine: Machine): string => {
  const { vmstat } = machine.pages
  vmstat.items[NR_DIRTY_THRESHOLD] = machine.reclaimOps.dirtyThreshold()
  vmstat.items[NR_DIRTY_BACKGROUND_THRESHOLD] = machine.reclaimOps.dirtyBackgroundThreshold()
  return vmstat.text()
}

/** NBD_MAJOR; a device without partitions has its number as its minor. */
const NBD_MAJOR = 43

/** Content of /proc/diskstats: the NBD devices that are there. Linux lists all sixteen of the module. */
const diskstatsText = ({ disk, rootNbd }: Machine): string =>
  disk.stats.diskstatsText(NBD_MAJOR, 0, "nbd0") +
  (rootNbd === null ? "" : rootNbd.device.queue.stats.diskstatsText(NBD_MAJOR, 1, "nbd1"))

/** Files of /proc of one client. */
export interface Proc {
  readonly meminfo: () => string
  readonly vmstat: () => string
  readonly buddyinfo: () => string
  readonly zoneinfo: () => string
  readonly slabinfo: () => string
  readonly swaps: () => string
  readonly diskstats: () => string
  readonly stat: () => string
  readonly cpuinfo: () => string
  readonly uptime: () => string
  readonly loadavg: () => string
  readonly "net/dev": () => string
  readonly "net/snmp": () => string
  readonly "net/netstat": () => string
  readonly "net/sockstat": () => string
  /** What the kernel prints when an allocation fails; no file of /proc. */
  readonly "Mem-Info": () => string
}

/** /proc of a machine: each file by its name, as text, read at this moment. */
export const procOf = (machine: Machine): Proc => ({
  meminfo: () => meminfoText(machine),
  vmstat: () => vmstatText(machine),
  buddyinfo: () => machine.pages.buddyinfo(),
  zoneinfo: () => machine.pages.zoneinfo(),
  slabinfo: () => machine.objects.slabinfoText(),
  swaps: () => machine.swap.swapsText(),
  diskstats: () => diskstatsText(machine),
  stat: () => statText(machine),
  cpuinfo: () => cpuinfoText(machine),
  uptime: () => uptimeText(machine),
  loadavg: () => loadavgText(machine),
  "net/dev": () => netDevText(machine),
  "net/snmp": () => snmpText(machine),
  "net/netstat": () => netstatText(machine),
  "net/sockstat": () => sockstatText(machine),
  "Mem-Info": () => memInfoText(machine)
})
