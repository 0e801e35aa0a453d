// What of a client's root image can be part of a lockup.
import { type LockupFacts, lockupReport } from "#src/run/lockup.ts"
import { buildCluster, decodeScenario, knotOf, NO_HOOKS, runCluster, type RunResult } from "@swaplab/cluster"
import { field, Size } from "@swaplab/config"
import { GFP_NOIO } from "@swaplab/page-alloc"
import { equalProcesses, workload, WORKLOADS, writeAll } from "@swaplab/workload"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

const FILES = 512

/** Eight processes write memory; two walk over 2 MiB of program text now and then. */
const textReader = workload({
  slot: "workload",
  description: "Writes memory beside tasks that run program text.",
  options: { size: field(Size, 10 * 2 ** 20, "Memory of a process.") },
  processes: ({ size }) => ({ ...equalProcesses(8, size), rootPages: FILES }),
  start: (host) => {
    const { client: { root } } = host
    if (root === null) throw new Error("no root image")
    root.addFile(0, FILES)
    for (let process = 0; process < 8; process++) {
      host.fork(process, "writer", function*(task) {
        for (let round = 1; round <= 3; round++) {
          const exit = yield* writeAll(host.client, task, round)
          if (exit !== null) return exit
        }
        if (process === 0) host.done()
        return "completed"
      })
    }
    for (let number = 0; number < 2; number++) {
      host.daemon(`reader${number}`, function*(task) {
        for (let i = 0;; i++) {
          const page = (i * 1021 + number * 500) % FILES
          if (!root.tryTouch(task, page) && (yield* root.fault(task, page)) !== 0) return
          if (i % 64 === 63) yield* task.hold(2e9)
        }
      })
    }
  },
  operations: null,
  metrics: {},
  shrink: [],
  describe: () => []
})
const workloads = { ...WORKLOADS, textReader }

const run = (kernel: object): RunResult => {
  const { scenario: loaded } = Either.getOrThrow(decodeScenario(
    "root-lockup.yaml",
    {
      name: "root-lockup",
      duration: "20 s",
      kernels: { k: kernel },
      clients: [{
        ram: "32 MiB",
        cpus: 4,
        pageCache: "0 %",
        nic: { driver: "r8169" },
        root: { size: `${FILES * 4} KiB`, format: "ext4" },
        workload: { textReader: {} }
      }],
      // a dear scan keeps the futile reclaim of the sender cheap for the host
      costs: { scanPage: "10 us" }
    },
    "root-lockup.yaml",
    workloads
  ))
  return runCluster(loaded, "k", 1, NO_HOOKS, null, workloads)
}

describe("a lockup of a client with its root on nbd1", () => {
  it("holds page faults on files, too, in reclaim over nbd0; nbd1 is idle and no part of the cycle", () => {
    const result = run({ allocator: "slub", base: "v3.5" })
    const { lockup, root } = result.clients[0]
    if (lockup === null) throw new Error(`no lockup: ${result.outcome}`)
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    expect([lockup.kind, lockup.taxonomy, lockup.graph.closed]).toEqual(["deadlock", "tx starvation", true])
    expect(root?.readBytes).toBeGreaterThan(0)
    // each fault asks for a page, and has been in the slow path for it since the last progress
    const readers = lockup.tasks.filter(({ task }) => task.includes("reader"))
    expect(readers.map(({ state }) => state)).toEqual(["uninterruptible", "uninterruptible"])
    for (const { sinceNs, waitQueue } of readers) {
      expect(waitQueue).toMatch(/nbd0 request slot|mempool (bio-0|blkdev_requests)|congestion_wqh/)
      expect(sinceNs).toBeLessThan(lockup.atNs)
    }
    // nobody waits for a read of the image: its sender sleeps until there is one
    expect(lockup.tasks.find(({ task }) => task === "client-1 nbd1")?.waitQueue).toBe("nbd1 waiting_wq")
    expect([...knotOf(lockup.graph)].filter((id) => id.startsWith("nbd1"))).toEqual([])
    expect(lockup.graph.cycle[0]).toBe("nbd0")
  })

  it("does not come with the series", () => {
    const result = run({ allocator: "slub", base: "v3.6" })
    expect(result.clients.map(({ lockup, standstill }) => [lockup, standstill])).toEqual([[null, null]])
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
  })
})

describe("fs_bio_set is the one way by which nbd1 can hold up reclaim", () => {
  /** kswapd waits for a bio, nothing of nbd0 is under way, and the sender of nbd1 has a request and no memory to send it. */
  const stand = (bioWanted: boolean) => {
    const of = scenario([{ ...SMALL, root: { size: "16 MiB", format: "ext4" } }])
    const { clients: [{ connection, machine }], sim } = buildCluster(of, "slub-vanilla", 1)
    sim.run(1e6)
    const { kswapd, rootNbd } = machine
    if (rootNbd === null) throw new Error("no nbd1")
    Object.defineProperty(rootNbd.device, "waitingCount", { value: 1 })
    const zones = machine.pages.zonelist(GFP_NOIO)
    rootNbd.sender.waitingOn = null
    rootNbd.sender.refusal.write(1e6, rootNbd.sender.name, GFP_NOIO, 0, 0, zones)
    rootNbd.sender.refusal.open = true
    rootNbd.sender.refusal.floor.fill(1e6)
    if (bioWanted) kswapd.waitingOn = machine.disk.bios.pool.wait
    const facts: LockupFacts = { kind: "hang", sinceNs: 0, lastCompletionNs: 0, packetsLost: 0 }
    return { machine, report: lockupReport(connection, facts) }
  }

  it("both devices take their bios from it", () => {
    const { machine } = stand(false)
    expect(machine.root?.device.queue.bios).toBe(machine.disk.bios)
  })

  it("where its bios are with nbd1, the report names nbd1 in the cycle", () => {
    const { report } = stand(true)
    expect(report.graph.closed).toBe(true)
    expect([...report.graph.cycle].toSorted()).toEqual(["memory", "mempool bio-0", "nbd1", "nbd1 unsent"])
    expect(report.allocation?.task).toBe("client-1 nbd1")
    expect(report.text).toContain("→ the next write needs a bio")
  })

  it("where nobody wants a bio, nbd1 waits for memory and nothing waits for nbd1", () => {
    const { report } = stand(false)
    expect(report.graph.cycle).toEqual([])
    expect(report.graph.edges.map(({ from, to }) => `${from} > ${to}`)).toContain("nbd1 > memory")
  })
})
