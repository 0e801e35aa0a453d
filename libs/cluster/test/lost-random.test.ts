// Whatever happens to the server and the cables: once it is over, clients go on, or their programs have lost their pages, or
// the OOM killer took them while there was no swap.
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { broken, scenario, started } from "./clusters.ts"

const S = 1e9

const ACTIONS = ["stop", "start", "pause", "resume", "down", "up", "serverDown", "serverUp"] as const

const step = fc.record({
  what: fc.constantFrom<(typeof ACTIONS)[number]>(...ACTIONS, "stop", "stop", "start"),
  /** Seconds since the one before. */
  gap: fc.double({ min: 0.001, max: 0.7, noNaN: true }).map((seconds) => Math.round(seconds * S))
})

const run = (
  whenLost: "exit" | "persist" | "reconnect",
  threads: number,
  steps: ReadonlyArray<{ readonly what: (typeof ACTIONS)[number]; readonly gap: number }>,
  seed: number
) => {
  const { cluster, exits } = started(
    scenario([{
      name: "client",
      ram: "16 MiB",
      cpus: 1,
      swap: "64 MiB",
      nbd: { whenLost, deadTimeout: "2000 s" },
      workload: { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 3 } }
    }], { server: { threads } }),
    "slab-series",
    seed
  )
  const { clients: [client], servers: [{ in: into, machine: server, out }], sim } = cluster
  const links = (list: ReadonlyArray<{ setUp: (up: boolean) => void }>, up: boolean): void =>
    list.forEach((link) => link.setUp(up))
  const act = {
    stop: () => server.stop(),
    start: () => server.start(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    down: () => links([client.up, client.down], false),
    up: () => links([client.up, client.down], true),
    serverDown: () => links([...into, ...out], false),
    serverUp: () => links([...into, ...out], true)
  }
  let at = 0.1 * S
  for (const { gap, what } of steps) {
    at += gap
    sim.queue.at(at, sim.queue.register(act[what]), 0)
  }
  at += S
  for (const what of ["start", "resume", "up", "serverUp"] as const) sim.queue.at(at, sim.queue.register(act[what]), 0)
  sim.run(at + 1500 * S)
  // what was under way when the last program ended comes to its end
  sim.run(sim.now + 30 * S)
  for (const { machine } of cluster.clients) machine.checkInvariants()
  server.net.checkInvariants()
  return { cluster, exits: exits() }
}

describe("whatever sequence of outages", () => {
  it.each(["exit", "persist", "reconnect"] as const)(
    "%s: clients go on or have lost their pages, and every law holds",
    (policy) => {
      let disconnects = 0
      fc.assert(
        fc.property(
          fc.array(step, { minLength: 4, maxLength: 8, size: "max" }),
          fc.constantFrom(1, 4),
          fc.integer({ min: 1, max: 1000 }),
          (steps, threads, seed) => {
            const { cluster, exits } = run(policy, threads, steps, seed)
            expect(broken(cluster)).toEqual([])
            const { stats } = cluster.servers[0].machine.server
            expect([stats.resident, stats.residenceNs]).toEqual([0, stats.residentAreaNs])
            expect(exits.length).toBe(2)
            disconnects += cluster.clients[0].machine.nbdLink?.disconnects ?? 0
            const allowed = policy === "reconnect" ? ["completed"] : ["completed", "sigbus", "killed"]
            expect(exits.filter((exit) => !allowed.includes(exit))).toEqual([])
          }
        ),
        { seed: 20120731, numRuns: 6 }
      )
      expect(disconnects).toBeGreaterThan(0)
    }
  )
})
