import { DEFAULT_COSTS, Machine } from "@swaplab/kernel"
import { Packets } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"
import { usemem } from "@swaplab/workload"
import { expect, it } from "vitest"

it("does what the README shows", () => {
  const sim = new Sim({ seed: 1 })
  const machine = new Machine(sim, {
    name: "client-1",
    index: 0,
    host: 2,
    kernel: { allocator: "slab", base: "v3.6" },
    ramBytes: 64 * 1024 * 1024,
    cpus: 2,
    thp: false,
    minFreeKbytes: null,
    pageCachePages: 820,
    swapSlots: 1024,
    nic: { driver: "e1000", rxRing: 256, txRing: 256, interruptGapNs: 50_000 },
    processes: 2,
    pagesPerProcess: 5000,
    costs: DEFAULT_COSTS
  }, { packets: new Packets(), wire: { transmit: () => sim.now } })

  const exits: Array<string> = []
  for (let process = 0; process < 2; process++) {
    machine.startProcess(process, `usemem-${process + 1}`, function*(task) {
      exits.push(yield* usemem(machine, task, { passes: 2, mode: "write" }))
    })
  }
  sim.run(1e9)
  expect(exits).toEqual(["completed", "completed"])
  expect(machine.touched).toBe(20_000)
})
