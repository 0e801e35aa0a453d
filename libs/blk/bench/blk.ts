// How fast pages pass through the queue: 32 pages per plug, a driver that ends requests at once.
import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import { bootContext, type Task } from "@swaplab/page-alloc"
import { Process, Sim } from "@swaplab/sim"

const memory = (): BlkMemory => {
  const free: Array<number> = []
  let made = 0
  return {
    tryAlloc: () => free.pop() ?? made++,
    *alloc() {
      return free.pop() ?? made++
    },
    free: (_ctx, object) => void free.push(object)
  }
}

const sim = new Sim({ seed: 1 })
const queue = new BlockQueue(sim, "nbd0", memory(), memory())
const ctx = bootContext()
queue.driver = {
  requestFn: () => {
    for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) queue.endRequest(ctx, rq, 0)
  }
}
const task: Task = { ...bootContext(), process: new Process(sim, "kswapd0"), *condResched() {} }

/** Submits `batches` × 32 pages in runs of `run` adjacent ones. */
const pages = (batches: number, run: number): void => {
  for (let batch = 0; batch < batches; batch++) {
    queue.plug(task)
    for (let i = 0; i < 32; i++) {
      const slot = (batch % 1000) * 64 + i + Math.floor(i / run)
      queue.trySubmitPage(task, true, slot * 8, i, false)
    }
    queue.unplug(task)
  }
}

/** The barest thing that does the same accounting: a push and a pop per page on a plain array. */
const bare = (batches: number): number => {
  const list: Array<number> = []
  let sum = 0
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < 32; i++) list.push(batch + i)
    while (list.length !== 0) sum += list.pop() ?? 0
  }
  return sum
}

const perCpuSecond = (pagesDone: number, work: () => unknown): number => {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (pagesDone / (user + system)) * 1e6
}

const BATCHES = 40_000
pages(2_000, 8)
bare(2_000)
const opsPerCpuSecond = perCpuSecond(BATCHES * 32, () => pages(BATCHES, 8))
const unmerged = perCpuSecond(BATCHES * 32, () => pages(BATCHES, 1))
const peer = perCpuSecond(BATCHES * 32, () => bare(BATCHES))
console.log(JSON.stringify({
  bench: "blk: pages submitted and ended, runs of 8 in plugs of 32",
  opsPerCpuSecond: Math.round(opsPerCpuSecond),
  unmergedPerCpuSecond: Math.round(unmerged),
  ratioToBareArray: Number((opsPerCpuSecond / peer).toFixed(3))
}))
