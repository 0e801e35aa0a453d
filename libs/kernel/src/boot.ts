// The pieces of a machine that are made at boot and need more than one line.
// source: mm/slab_common.c, block/blk-core.c:blk_init_queue, mm/swapfile.c:sys_swapon, mm/slab.c:start_cpu_timer
import { BlockQueue, type CongestionState } from "@swaplab/blk"
import { BIO_0, type MemallocSocks, type ObjectAllocator, REQUEST } from "@swaplab/kmem"
import { bootContext, type PageAllocator } from "@swaplab/page-alloc"
import type { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { SlubAllocator } from "@swaplab/slub"
import { pageClusterFor, Swap } from "@swaplab/swap"
import type { Vmscan } from "@swaplab/vmscan"
import type { Cpus } from "./cpus.ts"
import type { MachineSpec } from "./machine-spec.ts"
import { CacheMemory } from "./mm/cache-memory.ts"
import { readaheadPlug, reserveSwitches, slubRelease } from "./patches/switches.ts"

/** The object allocator that the kernel was built with. */
export const objectAllocator = (
  sim: Sim,
  pages: PageAllocator,
  spec: MachineSpec,
  memallocSocks: MemallocSocks,
  group: number
): ObjectAllocator => {
  const switches = reserveSwitches(spec.kernel)
  return spec.kernel.allocator === "slab"
    ? new SlabAllocator(sim, pages, { cpus: spec.cpus, switches, memallocSocks, group })
    : new SlubAllocator(sim, pages, { cpus: spec.cpus, switches, ...slubRelease(spec.kernel), group })
}

/** What the queues of a machine are made from: its bios and its requests, of all disks. */
export interface DiskMemory {
  readonly sim: Sim
  readonly congestion: CongestionState
  readonly bios: CacheMemory
  readonly requests: CacheMemory
}

/** The caches of bios and requests. */
export const diskMemory = (objects: ObjectAllocator): Pick<DiskMemory, "bios" | "requests"> => {
  const bios = objects.createCache("bio-0", BIO_0, { hwAlign: true })
  const requests = objects.createCache("blkdev_requests", REQUEST)
  return { bios: new CacheMemory(objects, bios), requests: new CacheMemory(objects, requests) }
}

/** The queue of a block device; its driver comes later. */
export const diskQueue = ({ bios, congestion, requests, sim }: DiskMemory, name: string): BlockQueue =>
  new BlockQueue(sim, name, bios, requests, { congestion })

/** What the swap area is made from. */
export interface SwapParts {
  readonly sim: Sim
  readonly spec: MachineSpec
  readonly pages: PageAllocator
  readonly vmscan: Vmscan
  readonly disk: BlockQueue
  readonly radixTreeNodes: CacheMemory
  readonly log: (message: string) => void
}

/** `swapon`. */
export const swapArea = (parts: SwapParts): Swap => {
  const { pages, vmscan, spec, sim } = parts
  return new Swap(sim, pages.frames, parts.disk, {
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
    path: "/dev/nbd0",
    device: [43, 0],
    slots: spec.swapSlots,
    solidState: true,
    random: sim.stream(spec.name, "swap"),
    cpus: spec.cpus,
    pageCluster: pageClusterFor(pages.presentPages),
    readaheadPlug: readaheadPlug(spec.kernel)
  })
}

/** `cache_reap` of each CPU, for an allocator that has one. */
export const startReaper = (sim: Sim, objects: ObjectAllocator, cpus: Cpus, count: number, group: number): void => {
  const period = objects.reapIntervalNs
  if (period === 0) return
  const context = { ...bootContext() }
  const kind = sim.queue.register((cpu) => {
    context.cpu = cpu
    objects.reap(context)
    cpus.steal(cpu, Math.round(context.ns))
    context.ns = 0
    sim.queue.after(period, kind, cpu)
  }, { group, retry: true })
  // Linux staggers the CPUs by three ticks each
  for (let cpu = 0; cpu < count; cpu++) sim.queue.after(period + 3 * cpu * sim.tickNs, kind, cpu)
}
