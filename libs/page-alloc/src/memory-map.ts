// Which zones a machine has, from the size of its RAM.
//
// Modelled: the PC memory map (DMA below 16 MiB, a hole from 640 KiB to 1 MiB, DMA32 below 4 GiB with the PCI hole above
// 3 GiB, Normal above 4 GiB), and the memmap that each zone pays for itself (64 bytes per spanned page). Not modelled:
// firmware tables, the kernel image and other boot allocations; whoever boots a kernel allocates those pages. Accuracy:
// presets found in the field differ by some hundred pages, hence explicit page counts are accepted everywhere.
// Several memory nodes share the RAM in the order of its addresses: the first has the DMA zone and what follows it.
// source: mm/page_alloc.c:free_area_init_core, calculate_node_totalpages; arch/x86/mm/numa.c
import { assert } from "@swaplab/sim"
import { PAGE_SHIFT, PAGE_SIZE } from "./watermark.ts"

/** One populated or empty zone. */
export interface ZoneSize {
  /** Physical frame number of its first page, as /proc/zoneinfo shows it. */
  readonly startPfn: number
  /** Pages from the first to the last, holes included. */
  readonly spannedPages: number
  /** Pages that are really there, without the memmap; the zone is empty when 0. */
  readonly presentPages: number
}

/** present_pages of the zones DMA, DMA32 and Normal. */
export interface PresentPages {
  readonly dma: number
  readonly dma32: number
  readonly normal: number
}

/** Usual present pages of whole machines; the watermark tables of the documentation are computed for these. */
export const PRESENT_PAGES_PRESETS = {
  "512 MiB": { dma: 3920, dma32: 123_000, normal: 0 },
  "2 GiB": { dma: 3920, dma32: 512_000, normal: 0 },
  "4 GiB": { dma: 3920, dma32: 770_000, normal: 262_144 },
  "8 GiB": { dma: 3920, dma32: 770_000, normal: 1_300_000 }
} as const satisfies Record<string, PresentPages>

const DMA_START = 16
const DMA_END = 4096
/** 640 KiB to 1 MiB: video memory and ROM. */
const DMA_HOLE = 96
const PCI_HOLE_START = 786_432
const NORMAL_START = 1_048_576

const memmapPages = (spannedPages: number): number => Math.ceil(spannedPages * 64 / PAGE_SIZE)

const zoneSize = (startPfn: number, spannedPages: number, holePages = 0): ZoneSize => ({
  startPfn,
  spannedPages,
  presentPages: spannedPages === 0 ? 0 : spannedPages - holePages - memmapPages(spannedPages)
})

/** Zones DMA, DMA32 and Normal of the RAM pages from `first` to `end`, counted without the PCI hole. */
const zonesBetween = (first: number, end: number): [ZoneSize, ZoneSize, ZoneSize] => {
  const part = (zoneStart: number, zoneEnd: number, startPfn: number, holePages = 0): ZoneSize => {
    const start = Math.max(first, zoneStart)
    const span = Math.max(0, Math.min(end, zoneEnd) - start)
    return zoneSize(startPfn + (span === 0 ? 0 : start - zoneStart), span, holePages)
  }
  return [
    part(DMA_START, DMA_END, DMA_START, DMA_HOLE),
    part(DMA_END, PCI_HOLE_START, DMA_END),
    part(PCI_HOLE_START, Number.MAX_SAFE_INTEGER, NORMAL_START)
  ]
}

/** Zones DMA, DMA32 and Normal of a PC with so many bytes of RAM (8 MiB to 1 TiB). */
export const zonesOfRam = (ramBytes: number): [ZoneSize, ZoneSize, ZoneSize] => {
  assert(ramBytes >= 8 * 1024 * 1024 && ramBytes <= 2 ** 40, "RAM must be between 8 MiB and 1 TiB")
  return zonesBetween(0, Math.floor(ramBytes / 2 ** PAGE_SHIFT))
}

/** The same of each memory node, from the bytes of RAM of each; the first needs at least 32 MiB, the others 4 MiB. */
export const zonesOfNodes = (nodeBytes: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<ZoneSize>> => {
  assert(nodeBytes.every((bytes, node) => bytes >= minNodeBytes(node)), "a memory node is too small")
  let first = 0
  return nodeBytes.map((bytes) => {
    const end = first + Math.floor(bytes / 2 ** PAGE_SHIFT)
    const zones = zonesBetween(first, end)
    first = end
    return zones
  })
}

const MIB = 1024 * 1024

/** x86 leaves out nodes of less than 4 MiB (NODE_MIN_SIZE); the first must reach beyond the DMA zone. */
export const minNodeBytes = (node: number): number => (node === 0 ? 32 : 4) * MIB

/** Zones of exactly these present pages, without looking at how a machine could come by them. */
export const zonesOfPresentPages = (present: PresentPages): [ZoneSize, ZoneSize, ZoneSize] => {
  const span = (startPfn: number, presentPages: number): ZoneSize => ({
    startPfn,
    spannedPages: presentPages === 0 ? 0 : Math.ceil(presentPages * 64 / 63),
    presentPages
  })
  const dma = span(DMA_START, present.dma)
  return [
    // the usual DMA zone reaches up to 16 MiB
    present.dma === PRESENT_PAGES_PRESETS["2 GiB"].dma ? { ...dma, spannedPages: DMA_END - DMA_START } : dma,
    span(DMA_END, present.dma32),
    span(NORMAL_START, present.normal)
  ]
}
