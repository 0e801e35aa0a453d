// One trace of allocations on both allocators: sk_buff heads and their data come and go as packets do, and what stays is
// scattered over the slabs. Printed is what each allocator holds after every thousand steps.
import type { ObjectAllocator } from "@swaplab/kmem"
import { GFP_KERNEL, PageAllocator } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { SlubAllocator } from "@swaplab/slub"

const task = { flags: 0, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }

/** A trace: positive numbers are bytes to allocate, the others name the oldest, second oldest … object to free. */
const trace: Array<number> = []
for (let step = 0, random = 1; step < 4000; step++) {
  random = (random * 48271) % 2147483647
  trace.push(step < 1000 || random % 2 === 0 ? [224, 512, 2048][random % 3]! : -(random % 50))
}

const replay = (make: (sim: Sim, pages: PageAllocator) => ObjectAllocator): ReadonlyArray<string> => {
  const sim = new Sim({ seed: 1 })
  const pages = new PageAllocator(sim, { memory: 64 * 2 ** 20, cpus: 2 })
  const allocator = make(sim, pages)
  const live: Array<{ bytes: number; object: number }> = []
  const cacheOf = (bytes: number) => {
    const cache = allocator.kmallocCache(bytes)
    if (cache === null) throw new Error(`no cache of ${bytes} bytes`)
    return cache
  }
  return trace.flatMap((step, i) => {
    if (step > 0) live.push({ bytes: step, object: allocator.tryAlloc(task, cacheOf(step), GFP_KERNEL) })
    else for (const { bytes, object } of live.splice(-step, 1)) allocator.free(task, cacheOf(bytes), object)
    if (i % 1000 !== 999) return []
    const used = live.reduce((sum, { bytes }) => sum + bytes, 0) / 4096
    return [`${live.length} objects, ${used.toFixed(0)} pages of payload in ${allocator.slabPages()} pages`]
  })
}

const slab = replay((sim, pages) => new SlabAllocator(sim, pages, { cpus: 2 }))
const slub = replay((sim, pages) => new SlubAllocator(sim, pages, { cpus: 2 }))
console.log(`step  ${"SLAB".padEnd(52)}SLUB`)
slab.forEach((line, i) => console.log(`${(i + 1) * 1000}  ${line.padEnd(52)}${slub[i]}`))
