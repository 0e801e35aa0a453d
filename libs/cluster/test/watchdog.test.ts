import { proofNs, type Verdict, Watchdog, WATCHDOG_PERIOD_NS } from "#src/run/watchdog.ts"
import { buildCluster, type Cluster } from "@swaplab/cluster"
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"

const OPTIONS = { stallNs: 1e9, hangNs: 120e9 }

/** Looks every 100 ms, up to a time or to one of the verdicts; returns when each verdict came first. */
const watch = (
  cluster: Cluster,
  watchdog: Watchdog,
  until: number,
  ends: ReadonlyArray<Verdict> = []
): Map<Verdict, number> => {
  const first = new Map<Verdict, number>()
  for (let time = WATCHDOG_PERIOD_NS; time <= until; time += WATCHDOG_PERIOD_NS) {
    const end = cluster.sim.run(time)
    const verdict = watchdog.look()
    if (!first.has(verdict)) first.set(verdict, cluster.sim.now)
    if (ends.includes(verdict) || end.reason === "stopped") break
  }
  return first
}

const dogOf = (cluster: Cluster, framesLost?: () => number): Watchdog =>
  new Watchdog(cluster.clients[0].connection, OPTIONS, framesLost)

describe("the watchdog", () => {
  it("sees progress in a run that completes", () => {
    const { cluster, exits } = started(scenario([SMALL]))
    const dog = dogOf(cluster)
    expect([...watch(cluster, dog, 30e9).keys()]).toEqual(["progress"])
    expect(exits()).toEqual(["completed", "completed", "completed", "completed"])
    expect(dog.stalls).toBe(0)
  })

  it("calls it a stall when the workload makes no progress but completions go on", () => {
    const cluster = buildCluster(
      scenario([{ ...SMALL, cpus: 1, workload: { usemem: { processesPerCpu: 1, size: "48 MiB" } } }]),
      "slab-series",
      1
    )
    const { machine } = cluster.clients[0]
    const { mm } = machine
    // a process that walks over more than fits into memory and never says so
    machine.startProcess(0, "silent", function*(task) {
      for (;;) {
        for (let index = 0; index < mm.tables.pagesPerProcess; index++) {
          if (mm.tables.entries.at(index) === 0) yield* mm.fault(task, index, true)
          yield* task.condResched()
        }
        mm.exit(task, 0)
        yield* task.hold(10_000_000)
      }
    })
    const dog = dogOf(cluster)
    const verdicts = new Map<Verdict, number>()
    for (let i = 1; i <= 25; i++) {
      cluster.sim.run(i * WATCHDOG_PERIOD_NS)
      const verdict = dog.look()
      if (!verdicts.has(verdict)) verdicts.set(verdict, cluster.sim.now)
    }
    expect([...verdicts]).toEqual([["progress", WATCHDOG_PERIOD_NS], ["stall", OPTIONS.stallNs]])
    expect(machine.disk.counters.completed).toBeGreaterThan(100)
    expect(dog.stalls).toBe(1)
    expect(dog.longestStallNs).toBe(2.5e9)
    // one touch, and the pause is over; the next one is a stall of its own
    machine.touched++
    expect(dog.look()).toBe("progress")
    cluster.sim.run(cluster.sim.now + 2e9)
    expect(dog.look()).toBe("stall")
    expect(dog.stalls).toBe(2)
  })

  it("calls it a hang, and never a deadlock, when the server owes an answer for 120 s", () => {
    const { cluster } = started(
      scenario([SMALL], { server: { write: { base: "1000 s" }, read: { base: "1000 s" } } })
    )
    const verdicts = watch(cluster, dogOf(cluster), 200e9, ["hang", "deadlock"])
    expect([...verdicts.keys()]).toEqual(["progress", "stall", "hang"])
    expect(verdicts.get("hang")).toBeGreaterThanOrEqual(120e9)
    expect(verdicts.get("hang")).toBeLessThan(122e9)
    expect(cluster.clients[0].connection.worker.process.waitingOn).toBe(null)
  })

  it("calls it a hang although another process goes on in memory that it has", () => {
    const { cluster } = started(
      scenario([SMALL], { server: { write: { base: "1000 s" }, read: { base: "1000 s" } } })
    )
    const { machine } = cluster.clients[0]
    const touch = cluster.sim.queue.register(() => {
      machine.touched++
      cluster.sim.queue.after(1e9, touch, 0)
    })
    cluster.sim.queue.at(0, touch, 0)
    const verdicts = watch(cluster, dogOf(cluster), 200e9, ["hang", "deadlock"])
    expect(verdicts.get("hang")).toBeGreaterThanOrEqual(120e9)
    expect(verdicts.get("hang")).toBeLessThan(122e9)
  })

  it("proves a deadlock once every poll has come round without any progress", () => {
    const { cluster } = started(
      // a dear scan keeps the futile reclaim of the sender cheap for the host
      scenario([{ ...SMALL, ram: "32 MiB", workload: { usemem: { passes: 1 } }, swap: "200 MiB" }], {
        costs: { scanPage: "10 us" }
      }),
      "slub-vanilla"
    )
    const dog = dogOf(cluster)
    const verdicts = watch(cluster, dog, 200e9, ["hang", "deadlock"])
    expect([...verdicts.keys()]).toEqual(["progress", "stall", "deadlock"])
    expect(cluster.sim.now - dog.quietSince).toBeGreaterThanOrEqual(proofNs(0))
    expect(cluster.sim.now - dog.quietSince).toBeLessThan(proofNs(0) + 2 * WATCHDOG_PERIOD_NS)
    // nor does anything happen later
    const { machine } = cluster.clients[0]
    const then = [machine.touched, machine.disk.counters.completed]
    cluster.sim.run(cluster.sim.now + 5e9)
    expect([machine.touched, machine.disk.counters.completed]).toEqual(then)
  })

  it("does not take an outage of the network for a deadlock, and the client goes on after it", () => {
    const { cluster, exits } = started(scenario([SMALL]))
    const { servers: [server], sim } = cluster
    const lost = (): number => server.in[0].droppedFrames
    const dog = dogOf(cluster, lost)
    sim.run(100_000_000)
    expect(exits()).toEqual([])
    // the cable to the server is pulled for 40 s
    server.in[0].setUp(false)
    const during = new Set<Verdict>()
    for (let i = 2; i <= 400; i++) {
      sim.run(i * WATCHDOG_PERIOD_NS)
      during.add(dog.look())
    }
    expect([...during].toSorted()).toEqual(["progress", "stall"])
    server.in[0].setUp(true)
    watch(cluster, dog, 300e9)
    expect(exits()).toHaveLength(4)
  })

  it("calls a client that is idle neither hung nor dead, and forgets no completion of it", () => {
    const { cluster, exits } = started(scenario([SMALL]))
    const dog = dogOf(cluster)
    watch(cluster, dog, 30e9)
    expect(exits()).toHaveLength(4)
    // what the processes left behind ends
    const from = cluster.sim.now
    const seen = new Set<Verdict>()
    for (let i = 1; i * WATCHDOG_PERIOD_NS <= OPTIONS.hangNs + 10e9; i++) {
      cluster.sim.run(from + i * WATCHDOG_PERIOD_NS)
      seen.add(dog.look())
    }
    expect([...seen].toSorted()).toEqual(["progress", "stall"])
    expect(dog.lastCompletion).toBeGreaterThan(0)
    expect(dog.lastCompletion).toBeLessThan(from + 1e9)
    expect(dog.busySince).toBe(cluster.sim.now)
  })
})
