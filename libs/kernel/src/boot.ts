// The pieces of a machine that are made at boot and need more than one line.
// source: mm/slab_common.c, block/blk-core.c:blk_init_queue, mm/slab.c:start_cpu_timer
import { BioSet, BlockQueue, type BlockQueueOptions, type CongestionState } from "@swaplab/blk"
import { BIO_0, type MemallocSocks, type ObjectAllocator, REQUEST } from "@swaplab/kmem"
import { bootContext, type PageAllocator } from "@swaplab/page-alloc"
import type { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { SlubAllocator } from "@swaplab/slub"
import { MIN_IOS } from "@swaplab/swap"
import type { Cpus } from "./cpus.ts"
import type { MachineSpec } from "./machine-spec.ts"
import { CacheMemory } from "./mm/cache-memory.ts"
import { reserveSwitches, slubRelease } from "./patches/switches.ts"

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
  readonly group: number
  readonly congestion: CongestionState
  readonly bios: CacheMemory
  readonly fsBioSet: BioSet
  readonly requests: CacheMemory
}

/** The caches of bios and requests, and `fs_bio_set`. */
export const diskMemory = (
  sim: Sim,
  objects: ObjectAllocator
): Pick<DiskMemory, "bios" | "fsBioSet" | "requests"> => {
  const bios = new CacheMemory(objects, objects.createCache("bio-0", BIO_0, { hwAlign: true }))
  const requests = new CacheMemory(objects, objects.createCache("blkdev_requests", REQUEST))
  return { bios, fsBioSet: new BioSet(sim, bios), requests }
}

/** The bio set of dm-crypt. source: drivers/md/dm-crypt.c:crypt_ctr (bioset_create) */
export const cryptBios = ({ bios, sim }: Pick<DiskMemory, "bios" | "sim">): BioSet =>
  new BioSet(sim, bios, MIN_IOS, "dm-crypt")

/** Limits of the queue of an NBD device. */
export const nbdQueueLimits = ({ nrRequests }: Pick<MachineSpec, "nrRequests">): BlockQueueOptions =>
  nrRequests === undefined ? {} : { nrRequests }

/** NBD_MAJOR and SCSI_DISK0_MAJOR, and minor numbers of devices without partitions. */
const DEVICES = { nbd0: [43, 0], nbd1: [43, 1], sda: [8, 0] } as const

/** The queue of a block device, with bios of `fs_bio_set` unless others are given; its driver comes later. */
export const diskQueue = (
  { congestion, fsBioSet, group, requests, sim }: DiskMemory,
  name: keyof typeof DEVICES,
  options: BlockQueueOptions = {},
  bios: BioSet = fsBioSet
): BlockQueue => new BlockQueue(sim, name, bios, requests, { congestion, group, dev: DEVICES[name], ...options })

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
  }, { name: "cache_reap", group, retry: true })
  // Linux staggers the CPUs by three ticks each
  for (let cpu = 0; cpu < count; cpu++) sim.queue.after(period + 3 * cpu * sim.tickNs, kind, cpu)
}
