// Allocation and free pairs per CPU second, against the cheapest thing that could do the job: a stack of page numbers.
// node --max-semi-space-size=64 out-tsc/spec/bench/page-alloc.js
import { type Context, GFP_ATOMIC, GFP_HIGHUSER_MOVABLE, PageAllocator } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"

const PAIRS = 4_000_000
/** Pages held at a time: larger than a per-CPU list, so batches go to and from the buddy lists. */
const HELD = 512

const pages = new PageAllocator(new Sim({ seed: 1 }), { memory: 2 * 2 ** 30, cpus: 4 })
const ctx: Context = { flags: 0, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }

const cpuSeconds = (work: () => void): number => {
  const start = process.cpuUsage()
  work()
  const used = process.cpuUsage(start)
  return (used.user + used.system) / 1e6
}

/** One page at a time: stays inside the per-CPU list. */
const onePage = (): void => {
  for (let i = 0; i < PAIRS; i++) pages.free(ctx, pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0), 0)
}

const held = new Int32Array(HELD)
const inBatches = (order: number, gfp: number): void => {
  for (let i = 0; i < PAIRS; i += HELD) {
    for (let k = 0; k < HELD; k++) held[k] = pages.tryAlloc(ctx, gfp, order)
    for (let k = 0; k < HELD; k++) pages.free(ctx, held[k], order)
  }
}

const stack = Int32Array.from({ length: HELD }, (_, i) => i)
let top = HELD
const bareStack = (): void => {
  for (let i = 0; i < PAIRS; i += HELD) {
    for (let k = 0; k < HELD; k++) held[k] = stack[--top]
    for (let k = 0; k < HELD; k++) stack[top++] = held[k]
  }
}

onePage()
inBatches(0, GFP_HIGHUSER_MOVABLE)
inBatches(3, GFP_ATOMIC)
bareStack()
const pairsPerSecond = (work: () => void): number => Math.round(PAIRS / cpuSeconds(work))
const single = pairsPerSecond(onePage)
const batched = pairsPerSecond(() => inBatches(0, GFP_HIGHUSER_MOVABLE))
const order3 = pairsPerSecond(() => inBatches(3, GFP_ATOMIC))
const bare = pairsPerSecond(bareStack)
console.log(JSON.stringify({
  bench: "page-alloc",
  opsPerCpuSecond: batched,
  unit: "order-0 allocation and free",
  order0HotPairsPerCpuSecond: single,
  order3PairsPerCpuSecond: order3,
  ratioToBareStack: Number((bare / batched).toFixed(1))
}))
