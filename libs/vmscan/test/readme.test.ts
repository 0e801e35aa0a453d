// The example of README.md, as it stands there.
import { type Context, PageAllocator, PG_uptodate, type Task } from "@swaplab/page-alloc"
import { Process, Sim, WaitQueue } from "@swaplab/sim"
import { PAGE_CLEAN, type ReclaimOps, SWAP_SUCCESS, Vmscan } from "@swaplab/vmscan"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const example = () => {
  const sim = new Sim({ seed: 1 })
  const pages = new PageAllocator(sim, { memory: { dma: 0, dma32: 8192, normal: 0 }, cpus: 1 })
  const { frames } = pages

  // a machine without swap: pages are unmapped page cache, and leave it when reclaim asks
  const mm: ReclaimOps = {
    nrSwapPages: () => 0,
    totalSwapPages: () => 0,
    vmSwapFull: () => false,
    pageReferenced: () => 0,
    isYoung: () => false,
    addToSwap: () => false,
    tryToUnmap: () => SWAP_SUCCESS,
    tryPageout: () => PAGE_CLEAN,
    *pageout() {
      return PAGE_CLEAN
    },
    unlockPage: () => {},
    removeMapping: (_ctx, pfn) => {
      if (frames.refCount[pfn] !== 2) return false
      frames.refCount[pfn]-- // the reference of the page cache
      return true
    },
    tryToFreeSwap: () => false,
    startPlug: () => {},
    *finishPlug() {},
    shrinkSlab: () => 0,
    writebackPages: () => 0,
    hardDirtyLimit: () => 1000,
    wakeFlushers: () => {}
  }
  const congestion = { wait: new WaitQueue(sim, "congestion_wqh[async]"), anyCongested: () => false }
  const vmscan = new Vmscan(sim, pages, mm, congestion)
  pages.reclaimer = vmscan

  // kswapd is a task like any other
  const kswapd: Task = {
    process: new Process(sim, "kswapd0"),
    *condResched() {},
    flags: 0,
    memdie: false,
    inInterrupt: false,
    servingSoftirq: false,
    cpu: 0,
    ns: 0
  }
  sim.spawn(kswapd.process, Effect.gen(() => vmscan.kswapd(kswapd)))

  // read files until an allocation that may not sleep fails: it has woken kswapd on its way
  const reader: Context = { flags: 0, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }
  for (let pfn = pages.tryAlloc(reader, 0, 0); pfn >= 0; pfn = pages.tryAlloc(reader, 0, 0)) {
    frames.flags[pfn] |= PG_uptodate
    vmscan.lru.add(reader, pfn, false)
  }
  const [zone] = pages.populatedZones
  const before = zone.free
  sim.run()

  return ({ before, after: zone.free, high: zone.watermark[2], stolen: pages.vmstat.get("pgsteal_kswapd_dma32") })
}

it("the example prints what its comment says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const printed = JSON.stringify(example()).replaceAll("\"", "").replaceAll(":", ": ").replaceAll(",", ", ")
  expect(readme).toContain(`// { ${printed.slice(1, -1)} }`)
})
