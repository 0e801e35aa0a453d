// The memory and the card of a machine as a client group.
import { nearest, orList } from "@swaplab/config"
import type { MemoryFacts, ZoneFacts } from "@swaplab/formats"
import { CARD_NAMES } from "@swaplab/net-skb"
import { PAGE_SIZE, PageAllocator, type PresentPages } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import type { Draft, GroupDraft } from "./draft.ts"

const MIB = 1024 * 1024
const KIB_PER_PAGE = 4

/** Pages that the page allocator has: watermarks are computed from these. */
const pagesOf = ({ managed, present }: ZoneFacts): number => managed ?? present

const pagesIn = (zones: ReadonlyArray<ZoneFacts>, name: string): number =>
  zones.filter((zone) => zone.name === name).reduce((sum, zone) => sum + pagesOf(zone), 0)

/** The zones of a machine, as the emulator has them. */
const presentPages = (zones: ReadonlyArray<ZoneFacts>): PresentPages => ({
  dma: pagesIn(zones, "DMA"),
  dma32: pagesIn(zones, "DMA32"),
  normal: pagesIn(zones, "Normal")
})

/** What min watermarks a page allocator of these zones has, in the order of the zones. */
const minsWith = (memory: PresentPages, cpus: number, kbytes: number | null, thp: boolean): ReadonlyArray<number> => {
  const pages = new PageAllocator(new Sim({ seed: 1 }), {
    memory,
    cpus,
    transparentHugepages: thp,
    ...(kbytes === null ? {} : { minFreeKbytes: kbytes })
  })
  return pages.populatedZones.map(({ watermark: [min] }) => min)
}

/** min_free_kbytes of a machine: null where it is what Linux computes; `found`: whether its watermarks come out of it. */
const reserveOf = (zones: ReadonlyArray<ZoneFacts>, cpus: number): { kbytes: number | null; found: boolean } => {
  const memory = presentPages(zones)
  const populated = zones.filter((zone) => pagesOf(zone) > 0)
  const theirs = populated.map(({ min }) => min).join(" ")
  const fits = (kbytes: number | null): boolean => minsWith(memory, cpus, kbytes, false).join(" ") === theirs
  if (fits(null)) return { kbytes: null, found: true }
  // each zone rounds down: the sum is at most a page for each zone below the value
  const sum = populated.reduce((all, { min }) => all + min, 0) * KIB_PER_PAGE
  for (let kbytes = sum; kbytes <= sum + populated.length * KIB_PER_PAGE; kbytes++) {
    if (kbytes > 0 && fits(kbytes)) return { kbytes, found: true }
  }
  return { kbytes: Math.max(1, sum), found: false }
}

/** Puts what is known of the memory into a group. */
export const takeMemory = (draft: Draft, group: GroupDraft, facts: MemoryFacts): void => {
  const { cpus, failure, memTotal, release, swapTotal, zones } = facts
  if (failure !== null) draft.say("the failure", failure)
  if (release !== null) draft.say("release", `${release} printed it; the nearest bases are v3.5 and v3.6`)
  if (cpus !== null) group.cpus = Math.min(64, Math.max(1, cpus))
  else draft.assume("cpus", "no file says how many: 2")
  if (zones.length > 0) takeZones(draft, group, zones, group.cpus ?? 2)
  else if (memTotal !== null) {
    group.ram = `${memTotal} KiB`
    draft.assume("ram", "MemTotal, which is RAM less what the kernel took at boot; /proc/zoneinfo has the zones")
  }
  if (swapTotal !== null && swapTotal > 0) group.swap = `${swapTotal + KIB_PER_PAGE} KiB`
  else {
    const bytes = zones.length > 0
      ? zones.reduce((sum, zone) => sum + pagesOf(zone), 0) * PAGE_SIZE
      : (memTotal ?? 0) * 1024
    if (bytes > 0) group.swap = `${4 * Math.ceil(bytes / MIB)} MiB`
    draft.assume("swap", `${swapTotal === 0 ? "the machine had none" : "no file says how much"}: four times RAM`)
  }
  if (facts.allocator !== null) draft.allocator = facts.allocator
  else draft.assume("kernels", "no slabinfo says which allocator: slub")
}

const takeZones = (draft: Draft, group: GroupDraft, zones: ReadonlyArray<ZoneFacts>, cpus: number): void => {
  const memory = presentPages(zones)
  const pages = memory.dma + memory.dma32 + memory.normal
  group.ram = `${Math.ceil(pages * PAGE_SIZE / MIB)} MiB`
  group.zones = { ...memory }
  const { found, kbytes } = reserveOf(zones, cpus)
  if (kbytes !== null) group.minFree = `${kbytes} KiB`
  if (!found) draft.assume("minFree", `no min_free_kbytes gives these watermarks: ${kbytes} kB, their sum`)
}

/** Puts the card into a group. */
export const takeCard = (draft: Draft, group: GroupDraft, file: string, driver: string | null): void => {
  if (driver === null) return
  const card = CARD_NAMES.find((name) => name === driver)
  if (card !== undefined) {
    group.nic = { driver: card }
    return
  }
  const near = nearest(driver, CARD_NAMES)
  draft.miss(file, 1, driver, `there is no card ${driver}, expected ${near ?? orList(CARD_NAMES)}`)
}
