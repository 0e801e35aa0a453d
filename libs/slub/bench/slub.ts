// Allocation and free of objects: array hits, and bursts that refill and flush, with the real page allocator underneath.
// The bare peer is a stack in one typed array: what any object allocator costs at least here.
// node --max-semi-space-size=64 out-tsc/spec/bench/slub.js
import type { KmemCache, ObjectAllocator } from "@swaplab/kmem"
import { type Context, GFP_ATOMIC, PageAllocator } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator } from "@swaplab/slub"

const OPS = 4_000_000
const sim = new Sim({ seed: 1 })
const pages = new PageAllocator(sim, { memory: 128 * 1024 * 1024, cpus: 4 })
const allocator: ObjectAllocator = new SlubAllocator(sim, pages, {
  cpus: 4,
  switches: { reserveSlabs: true, slowPathTest: true }
})
const ctx: Context = { flags: 0, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }
const held = new Int32Array(1000)

const heads = allocator.createCache("skbuff_head_cache", 224, { hwAlign: true })

/** Nanoseconds per alloc or free, in rounds of `burst` allocations followed by as many frees. */
const measure = (cache: KmemCache, burst: number): number => {
  const rounds = Math.ceil(OPS / (2 * burst))
  const start = process.cpuUsage().user
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < burst; i++) held[i] = allocator.tryAlloc(ctx, cache, GFP_ATOMIC)
    for (let i = 0; i < burst; i++) allocator.free(ctx, cache, held[i])
  }
  return (process.cpuUsage().user - start) / (rounds * 2 * burst) * 1000
}

const bareStack = (burst: number): number => {
  const stack = new Int32Array(1000).map((_, i) => i)
  let top = stack.length
  const rounds = Math.ceil(OPS / (2 * burst))
  const start = process.cpuUsage().user
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < burst; i++) held[i] = stack[--top]
    for (let i = 0; i < burst; i++) stack[top++] = held[i]
  }
  return (process.cpuUsage().user - start) / (rounds * 2 * burst) * 1000
}

const best = (run: () => number): number => {
  run()
  return Math.min(run(), run(), run())
}

const hit = best(() => measure(heads, 10))
const burst = best(() => measure(heads, 700))
const bare = best(() => bareStack(10))
allocator.checkInvariants()
console.log(JSON.stringify({
  bench: "slub",
  opsPerCpuSecond: Math.round(1e9 / hit),
  hitNs: Math.round(hit * 10) / 10,
  burstNs: Math.round(burst * 10) / 10,
  ratioToBareStack: Math.round(hit / bare * 10) / 10
}))
