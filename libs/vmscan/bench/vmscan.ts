// Pages scanned and reclaimed per CPU second by direct reclaim over a toy mm: all pages clean page cache, and all pages
// dirty anonymous memory whose writes end at once. Peer: taking the same pages off the list and freeing them, with
// nothing decided in between.
import { GFP_KERNEL, PF_MEMALLOC } from "@swaplab/page-alloc"
import { context, Toy } from "../test/toy.ts"

const PAGES = 100_000
const ROUNDS = 20

const cpuNs = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1000
}

const machine = (): Toy =>
  new Toy({ memory: { dma: 0, dma32: PAGES + 5000, normal: 0 }, swapSlots: 1e9, requests: 1e9, writeNs: 1 })

const ctx = { ...context(), flags: PF_MEMALLOC }

const fill = (toy: Toy, anon: boolean): void => {
  for (let i = 0; i < PAGES; i++) {
    const pfn = toy.pages.tryAlloc(ctx, 0, 0)
    if (anon) toy.mapAnon(ctx, pfn, false)
    else toy.cacheFile(ctx, pfn)
  }
  toy.vmscan.lru.drain(ctx)
}

/** Reclaims until the inactive list of that kind is empty. */
const empty = (toy: Toy, anon: boolean): void => {
  const list = toy.lruvec.lists[anon ? 0 : 2]
  toy.spawn("T", function*(task) {
    while (list.count > 0) {
      yield* toy.vmscan.shrinkInactive(task, toy.lruvec, anon ? 0 : 1, GFP_KERNEL)
      yield* task.condResched()
    }
  })
  toy.sim.run()
}

const bare = (toy: Toy): void => {
  const list = toy.lruvec.lists[2]
  while (list.count > 0) toy.vmscan.lru.putPage(ctx, list.tail, true)
}

const measure = (toy: Toy, anon: boolean, run: (toy: Toy) => void): number => {
  let ns = 0
  const once = (): void => {
    fill(toy, anon)
    ns += cpuNs(() => run(toy))
  }
  once()
  once()
  ns = 0
  for (let i = 0; i < ROUNDS; i++) once()
  return ns
}

const scanned = (toy: Toy): number => toy.pages.vmstat.get("pgscan_direct_dma32")

const cleanToy = machine()
const cleanNs = measure(cleanToy, false, (toy) => empty(toy, false)) / (ROUNDS * PAGES)
const dirtyToy = machine()
const dirtyNs = measure(dirtyToy, true, (toy) => empty(toy, true)) / (ROUNDS * PAGES)
const bareNs = measure(machine(), false, bare) / (ROUNDS * PAGES)

console.log(JSON.stringify({
  bench: "vmscan: clean pages reclaimed",
  opsPerCpuSecond: Math.round(1e9 / cleanNs),
  nsPerCleanPage: Math.round(cleanNs),
  nsPerDirtyPage: Math.round(dirtyNs),
  visitsPerDirtyPage: Math.round(scanned(dirtyToy) / ((ROUNDS + 2) * PAGES) * 100) / 100,
  nsBareRemoveAndFree: Math.round(bareNs),
  ratioToBare: Math.round(cleanNs / bareNs * 100) / 100
}))
