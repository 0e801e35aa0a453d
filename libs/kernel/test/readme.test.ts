import {
  DEFAULT_COSTS,
  FAULT_DONE,
  Machine,
  pageAllocSwitches,
  patchesOf,
  procOf,
  rootDevicePages,
  type RootSpec
} from "@swaplab/kernel"
import { Packets } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"
import { expect, it } from "vitest"

it("does what the README shows", () => {
  const sim = new Sim({ seed: 1 })
  const machine = new Machine(sim, {
    name: "client-1",
    index: 0,
    host: 2,
    kernel: { allocator: "slub", base: "v3.6", patches: { throttle: false } },
    ramBytes: 64 * 1024 * 1024,
    cpus: 2,
    thp: false,
    minFreeKbytes: null,
    pageCachePages: 820,
    swapSlots: 81_920,
    nic: { driver: "e1000", rxRing: 256, txRing: 256, interruptGapNs: 50_000 },
    processes: 1,
    pagesPerProcess: 4096,
    costs: DEFAULT_COSTS
  }, { packets: new Packets(), wire: { transmit: () => sim.now } })

  machine.startProcess(0, "hog", function*(task) {
    for (let index = 0; index < 4096; index++) {
      // a new page needs neither to sleep nor to read, unless memory or a page table is missing
      if (!machine.mm.tryFault(task, index, true)) yield* machine.mm.fault(task, index, true)
      yield* task.condResched()
    }
    yield* task.hold(60e9)
  })
  sim.run(1e9)

  const meminfo = procOf(machine).meminfo().split("\n")
  expect(meminfo[0]).toBe("MemTotal:          64064 kB")
  expect(meminfo[17]).toBe("AnonPages:         16384 kB")
  expect(machine.pages.vmstat.get("pgfault")).toBe(4096)
  expect(Math.round(machine.cpuTimes().sysNs / 1e6)).toBe(5) // ms: about 1.1 µs a fault

  expect(patchesOf(machine.spec.kernel).has("throttle")).toBe(false)
  expect(pageAllocSwitches(machine.spec.kernel).pfmemallocMark).toBe("no-watermarks")

  const spec: RootSpec = {
    pages: 25_600,
    tokenWriter: 7,
    readaheadPages: 32,
    format: { kind: "squashfs", blockPages: 32, ratio: 0.4, cpuPerBlockNs: 1_500_000 }
  }
  expect(rootDevicePages(spec)).toBe(10_240)
  const root = machine.attachRoot(spec, { kind: "disk", disk: { bytesPerSecond: 60e6, latencyNs: 8_000_000 } })
  root.addFile(0, 512)
  root.mapExecutable(0, 400)
  const results: Array<unknown> = []
  machine.startProcess(0, "program", function*(task) {
    if (!root.tryTouch(task, 10)) results.push(yield* root.fault(task, 10))
    results.push(yield* root.read(task, 400, 512))
    root.unmap(task, 0, 400)
  })
  sim.run(2e9)
  expect(results).toEqual([FAULT_DONE, true])
})
