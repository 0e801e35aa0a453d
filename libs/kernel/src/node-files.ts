// The files of /sys/devices/system/node on a client with memory nodes: node0/meminfo, numastat, vmstat, distance and cpulist, and the
// same of each further node. A kernel without CONFIG_NUMA has none of them.
// Modelled: meminfo of a v3.6 kernel with CONFIG_HUGETLB_PAGE. Not modelled: what /proc/meminfo does not have either (see proc.ts);
//   cpumap, scan_unevictable_pages, links to CPUs and memory blocks.
// source: drivers/base/node.c, mm/hugetlb.c:hugetlb_report_node_meminfo
import {
  LOCAL_DISTANCE,
  NR_ACTIVE_ANON,
  NR_ACTIVE_FILE,
  NR_ANON_PAGES,
  NR_ANON_TRANSPARENT_HUGEPAGES,
  NR_BOUNCE,
  NR_DIRTY,
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
  NR_VM_ZONE_STAT_ITEMS,
  NR_WRITEBACK,
  NR_WRITEBACK_TEMP,
  type Numa,
  NUMA_FOREIGN,
  NUMA_HIT,
  NUMA_INTERLEAVE,
  NUMA_LOCAL,
  NUMA_MISS,
  NUMA_OTHER,
  VMSTAT_NAMES
} from "@swaplab/page-alloc"
import { KIB_PER_PAGE, KIB_PER_STACK } from "./kib.ts"
import type { Machine } from "./machine.ts"

const HUGE_PAGE_KIB = 2048

const NUMASTAT: ReadonlyArray<readonly [name: string, item: number]> = [
  ["numa_hit", NUMA_HIT],
  ["numa_miss", NUMA_MISS],
  ["numa_foreign", NUMA_FOREIGN],
  ["interleave_hit", NUMA_INTERLEAVE],
  ["local_node", NUMA_LOCAL],
  ["other_node", NUMA_OTHER]
]

/** node_page_state() */
type State = (item: number) => number

const meminfoText = (node: number, presentPages: number, state: State, thp: boolean): string => {
  const line = (name: string, kib: number): string =>
    `Node ${node} ${`${name}:`.padEnd(15)} ${String(kib).padStart(8)} kB\n`
  const pages = (name: string, ...items: ReadonlyArray<number>): string =>
    line(name, items.reduce((sum, item) => sum + state(item), 0) * KIB_PER_PAGE)
  const huge = (name: string): string => `Node ${node} ${`HugePages_${name}:`.padEnd(16)} ${"0".padStart(5)}\n`
  return [
    line("MemTotal", presentPages * KIB_PER_PAGE),
    pages("MemFree", NR_FREE_PAGES),
    line("MemUsed", (presentPages - state(NR_FREE_PAGES)) * KIB_PER_PAGE),
    pages("Active", NR_ACTIVE_ANON, NR_ACTIVE_FILE),
    pages("Inactive", NR_INACTIVE_ANON, NR_INACTIVE_FILE),
    pages("Active(anon)", NR_ACTIVE_ANON),
    pages("Inactive(anon)", NR_INACTIVE_ANON),
    pages("Active(file)", NR_ACTIVE_FILE),
    pages("Inactive(file)", NR_INACTIVE_FILE),
    pages("Unevictable", NR_UNEVICTABLE),
    pages("Mlocked", NR_MLOCK),
    pages("Dirty", NR_DIRTY),
    pages("Writeback", NR_WRITEBACK),
    pages("FilePages", NR_FILE_PAGES),
    pages("Mapped", NR_MAPPED),
    pages("AnonPages", NR_ANON_PAGES),
    pages("Shmem", NR_SHMEM),
    line("KernelStack", state(NR_KERNEL_STACK) * KIB_PER_STACK),
    pages("PageTables", NR_PAGE_TABLE_PAGES),
    pages("NFS_Unstable", NR_UNSTABLE),
    pages("Bounce", NR_BOUNCE),
    pages("WritebackTmp", NR_WRITEBACK_TEMP),
    pages("Slab", NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE),
    pages("SReclaimable", NR_SLAB_RECLAIMABLE),
    pages("SUnreclaim", NR_SLAB_UNRECLAIMABLE),
    thp ? line("AnonHugePages", state(NR_ANON_TRANSPARENT_HUGEPAGES) * HUGE_PAGE_KIB) : "",
    huge("Total"),
    huge("Free"),
    huge("Surp")
  ].join("")
}

/** "0-1,4": numbers in ascending order, as cpulist_scnprintf() writes them. */
export const ranges = (numbers: ReadonlyArray<number>): string => {
  const parts: Array<[first: number, last: number]> = []
  for (const number of numbers) {
    const part = parts.at(-1)
    if (part !== undefined && part[1] === number - 1) part[1] = number
    else parts.push([number, number])
  }
  return parts.map(([first, last]) => first === last ? String(first) : `${first}-${last}`).join(",")
}

const filesOfNode = (machine: Machine, numa: Numa, node: number): ReadonlyArray<readonly [string, () => string]> => {
  const zones = numa.zonesOfNode[node]
  const state: State = (item) => zones.reduce((sum, zone) => sum + zone.pageState(item), 0)
  const present = zones.reduce((sum, zone) => sum + zone.present, 0)
  const distances = numa.zonesOfNode.map((_zones, other) => other === node ? LOCAL_DISTANCE : numa.distance)
  const cpus = [...numa.nodeOfCpu.keys()].filter((cpu) => numa.nodeOfCpu[cpu] === node)
  return [
    [`node${node}/meminfo`, () => meminfoText(node, present, state, machine.spec.thp)],
    [`node${node}/numastat`, () => NUMASTAT.map(([name, item]) => `${name} ${state(item)}\n`).join("")],
    [
      `node${node}/vmstat`,
      () => VMSTAT_NAMES.slice(0, NR_VM_ZONE_STAT_ITEMS).map((name, item) => `${name} ${state(item)}\n`).join("")
    ],
    [`node${node}/distance`, () => `${distances.join(" ")}\n`],
    [`node${node}/cpulist`, () => `${ranges(cpus)}\n`]
  ]
}

/** /sys/devices/system/node of a machine: each file by its name below it, as text, read at this moment. */
export const nodeFilesOf = (machine: Machine): Readonly<Record<string, () => string>> => {
  const { numa } = machine.pages
  if (numa === null) return {}
  return Object.fromEntries(numa.zonesOfNode.flatMap((_zones, node) => filesOfNode(machine, numa, node)))
}
