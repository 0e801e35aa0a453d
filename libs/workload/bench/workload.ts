// Touches of usemem: of pages that are resident, the fast loop of every run. The bare peer is a loop that checks and writes
// two columns.
// node --max-semi-space-size=64 out-tsc/spec/bench/workload.js
import { DEFAULT_COSTS, Machine } from "@swaplab/kernel"
import { Packets } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"
import { usemem } from "@swaplab/workload"

const PAGES = 10_000
const PASSES = 300

const seconds = (work: () => void): number => {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

const touches = (passes: number): number => {
  const sim = new Sim({ seed: 1 })
  const machine = new Machine(sim, {
    name: "client-1",
    index: 0,
    host: 2,
    kernel: { allocator: "slab", base: "v3.6" },
    ramBytes: 128 * 1024 * 1024,
    cpus: 1,
    thp: false,
    minFreeKbytes: null,
    pageCachePages: 0,
    swapSlots: 1024,
    nic: { driver: "e1000", rxRing: 256, txRing: 256, interruptGapNs: 50_000 },
    processes: 1,
    pagesPerProcess: PAGES,
    costs: DEFAULT_COSTS
  }, { packets: new Packets(), wire: { transmit: () => sim.now } })
  machine.startProcess(0, "usemem", function*(task) {
    yield* usemem(machine, task, { passes, mode: "write" })
    sim.stop()
  })
  return seconds(() => sim.run())
}

const bare = (passes: number): number => {
  const writer = new Uint32Array(PAGES)
  const version = new Uint32Array(PAGES)
  return seconds(() => {
    for (let pass = 1; pass <= passes; pass++) {
      for (let index = 0; index < PAGES; index++) {
        if (pass > 1 && (writer[index] !== index || version[index] !== pass - 1)) throw new Error("corruption")
        writer[index] = index
        version[index] = pass
      }
    }
  })
}

touches(30)
bare(30)
const perTouch = Math.min(touches(PASSES), touches(PASSES)) / (PASSES * PAGES)
const perEntry = Math.min(bare(PASSES), bare(PASSES)) / (PASSES * PAGES)
console.log(JSON.stringify({
  bench: "workload: touches of resident pages",
  opsPerCpuSecond: Math.round(1 / perTouch),
  ratioToBareLoop: Math.round(perTouch / perEntry * 10) / 10
}))
