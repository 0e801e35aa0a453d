// Requests that were read and not answered.
import { ServerCores } from "#src/stations.ts"
import { ThreadPool } from "#src/thread-pool.ts"
import { Command, encodeRequest, REQUEST_BYTES } from "@swaplab/nbd"
import type { Task } from "@swaplab/page-alloc"
import { serveConnection, SwapServer } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start, ToySocket } from "./rig.ts"

/** A read costs 1 ms. */
const COSTS = { readNs: 1e6, readNsPerKiB: 0, writeNs: 1e6, writeNsPerKiB: 0, otherNs: 0 }

describe.each([{ threads: 1 }, { threads: 2 }])("of a connection with $threads threads", ({ threads }) => {
  /** Three reads are sent at once; what happens half a millisecond later. */
  const run = (happens: (tasks: ReadonlyArray<Task>, client: ToySocket) => void) => {
    const sim = new Sim({ seed: 4 })
    const server = new SwapServer(sim, new ServerCores(sim, 4), null, COSTS)
    const swap = server.addExport("swap", 1 << 20)
    const client = new ToySocket(sim, "client", 0)
    const far = new ToySocket(sim, "server", 0)
    client.peer = far
    far.peer = client
    const tasks: Array<Task> = []
    const fork = (program: Parameters<typeof start>[2]): void => {
      tasks.push(start(sim, `task ${tasks.length}`, program))
    }
    const pool = threads === 1 ? null : new ThreadPool(sim, "pool", threads, fork)
    let unanswered = 0
    fork((self) => serveConnection(self, far, swap, pool, () => unanswered++))
    start(sim, "user", function*(self) {
      for (let i = 1; i <= 3; i++) {
        const header = new Uint8Array(REQUEST_BYTES)
        encodeRequest(header, 0, 0, Command.Read, 0, i, 0, 4096)
        yield* client.sendBytes(self, header)
      }
      yield* self.process.hold(0.5e6)
      happens(tasks, client)
    })
    sim.run(1e9)
    pool?.abandon((arrivedAt) => {
      unanswered++
      server.stats.depart(sim.now, arrivedAt)
    })
    const { arrivals, resident } = server.stats
    return { arrivals, resident, unanswered }
  }

  it("none, where nothing happens", () => {
    expect(run(() => {})).toEqual({ arrivals: 3, resident: 0, unanswered: 0 })
  })

  it("those that it had read when the process was killed", () => {
    const all = run((tasks) => tasks.forEach(({ process }) => process.kill()))
    // a worker alone has read one; of two threads each has one, and the third waits
    expect(all).toEqual(
      threads === 1 ? { arrivals: 1, resident: 0, unanswered: 1 } : { arrivals: 3, resident: 0, unanswered: 3 }
    )
  })

  it("those that it had read when the client went", () => {
    const all = run((_, client) => client.shutdown())
    expect(all).toEqual(
      threads === 1 ? { arrivals: 1, resident: 0, unanswered: 1 } : { arrivals: 3, resident: 0, unanswered: 3 }
    )
  })
})
