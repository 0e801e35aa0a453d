import { ServerCores } from "#src/stations.ts"
import { NBD_SERVER_COSTS, requestCpuNs } from "#src/swap-server.ts"
import { Command } from "@swaplab/nbd"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start } from "./rig.ts"

describe("CPU", () => {
  // measured on nbd-server 3.24: 22 µs + 0.3 µs/KiB, 42 µs + 0.55 µs/KiB
  it.each([
    { type: Command.Read, kib: 4, ns: 23_200 },
    { type: Command.Read, kib: 32, ns: 31_600 },
    { type: Command.Read, kib: 124, ns: 59_200 },
    { type: Command.Write, kib: 4, ns: 44_200 },
    { type: Command.Write, kib: 32, ns: 59_600 },
    { type: Command.Write, kib: 124, ns: 110_200 }
  ])(
    "request $type of $kib KiB: $ns ns",
    ({ type, kib, ns }) => expect(requestCpuNs(NBD_SERVER_COSTS, type, kib * 1024)).toBeCloseTo(ns, 6)
  )

  it("serves jobs in order on the cores that there are", () => {
    const sim = new Sim({ seed: 1 })
    const cores = new ServerCores(sim, 2)
    const done: Array<readonly [number, number]> = []
    for (let i = 0; i < 5; i++) {
      start(sim, `job ${i}`, function*(self) {
        yield* cores.use(self, 1000)
        done.push([i, sim.now])
      })
    }
    sim.run()
    expect(done).toEqual([[0, 1000], [1, 1000], [2, 2000], [3, 2000], [4, 3000]])
    expect(cores.stations.waitNs).toBe(0 + 0 + 1000 + 1000 + 2000)
    expect(cores.stations.utilisation).toBeCloseTo(5000 / 6000, 9)
  })
})
