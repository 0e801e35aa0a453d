// Laws that every machine must keep at any moment: pages are conserved, and swap and images hold what was written.
import type { Machine } from "@swaplab/kernel"
import { PG_buddy, PG_isolated, PG_lru, PG_slab } from "@swaplab/page-alloc"
import type { LawResult } from "./result.ts"

/** Where the pages of a machine are. `other` are pages that a sleeping task holds in its hands. */
export interface PageCensus {
  readonly free: number
  readonly pcp: number
  readonly lru: number
  readonly isolated: number
  readonly slab: number
  readonly pageTables: number
  readonly net: number
  /** Kernel stacks of processes that were forked. */
  readonly stacks: number
  /** Pages of zram, zswap and dm-crypt. */
  readonly swapLayers: number
  readonly other: number
  readonly present: number
}

/** Counts every page frame of a machine once, by what it is. */
export const pageCensus = (machine: Machine): PageCensus => {
  const { frames, populatedZones, presentPages } = machine.pages
  let free = 0
  let pcp = 0
  for (const zone of populatedZones) {
    free += zone.free
    for (const lists of zone.pcp) pcp += lists.count
  }
  let lru = 0
  let isolated = 0
  let slab = 0
  let inUse = 0
  for (let pfn = 0; pfn < frames.count; pfn++) {
    const flags = frames.flags[pfn]
    if (frames.refCount[pfn] === 0 || (flags & PG_buddy) !== 0) continue
    const size = 1 << frames.order[pfn]
    inUse += size
    if ((flags & PG_slab) !== 0) slab += size
    else if ((flags & PG_lru) !== 0) lru++
    else if ((flags & PG_isolated) !== 0) isolated++
  }
  let pageTables = machine.root?.pageTablePages ?? 0
  for (const pfn of machine.mm.tables.tablePages) if (pfn >= 0) pageTables++
  const net = machine.net.skbs.pages.inUse + machine.net.skbs.memory.largePages
  const stacks = machine.processTable?.stackPages ?? 0
  const swapLayers = machine.swapSetup.memory.pages
  return {
    free,
    pcp,
    lru,
    isolated,
    slab,
    pageTables,
    net,
    stacks,
    swapLayers,
    other: inUse - lru - isolated - slab - pageTables - net - stacks - swapLayers,
    present: presentPages
  }
}

/** free + pcp + LRU + isolated + slab + page tables + network + stacks + swap layers + other = present, each page counted once. */
const pagesConserved = (machine: Machine): LawResult => {
  const census = pageCensus(machine)
  const { free, pcp, lru, isolated, slab, pageTables, net, stacks, swapLayers, other, present } = census
  const sum = free + pcp + lru + isolated + slab + pageTables + net + stacks + swapLayers + other
  // pages in pagevecs, those allocated to be read ahead, and one page in the hands of a task that sleeps between allocating
  // and mapping it
  const hands = machine.vmscan.lru.pagesInPagevecs() + (machine.root?.reader.pooled ?? 0) +
    machine.userTasks.filter((task) => !task.finished).length
  return {
    law: "pages conserved",
    subject: machine.name,
    holds: sum === present && other >= 0 && other <= hands && slab === machine.objects.slabPages(),
    detail:
      `free ${free} + pcp ${pcp} + LRU ${lru} + isolated ${isolated} + slab ${slab} + page tables ${pageTables} + ` +
      `network ${net} + stacks ${stacks} + ${
        swapLayers === 0 ? "" : `swap layers ${swapLayers} + `
      }other ${other} = ${sum}, present ${present}`
  }
}

/** Swap entries of page tables, by area. */
const entriesByArea = ({ mm, swap }: Machine): ReadonlyArray<number> => {
  const counts = swap.areas.map(() => 0)
  for (const slot of mm.swapSlots()) counts[swap.slots.typeOf(slot)]++
  return counts
}

/** Users of the slots of each swap area = page table entries that hold one; cache bits = pages in the swap cache. */
const swapSlots = (machine: Machine): ReadonlyArray<LawResult> => {
  const entries = entriesByArea(machine)
  const cached = machine.swap.areas.map(() => 0)
  for (const pfn of machine.swap.cache) cached[machine.swap.slots.typeOf(machine.pages.frames.private[pfn])]++
  return machine.swap.areas.map(({ map, path }, type) => {
    const users = map.users()
    const bits = map.cachedSlots()
    return {
      law: "swap slots",
      subject: `${machine.name}, ${path}`,
      holds: users === entries[type] && bits === cached[type],
      detail: `users ${users} = page table entries ${entries[type]}, cache bits ${bits} = pages in the cache ${
        cached[type]
      }, ${map.inusePages} slots in use`
    }
  })
}

/** Every page that came back from swap was what had been written. */
const swapTokens = (machine: Machine): LawResult => {
  const wrong = machine.corruptions.find(({ of }) => of === "swap")
  return {
    law: "swap tokens",
    subject: machine.name,
    holds: wrong === undefined,
    detail: wrong?.message ?? `${machine.swap.counters.readsEnded} pages read, all as written`
  }
}

/** Every page of the root image was what the image has there. */
const imageTokens = (machine: Machine): ReadonlyArray<LawResult> => {
  if (machine.root === null) return []
  const wrong = machine.corruptions.find(({ of }) => of === "image")
  return [{
    law: "image tokens",
    subject: machine.name,
    holds: wrong === undefined,
    detail: wrong?.message ?? `${machine.root.device.counters.readsEnded} pages read, all as in the image`
  }]
}

/** All of them. */
export const machineLaws = (machine: Machine): ReadonlyArray<LawResult> => [
  pagesConserved(machine),
  swapTokens(machine),
  ...swapSlots(machine),
  ...imageTokens(machine)
]
