// The swap of a machine: its areas, and what lies between them and their devices.
//
//   nbd0, or dm-crypt over nbd0, with zswap in front of it if wanted
//   zram0, zram1, … beside it
//
// Modelled: the order of the swapons (nbd first, as the LTSP client does before its services start), the memory that each of
// these takes for itself when it is set up.
// Not modelled: the compressor's memory as contiguous pages: all are taken one by one. Costs nothing: at boot there are
// contiguous ones.
// source: mm/swapfile.c:sys_swapon
import type { BioSet, BlockQueue } from "@swaplab/blk"
import type { ObjectAllocator } from "@swaplab/kmem"
import { type Context, GFP_KERNEL, type PageAllocator, PF_KTHREAD } from "@swaplab/page-alloc"
import { assert, type Sim } from "@swaplab/sim"
import {
  type CompressionCosts,
  CRYPT_REQUEST,
  type CryptCosts,
  DM_CRYPT_IO,
  DmCrypt,
  pageClusterFor,
  PageSizes,
  type PageSizesOptions,
  slotNumbersOf,
  Swap,
  type SwapAreaOptions,
  Zram,
  zramSetupPages,
  Zswap,
  ZSWAP_ENTRY,
  zswapSetupPages
} from "@swaplab/swap"
import type { Vmscan } from "@swaplab/vmscan"
import type { Cpus } from "./cpus.ts"
import type { MachineSpec } from "./machine-spec.ts"
import { CacheMemory } from "./mm/cache-memory.ts"
import { PageMemory } from "./mm/page-memory.ts"
import { readaheadPlug } from "./patches/switches.ts"
import { NO_CPUSET } from "./placement.ts"
import type { KernelTask, TaskOptions } from "./task.ts"

/** How the pages of a machine compress, and what that costs. */
export interface CompressionSpec extends PageSizesOptions, CompressionCosts {}

/** Compressed block devices that are swap areas. */
export interface ZramSpec extends CompressionSpec {
  readonly devices: number
  /** Blocks of each, the header included. */
  readonly slots: number
  readonly priority: number
}

/** A compressed pool in front of the nbd area. */
export interface ZswapSpec extends CompressionSpec {
  /** Share of RAM that it may take. */
  readonly maxPool: number
}

/** What a machine has beside plain swap over nbd. */
export interface SwapExtras {
  readonly zram?: ZramSpec
  readonly zswap?: ZswapSpec
  readonly crypt?: CryptCosts
}

/** The parts of it that decide what swap takes at boot. */
export interface SwapSizes {
  readonly zram?: Pick<ZramSpec, "devices" | "slots">
  readonly zswap?: object
}

/** Pages that swap takes for itself when it is set up, on a machine with so many CPUs. */
export const swapSetupPages = ({ zram, zswap }: SwapSizes, cpus: number): number =>
  (zram === undefined ? 0 : zram.devices * zramSetupPages(zram.slots)) +
  (zswap === undefined ? 0 : zswapSetupPages(cpus))

/** Numbers of slots of a machine with that much on nbd0 are below this; `MAX_SLOTS` is the most. */
export const swapSlotNumbers = (swapSlots: number, { zram }: SwapSizes): number =>
  slotNumbersOf([
    ...(swapSlots === 0 ? [] : [swapSlots]),
    ...Array.from({ length: zram?.devices ?? 0 }, () => zram?.slots ?? 0)
  ])

/** The pieces that swap is set up from. */
export interface SwapParts {
  readonly sim: Sim
  readonly spec: MachineSpec
  readonly pages: PageAllocator
  readonly objects: ObjectAllocator
  readonly vmscan: Vmscan
  readonly disk: BlockQueue
  /** What swap submits comes from it. */
  readonly fsBioSet: BioSet
  readonly radixTreeNodes: CacheMemory
  readonly log: (message: string) => void
}

/** The swap of a machine, and the pieces of it that not every machine has. */
export interface SwapSetup {
  readonly swap: Swap
  readonly zrams: ReadonlyArray<Zram>
  readonly zswap: Zswap | null
  readonly crypt: DmCrypt | null
  /** Pages of zram, zswap and dm-crypt. */
  readonly memory: PageMemory
}

/** Takes pages that are never given back. */
const takeForGood = (boot: Context, memory: PageMemory, pages: number): void => {
  for (let n = 0; n < pages; n++) assert(memory.tryAlloc(boot, GFP_KERNEL) >= 0, "no memory for swap at boot")
}

const objectsOf = (objects: ObjectAllocator, name: string, size: number): CacheMemory =>
  new CacheMemory(objects, objects.createCache(name, size))

const makeCrypt = ({ disk, fsBioSet, objects, pages, sim, spec }: SwapParts, memory: PageMemory): DmCrypt | null => {
  const costs = spec.swapExtras?.crypt
  if (costs === undefined) return null
  const ios = objectsOf(objects, "dm_crypt_io", DM_CRYPT_IO)
  const kmalloc = objects.kmallocCache(CRYPT_REQUEST)
  assert(kmalloc !== null, "a crypto request fits a general cache")
  const requests = new CacheMemory(objects, kmalloc)
  return new DmCrypt(sim, pages.frames, disk, { bios: fsBioSet, ios, requests, pages: memory }, spec.cpus, costs)
}

/** One for each device; the stream of sizes belongs to it. */
const makeZrams = (
  { fsBioSet, pages, sim, spec }: SwapParts,
  boot: Context,
  memory: PageMemory
): ReadonlyArray<Zram> => {
  const zram = spec.swapExtras?.zram
  if (zram === undefined) return []
  return Array.from({ length: zram.devices }, (_, n) => {
    takeForGood(boot, memory, zramSetupPages(zram.slots))
    const sizes = new PageSizes(sim.stream(spec.name, `zram${n}`), zram)
    return new Zram(pages.frames, fsBioSet, memory, zram.slots, sizes, zram)
  })
}

/** The area on nbd0, or on dm-crypt over it, of a machine that has one. */
const nbdArea = ({ disk, sim, spec }: SwapParts, crypt: DmCrypt | null): ReadonlyArray<SwapAreaOptions> =>
  spec.swapSlots === 0 ? [] : [{
    path: crypt === null ? "/dev/nbd0" : "/dev/dm-0",
    device: crypt === null ? [43, 0] : [253, 0],
    slots: spec.swapSlots,
    solidState: true,
    random: sim.stream(spec.name, "swap"),
    on: crypt ?? disk
  }]

const zramAreas = ({ sim, spec }: SwapParts, zrams: ReadonlyArray<Zram>): ReadonlyArray<SwapAreaOptions> => {
  const zramSpec = spec.swapExtras?.zram
  return zramSpec === undefined ? [] : zrams.map((zram, n) => ({
    path: `/dev/zram${n}`,
    device: [252, n],
    slots: zramSpec.slots,
    solidState: true,
    random: sim.stream(spec.name, "swap", `zram${n}`),
    priority: zramSpec.priority,
    on: zram
  }))
}

/** zswap stands in front of the first area, which is that of nbd. */
const makeZswap = (
  { objects, pages, sim, spec }: SwapParts,
  boot: Context,
  memory: PageMemory,
  swap: Swap
): Zswap | null => {
  const zswap = spec.swapExtras?.zswap
  if (zswap === undefined) return null
  assert(spec.swapSlots > 0, "zswap stands in front of a swap device")
  takeForGood(boot, memory, zswapSetupPages(spec.cpus))
  const [{ io, map }] = swap.areas
  const made = new Zswap(
    swap.state,
    io,
    { pages: memory, entries: objectsOf(objects, "zswap_entry", ZSWAP_ENTRY) },
    new PageSizes(sim.stream(spec.name, "zswap"), zswap),
    zswap,
    { ramPages: pages.presentPages, maxPool: zswap.maxPool, slots: map.max }
  )
  io.frontswap = made
  map.onFree = (ctx, slot) => made.invalidate(ctx, slot)
  return made
}

/** `swapon -a`. */
export const setUpSwap = (parts: SwapParts, boot: Context): SwapSetup => {
  const { disk, pages, sim, spec, vmscan } = parts
  const memory = new PageMemory(pages)
  const crypt = makeCrypt(parts, memory)
  const zrams = makeZrams(parts, boot, memory)
  const swap = new Swap(sim, pages.frames, disk, {
    tryAllocPage: (task, gfp) => pages.tryAlloc(task, gfp, 0),
    allocPage: (task, gfp) => pages.alloc(task, gfp, 0),
    freePage: (ctx, pfn) => vmscan.lru.putSinglePage(ctx, pfn),
    lruCacheAddAnon: (ctx, pfn) => vmscan.lru.add(ctx, pfn, false),
    lruAddDrain: (ctx) => vmscan.lru.drain(ctx),
    rotateReclaimable: (ctx, pfn) => vmscan.lru.rotateReclaimable(ctx, pfn),
    modZoneState: (pfn, item, n) => pages.zoneOf(pfn).modState(item, n),
    log: parts.log,
    vmstat: pages.vmstat,
    radixTreeNodes: parts.radixTreeNodes
  }, {
    areas: [...nbdArea(parts, crypt), ...zramAreas(parts, zrams)],
    cpus: spec.cpus,
    pageCluster: spec.sysctls?.["vm.page-cluster"] ?? pageClusterFor(pages.presentPages),
    readaheadPlug: readaheadPlug(spec.kernel)
  })
  const zswap = makeZswap(parts, boot, memory, swap)
  for (const [n, zram] of zrams.entries()) {
    swap.areas[swap.areas.length - zrams.length + n].map.onFree = (ctx, slot) => zram.slotFreeNotify(ctx, slot)
  }
  return { swap, zrams, zswap, crypt, memory }
}

/** Starts the threads of dm-crypt. */
export const startCrypt = (
  host: { readonly cpus: Cpus; task(comm: string, flags: number, options: Omit<TaskOptions, "flags">): KernelTask },
  crypt: DmCrypt
): ReadonlyArray<KernelTask> => {
  const start = (comm: string, body: (thread: KernelTask) => ReturnType<DmCrypt["kcryptdIo"]>): KernelTask => {
    // of a workqueue, which is bound
    const thread = host.task(comm, PF_KTHREAD, NO_CPUSET)
    thread.daemon = true
    host.cpus.start(thread, () => body(thread))
    return thread
  }
  return [
    ...crypt.crypt.map((_, cpu) => start(`kcryptd/${cpu}`, (thread) => crypt.kcryptd(thread, cpu))),
    start("kcryptd_io", (thread) => crypt.kcryptdIo(thread))
  ]
}
