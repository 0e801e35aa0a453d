// The memory report of the kernel, as it prints it when an allocation fails: show_mem() of an x86_64 kernel with CONFIG_NUMA.
// Not modelled: the stack before it; the counters of the swap cache's searches; memory that the kernel took at boot, so that no page
//   is reserved.
// source: mm/page_alloc.c:show_free_areas; lib/show_mem.c; mm/swap_state.c:show_swap_cache_info
import {
  NR_ACTIVE_ANON,
  NR_ACTIVE_FILE,
  NR_BOUNCE,
  NR_DIRTY,
  NR_FILE_PAGES,
  NR_FREE_PAGES,
  NR_INACTIVE_ANON,
  NR_INACTIVE_FILE,
  NR_ISOLATED_ANON,
  NR_ISOLATED_FILE,
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
  NR_WRITEBACK_TEMP,
  WMARK_HIGH,
  WMARK_LOW,
  WMARK_MIN,
  type Zone
} from "@swaplab/page-alloc"
import { KIB_PER_PAGE, KIB_PER_STACK } from "./kib.ts"
import type { Machine } from "./machine.ts"

/** Counters of a zone's line between its watermarks and `present`, in its order, and those behind. */
const BEFORE_PRESENT: ReadonlyArray<readonly [name: string, item: number]> = [
  ["active_anon", NR_ACTIVE_ANON],
  ["inactive_anon", NR_INACTIVE_ANON],
  ["active_file", NR_ACTIVE_FILE],
  ["inactive_file", NR_INACTIVE_FILE],
  ["unevictable", NR_UNEVICTABLE],
  ["isolated(anon)", NR_ISOLATED_ANON],
  ["isolated(file)", NR_ISOLATED_FILE]
]
const BEHIND_PRESENT: ReadonlyArray<readonly [name: string, item: number]> = [
  ["mlocked", NR_MLOCK],
  ["dirty", NR_DIRTY],
  ["writeback", NR_WRITEBACK],
  ["mapped", NR_MAPPED],
  ["shmem", NR_SHMEM],
  ["slab_reclaimable", NR_SLAB_RECLAIMABLE],
  ["slab_unreclaimable", NR_SLAB_UNRECLAIMABLE],
  ["kernel_stack", NR_KERNEL_STACK],
  ["pagetables", NR_PAGE_TABLE_PAGES],
  ["unstable", NR_UNSTABLE],
  ["bounce", NR_BOUNCE],
  ["writeback_tmp", NR_WRITEBACK_TEMP]
]

const perCpu = (zone: Zone): string =>
  [
    `Node ${zone.node} ${zone.name} per-cpu:`,
    ...zone.pcp.map(({ batch, count, high }, cpu) =>
      `CPU ${String(cpu).padStart(4)}: hi:${String(high).padStart(5)}, btch:${String(batch).padStart(4)} usd:${
        String(count).padStart(4)
      }`
    )
  ].join("\n")

const zoneLine = (zone: Zone): string => {
  const kib = (pages: number): string => `${pages * KIB_PER_PAGE}kB`
  const counters = (items: typeof BEFORE_PRESENT): string =>
    items.map(([name, item]) => {
      const value = zone.pageState(item)
      return ` ${name}:${item === NR_KERNEL_STACK ? `${value * KIB_PER_STACK}kB` : kib(value)}`
    }).join("")
  const { watermark } = zone
  return `Node ${zone.node} ${zone.name} free:${kib(zone.free)} min:${kib(watermark[WMARK_MIN])} low:${
    kib(watermark[WMARK_LOW])
  } high:${kib(watermark[WMARK_HIGH])}${counters(BEFORE_PRESENT)} present:${kib(zone.present)}${
    counters(BEHIND_PRESENT)
  } pages_scanned:${zone.pagesScanned} all_unreclaimable? ${zone.allUnreclaimable ? "yes" : "no"}\nlowmem_reserve[]:${
    zone.lowmemReserve.map((pages) => ` ${pages}`).join("")
  }`
}

const blocks = (zone: Zone): string => {
  let total = 0
  let text = `Node ${zone.node} ${zone.name}: `
  zone.nrFree.forEach((count, order) => {
    total += count << order
    text += `${count}*${KIB_PER_PAGE << order}kB `
  })
  return `${text}= ${total * KIB_PER_PAGE}kB`
}

/** The report of this moment, below the message of the first allocation that failed, where any did. */
export const memInfoText = (machine: Machine): string => {
  const { pages: { frames, populatedZones, presentPages, vmstat: { items } }, swap } = machine
  const { firstFailure } = machine.pages
  let shared = 0
  let single = 0
  for (let pfn = 0; pfn < frames.count; pfn++) {
    const users = frames.refCount[pfn]
    if (users > 1) shared += users - 1
    else if (users === 1) single++
  }
  return [
    ...(firstFailure === null ? [] : [firstFailure.message]),
    "Mem-Info:",
    ...populatedZones.map(perCpu),
    `active_anon:${items[NR_ACTIVE_ANON]} inactive_anon:${items[NR_INACTIVE_ANON]} isolated_anon:${
      items[NR_ISOLATED_ANON]
    }`,
    ` active_file:${items[NR_ACTIVE_FILE]} inactive_file:${items[NR_INACTIVE_FILE]} isolated_file:${
      items[NR_ISOLATED_FILE]
    }`,
    ` unevictable:${items[NR_UNEVICTABLE]} dirty:${items[NR_DIRTY]} writeback:${items[NR_WRITEBACK]} unstable:${
      items[NR_UNSTABLE]
    }`,
    ` free:${items[NR_FREE_PAGES]} slab_reclaimable:${items[NR_SLAB_RECLAIMABLE]} slab_unreclaimable:${
      items[NR_SLAB_UNRECLAIMABLE]
    }`,
    ` mapped:${items[NR_MAPPED]} shmem:${items[NR_SHMEM]} pagetables:${items[NR_PAGE_TABLE_PAGES]} bounce:${
      items[NR_BOUNCE]
    }`,
    ...populatedZones.map(zoneLine),
    ...populatedZones.map(blocks),
    `${items[NR_FILE_PAGES]} total pagecache pages`,
    `${swap.cache.pages} pages in swap cache`,
    "Swap cache stats: add 0, delete 0, find 0/0",
    `Free swap  = ${swap.nrSwapPages() * KIB_PER_PAGE}kB`,
    `Total swap = ${swap.slots.pages * KIB_PER_PAGE}kB`,
    `${presentPages} pages RAM`,
    "0 pages reserved",
    `${shared} pages shared`,
    `${single} pages non-shared`,
    ""
  ].join("\n")
}
