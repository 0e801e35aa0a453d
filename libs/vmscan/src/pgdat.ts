// What all parts of reclaim share: the node (pg_data_t) with its wait queues, and the ways out of reclaim.
//
// Each memory node has a kswapd and a throttle of its own; LRU lists, operations and switches are those of the machine.
// Not modelled: memory control groups, laptop mode, compaction (CONFIG_COMPACTION=n, as in x86_64_defconfig of 3.6: kswapd and direct
// reclaim then treat every order alike).
// source: include/linux/mmzone.h:pg_data_t
import type { Frames, PageAllocator, Task, VmStat, Zone } from "@swaplab/page-alloc"
import { type Sim, WaitQueue } from "@swaplab/sim"
import { ReclaimBatch } from "./batch.ts"
import { Lru } from "./lru.ts"
import type { LruVec } from "./lruvec.ts"
import type { Congestion, ReclaimOps } from "./ops.ts"
import {
  DEFAULT_COSTS,
  DEFAULT_SWITCHES,
  type VmscanCosts,
  type VmscanOptions,
  type VmscanSwitches
} from "./options.ts"
import { VmscanTracepoints } from "./tracepoints.ts"

export class Pgdat {
  /** Its number. */
  readonly node: number
  readonly sim: Sim
  readonly pages: PageAllocator
  readonly frames: Frames
  readonly vmstat: VmStat
  /** Populated zones of the node, lowest first. */
  readonly zones: ReadonlyArray<Zone>
  readonly lru: Lru
  /** Lists of `zones`, in the same order. */
  readonly lruvecs: ReadonlyArray<LruVec>
  readonly mm: ReclaimOps
  readonly congestion: Congestion
  /** Read at every use: another set counts from then on. */
  switches: VmscanSwitches
  readonly costs: VmscanCosts
  /** /proc/sys/vm/swappiness, read at every use. */
  swappiness: number
  readonly group: number
  readonly trace: VmscanTracepoints

  readonly kswapdWait: WaitQueue
  readonly pfmemallocWait: WaitQueue
  /** Order that kswapd was last asked for. */
  kswapdMaxOrder = 0
  /** Highest zone kswapd was asked to look at. */
  classzoneIdx: number

  /** Tasks inside direct reclaim for this node first, or its kswapd, now; bounds the number of isolated pages. */
  reclaimers = 0
  /** Calls of emergency_free_pages, and pages that they dropped. */
  emergencies = 0
  emergencyPages = 0
  /** Tasks of the machine that write out a pageout list now, and pages that went through such lists. */
  readonly pageoutWriters: Set<Task>
  pageoutListed = 0
  readonly #spareBatches: Array<ReclaimBatch> = []
  readonly #batchesInUse = new Set<ReclaimBatch>()

  /** `first` is the first node of the machine, for every other node. */
  constructor(
    sim: Sim,
    pages: PageAllocator,
    mm: ReclaimOps,
    congestion: Congestion,
    options: VmscanOptions,
    node = 0,
    first: Pgdat | null = null
  ) {
    this.node = node
    this.sim = sim
    this.pages = pages
    this.frames = pages.frames
    this.vmstat = pages.vmstat
    this.zones = pages.populatedZones.filter((zone) => zone.node === node)
    this.lru = first?.lru ?? new Lru(pages)
    this.lruvecs = this.lru.lruvecs.filter((lruvec) => lruvec.zone.node === node)
    this.pageoutWriters = first?.pageoutWriters ?? new Set()
    this.mm = mm
    this.congestion = congestion
    this.switches = { ...DEFAULT_SWITCHES, ...options.switches }
    this.costs = { ...DEFAULT_COSTS, ...options.costs }
    this.swappiness = options.swappiness ?? 60
    this.group = options.group ?? 0
    this.trace = first?.trace ?? new VmscanTracepoints(sim)
    this.kswapdWait = new WaitQueue(sim, "kswapd_wait", "an allocation that finds a zone below its low watermark")
    this.pfmemallocWait = new WaitQueue(
      sim,
      "pfmemalloc_wait",
      "kswapd, when free pages exceed half of the min reserve"
    )
    this.classzoneIdx = this.highestZone
  }

  /** Index of the last zone (nr_zones − 1). */
  get highestZone(): number {
    return this.zones[this.zones.length - 1].index
  }

  get swapAvailable(): boolean {
    return this.mm.nrSwapPages() > 0
  }

  /** Room for the pages that one reclaimer isolates; the caller gives it back. */
  takeBatch(): ReclaimBatch {
    const batch = this.#spareBatches.pop() ?? new ReclaimBatch()
    this.#batchesInUse.add(batch)
    return batch
  }

  giveBatch(batch: ReclaimBatch): void {
    this.#batchesInUse.delete(batch)
    this.#spareBatches.push(batch)
  }

  /** Batches whose reclaimers sleep, for checks. */
  batchesInUse(): Iterable<ReclaimBatch> {
    return this.#batchesInUse
  }
}
