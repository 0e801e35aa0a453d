// What the tests share: contexts, tasks, a scripted reclaimer, and a way to bring a zone to an exact number of free pages.
import { __GFP_DMA, gfpZone } from "#src/gfp.ts"
import { PRESENT_PAGES_PRESETS } from "#src/memory-map.ts"
import {
  __GFP_DMA32,
  __GFP_NOWARN,
  type Context,
  PageAllocator,
  type PageAllocOptions,
  PF_MEMALLOC,
  type Reclaimer,
  type Task,
  type Zone,
  ZONE_RECLAIM_FULL,
  ZONE_RECLAIM_SOME
} from "@swaplab/page-alloc"
import { Process, Sim, type Sleeps } from "@swaplab/sim"
import { Effect } from "effect"

export const context = (init: Partial<Context> = {}): Context => ({
  flags: 0,
  memdie: false,
  inInterrupt: false,
  servingSoftirq: false,
  cpu: 0,
  ns: 0,
  ...init
})

export const softirq = (flags = 0): Context => context({ flags, inInterrupt: true, servingSoftirq: true })

export class TestTask implements Task {
  flags: number
  memdie = false
  inInterrupt = false
  servingSoftirq = false
  cpu = 0
  ns = 0
  readonly process: Process

  constructor(sim: Sim, name: string, flags = 0) {
    this.process = new Process(sim, name)
    this.flags = flags
  }

  *condResched(): Sleeps<void> {
    if (this.ns < 50_000) return
    const used = this.ns
    this.ns = 0
    yield* this.process.hold(used)
  }
}

export const spawn = (sim: Sim, task: Task, body: () => Sleeps<void>): void =>
  sim.spawn(task.process, Effect.gen(() => body()))

/** A machine of the 2 GiB preset: DMA32 10/12/15 and 1425/1781/2137 without THP. */
export const machine = (options: Partial<PageAllocOptions> = {}): { sim: Sim; pages: PageAllocator } => {
  const sim = new Sim({ seed: 1 })
  return { sim, pages: new PageAllocator(sim, { memory: PRESENT_PAGES_PRESETS["2 GiB"], cpus: 1, ...options }) }
}

/** Takes pages out of the zone until its buddy lists hold exactly `free`; they are never given back. */
export const bringTo = (pages: PageAllocator, zone: Zone, free: number): void => {
  const ctx = context()
  const gfp = (zone.index === 0 ? __GFP_DMA : __GFP_DMA32) | __GFP_NOWARN
  const marks = [...zone.watermark] as const
  zone.watermark.fill(0)
  pages.drainAllPages()
  for (let order = 10; order >= 0; order--) {
    while (zone.free - (1 << order) >= free && pages.zoneWatermarkOk(zone, order, 0, zone.index, 0)) {
      const page = pages.tryAlloc(ctx, gfp, order)
      if (pages.zoneOf(page) !== zone) throw new Error("took a page of another zone")
      pages.drainAllPages()
    }
  }
  marks.forEach((mark, i) => zone.watermark[i] = mark)
  if (zone.free !== free) throw new Error(`zone has ${zone.free} free pages, not ${free}`)
}

/** A reclaimer that does what it is told and writes down what it was asked. */
export class ScriptedReclaimer implements Reclaimer {
  readonly log: Array<string> = []
  /** Progress of the next rounds; 0 when the script has ended. */
  progress: Array<number> = []
  /** What else a round does, for example free pages. */
  onReclaim: (task: Task) => void = () => {}
  onOom: (task: Task) => void = () => {}
  /** Result of emergencyFreePages; may free pages. */
  emergency: () => number = () => 0

  /** What zone_reclaim() finds before it scans, and what scanning a zone does; by default nothing is there. */
  zoneReclaimAnswer: (zone: Zone) => number = () => ZONE_RECLAIM_FULL
  onZoneReclaim: (zone: Zone) => void = () => {}

  wakeKswapd(_ctx: Context, zone: Zone, order: number, classzone: number): void {
    this.log.push(`wake ${zone.name} ${order} ${classzone}`)
  }

  *tryToFreePages(task: Task, gfp: number, order: number): Sleeps<number> {
    this.log.push(`reclaim ${order} ${gfpZone(gfp)}${(task.flags & PF_MEMALLOC) === 0 ? "" : " memalloc"}`)
    this.onReclaim(task)
    yield* task.process.hold(1_000_000)
    return this.progress.shift() ?? 0
  }

  asksZoneReclaim(_ctx: Context, zone: Zone): number {
    return this.zoneReclaimAnswer(zone)
  }

  *zoneReclaim(task: Task, zone: Zone): Sleeps<number> {
    this.log.push(`zone_reclaim ${zone.label}`)
    yield* task.process.hold(1_000_000)
    this.onZoneReclaim(zone)
    return ZONE_RECLAIM_SOME
  }

  emergencyFreePages(_task: Task, gfp: number, order: number): number {
    this.log.push(`emergency ${order} ${gfpZone(gfp)}`)
    return this.emergency()
  }

  *outOfMemory(task: Task): Sleeps<boolean> {
    this.log.push("oom")
    yield* task.process.hold(4_000_000)
    this.onOom(task)
    return true
  }

  *waitIffCongested(task: Task, zone: Zone, ns: number): Sleeps<void> {
    this.log.push(`wait ${zone.name} ${ns / 1e6}`)
    yield* task.process.hold(ns)
  }
}
