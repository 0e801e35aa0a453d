// First writes to anonymous pages (page tables, LRU, per-CPU lists, charging of CPU time), and booting a client of 64 MiB.
// The bare peer writes the same page-table entries without any kernel.
// node --max-semi-space-size=64 out-tsc/spec/bench/kernel.js
import { DEFAULT_COSTS, type KernelSpec, Machine, PTE_PRESENT } from "@swaplab/kernel"
import { Packets } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"

const PAGES = 40_000
const ROUNDS = 20
const BOOTS = 100

const boot = (sim: Sim, name: string, ramMiB: number, kernel: KernelSpec): Machine =>
  new Machine(sim, {
    name,
    index: 0,
    host: 2,
    kernel,
    ramBytes: ramMiB * 1024 * 1024,
    cpus: 2,
    thp: false,
    minFreeKbytes: null,
    pageCachePages: 820,
    swapSlots: 81_920,
    nic: { driver: "e1000", rxRing: 256, txRing: 256, interruptGapNs: 50_000 },
    processes: 8,
    pagesPerProcess: 8192,
    costs: DEFAULT_COSTS
  }, { packets: new Packets(), wire: { transmit: () => sim.now } })

const seconds = (work: () => void): number => {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

/** Faults in memory that is free, over and over. */
const faults = (rounds: number): number => {
  const sim = new Sim({ seed: 1 })
  const machine = boot(sim, "client-1", 256, { allocator: "slub", base: "v3.6" })
  const { mm } = machine
  machine.startProcess(0, "hog", function*(task) {
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < PAGES; index++) {
        if (!mm.tryFault(task, index, true)) yield* mm.fault(task, index, true)
        if (task.ns >= 50_000) yield* task.condResched()
      }
      for (let process = 0; process < 8; process++) mm.exit(task, process)
    }
    sim.stop()
  })
  return seconds(() => sim.run())
}

const bare = (rounds: number): number => {
  const entries = new Uint32Array(PAGES)
  return seconds(() => {
    for (let round = 0; round < rounds * 100; round++) {
      for (let index = 0; index < PAGES; index++) {
        if ((entries[index] & PTE_PRESENT) === 0) entries[index] = (index << 5) | PTE_PRESENT
      }
      entries.fill(0)
    }
  }) / 100
}

faults(4)
const perFault = Math.min(faults(ROUNDS), faults(ROUNDS)) / (ROUNDS * PAGES)
bare(2)
const perEntry = bare(ROUNDS) / (ROUNDS * PAGES)

const sim = new Sim({ seed: 1 })
boot(sim, "warm-up", 64, { allocator: "slab", base: "v3.6" })
const machines: Array<Machine> = []
const booting = seconds(() => {
  for (let i = 0; i < BOOTS; i++) machines.push(boot(sim, `client-${i + 1}`, 64, { allocator: "slub", base: "v3.6" }))
})

console.log(JSON.stringify({
  bench: "kernel: anonymous faults",
  opsPerCpuSecond: Math.round(1 / perFault),
  ratioToBareEntry: Math.round(perFault / perEntry),
  bootsPerCpuSecond: Math.round(machines.length / booting)
}))
