// The limit of bytes a second that the swap of a client has.
import { ServerCores } from "#src/stations.ts"
import { Command } from "@swaplab/nbd"
import { type EmulatedExport, SwapServer } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start, ToyClient } from "./rig.ts"

/** CPU time is free, so that what passes is the wait for the rate. */
const FREE = { readNs: 0, readNsPerKiB: 0, writeNs: 0, writeNsPerKiB: 0, otherNs: 0 }

const PAGE_MS = 100
/** A page in 100 ms, and one at once. */
const BYTES_PER_SECOND = 4096 * 1000 / PAGE_MS

describe("a server whose clients have a rate", () => {
  const rig = () => {
    const sim = new Sim({ seed: 4 })
    const server = new SwapServer(sim, new ServerCores(sim, 1), null, FREE)
    return { sim, server }
  }

  /** Milliseconds after which each of these reads of so many pages is answered. The first comes after `idleMs`. */
  const answered = (
    sim: Sim,
    served: EmulatedExport,
    pages: ReadonlyArray<number>,
    idleMs = 0
  ): ReadonlyArray<number> => {
    const client = new ToyClient(sim, "client", served)
    const at: Array<number> = []
    start(sim, "user", function*(self) {
      if (idleMs > 0) yield* self.process.hold(idleMs * 1e6)
      for (const count of pages) {
        yield* client.ask(self, Command.Read, 0, count)
        at.push(sim.now / 1e6 - idleMs)
      }
    })
    sim.run(60e9)
    return at
  }

  it("swap: the burst at once, then a page in 100 ms; a large request passes and is paid for afterwards", () => {
    const { server, sim } = rig()
    const swap = server.addExport("swap", 4 << 20, BYTES_PER_SECOND)
    expect(answered(sim, swap, [1, 1, 1, 4, 1])).toEqual([0, 0, 100, 200, 600])
    expect(server.stats).toMatchObject({ rateWaits: 4, rateWaitedNs: 700e6 })
  })

  it("swap: who has rested has earned the burst and no more", () => {
    const { server, sim } = rig()
    const swap = server.addExport("swap", 4 << 20, BYTES_PER_SECOND)
    expect(answered(sim, swap, [1, 1, 1, 1], 10_000)).toEqual([0, 0, 100, 200])
  })

  it("images have none", () => {
    const { server, sim } = rig()
    server.addExport("swap", 4 << 20, BYTES_PER_SECOND)
    const image = server.image("root", 4 << 20, 7, 32)
    expect(answered(sim, image, [1, 1, 1, 4, 1])).toEqual([0, 0, 0, 0, 0])
    expect(server.stats).toMatchObject({ rateWaits: 0, rateWaitedNs: 0 })
  })
})
