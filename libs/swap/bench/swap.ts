// How fast pages go out to swap and come back: both visits of reclaim, then a read of eight at a time; a disk that ends
// requests at once.
import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import {
  bootContext,
  Frames,
  NO_PAGE,
  NONE,
  PG_locked,
  PG_swapbacked,
  PG_uptodate,
  type Task,
  VmStat
} from "@swaplab/page-alloc"
import { Process, Sim } from "@swaplab/sim"
import { Swap, type SwapOps } from "@swaplab/swap"

const memory = (): BlkMemory => {
  const free: Array<number> = []
  let made = 0
  const take = (): number => free.pop() ?? made++
  return {
    tryAlloc: take,
    *alloc() {
      return take()
    },
    free: (_ctx, object) => void free.push(object)
  }
}

const PAGES = 16_384
const SLOTS = 1 + 4 * PAGES
const sim = new Sim({ seed: 1 })
const frames = new Frames(PAGES)
const free: Array<number> = Array.from({ length: PAGES }, (_, pfn) => pfn)
const takePage = (): number => {
  const pfn = free.pop() ?? NO_PAGE
  if (pfn !== NO_PAGE) {
    frames.refCount[pfn] = 1
    frames.flags[pfn] = 0
  }
  return pfn
}
const queue = new BlockQueue(sim, "nbd0", memory(), memory())
const ctx = bootContext()
queue.driver = {
  requestFn: () => {
    for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) queue.endRequest(ctx, rq, 0)
  }
}
const ops: SwapOps = {
  tryAllocPage: takePage,
  *allocPage() {
    return takePage()
  },
  freePage: (_ctx, pfn) => void free.push(pfn),
  lruCacheAddAnon: () => {},
  lruAddDrain: () => {},
  rotateReclaimable: () => {},
  modZoneState: () => {},
  log: () => {},
  vmstat: new VmStat(),
  radixTreeNodes: memory()
}
const swap = new Swap(sim, frames, queue, ops, {
  areas: [{
    path: "/dev/nbd0",
    device: [43, 0],
    slots: SLOTS,
    solidState: true,
    random: sim.stream("swap"),
    on: queue
  }],
  cpus: 1,
  readaheadPlug: true
})
const task: Task = { ...bootContext(), process: new Process(sim, "kswapd0"), *condResched() {} }
const slots = new Int32Array(32)

/** Both visits for 32 pages. */
const swapOut = (): void => {
  const pages = slots.map(takePage)
  swap.startPlug(task)
  for (let i = 0; i < 32; i++) {
    const page = pages[i]
    frames.flags[page] = PG_uptodate | PG_swapbacked | PG_locked
    frames.rmap[page] = NONE
    swap.addToSwap(task, page)
    slots[i] = frames.private[page]
    swap.swapDuplicate(slots[i])
    swap.tryPageout(task, page)
  }
  queue.unplug(task)
  for (let i = 0; i < 32; i++) {
    const page = pages[i]
    swap.locks.tryLock(page)
    frames.refCount[page] = 2
    swap.removeMapping(task, page)
    swap.locks.unlock(page)
    swap.state.putPage(task, page)
  }
}

/** Reads the 32 slots back one by one, and gives them up. */
const swapIn = (): void => {
  for (let i = 0; i < 32; i++) {
    swap.startPlug(task)
    const page = swap.readahead.tryReadSwapCacheAsync(task, slots[i])
    queue.unplug(task)
    swap.locks.tryLock(page)
    swap.reuseSwapPage(task, page)
    swap.locks.unlock(page)
    swap.swapFree(slots[i], task)
    swap.state.putPage(task, page)
  }
}

/** The barest thing that does the same: a slot per page in a Map, put and taken. */
const bare = (rounds: number): number => {
  const map = new Map<number, number>()
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 32; i++) map.set(round * 32 + i, i)
    for (let i = 0; i < 32; i++) {
      sum += map.get(round * 32 + i) ?? 0
      map.delete(round * 32 + i)
    }
  }
  return sum
}

const perCpuSecond = (pages: number, work: () => unknown): number => {
  const begin = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(begin)
  return (pages / (user + system)) * 1e6
}

const round = (rounds: number): void => {
  for (let i = 0; i < rounds; i++) {
    swapOut()
    swapIn()
  }
}

const ROUNDS = 20_000
round(1_000)
bare(1_000)
const opsPerCpuSecond = perCpuSecond(ROUNDS * 32, () => round(ROUNDS))
const peer = perCpuSecond(ROUNDS * 32, () => bare(ROUNDS))
swap.checkInvariants()
console.log(JSON.stringify({
  bench: "swap: pages written out in two visits and read back",
  opsPerCpuSecond: Math.round(opsPerCpuSecond),
  ratioToBareMap: Number((opsPerCpuSecond / peer).toFixed(3))
}))
