// What the server of a client serves beside NBD: files of homes, and video.
import { decodeScenario, NO_HOOKS, runCluster, type RunResult } from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { equalProcesses, workload, WORKLOADS } from "@swaplab/workload"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

/** Nobody sits at the client. */
const nobody = workload({
  slot: "workload",
  description: "Rests.",
  options: {},
  processes: () => equalProcesses(1, 4096),
  start: (host) => host.rest(true),
  operations: null,
  metrics: {},
  shrink: [],
  describe: () => []
})
const workloads = { ...WORKLOADS, nobody }

const IDLE = { name: "client", ram: "32 MiB", swap: "64 MiB", cpus: 1, workload: { nobody: {} } }
const SECONDS = 10

const run = (groups: ReadonlyArray<Mapping>, more: Mapping = {}): RunResult => {
  const loaded = decodeScenario(
    "served.yaml",
    {
      name: "served",
      duration: `${SECONDS} s`,
      kernels: { k: { allocator: "slub", base: "v3.6" } },
      clients: groups,
      ...more
    },
    "served.yaml",
    workloads
  )
  return runCluster(Either.getOrThrow(loaded).scenario, "k", 1, NO_HOOKS, null, workloads)
}

const lawful = (result: RunResult): void => expect(result.laws.filter(({ holds }) => !holds)).toEqual([])

/** Bytes a second that a link carried, by its use. */
const carried = (utilisation: number, bitsPerSecond = 1e9): number => utilisation * bitsPerSecond / 8

describe("streams of the server", () => {
  it("video comes from the server's port at its rate, and from nowhere else", () => {
    const result = run([{ ...IDLE, count: 3, background: { video: { rate: "2 Mbit" } } }])
    lawful(result)
    expect(result.network.otherHosts).toBe(null)
    const [server] = result.servers
    // 750 kB a second and 4 to 8 % of headers
    expect(carried(server.linkOutUtilisation)).toBeGreaterThan(750_000)
    expect(carried(server.linkOutUtilisation)).toBeLessThan(820_000)
    expect(server.requests).toBe(0)
    for (const { background: [video] } of result.clients) {
      // 64 KiB at 2 Mbit: one in 262 ms
      expect([video.workload, video.unit, video.failed]).toEqual(["video", "pieces", 0])
      expect(video.done).toBeGreaterThanOrEqual(37)
      expect(video.done).toBeLessThanOrEqual(39)
      // 64 KiB over a gigabit take half a millisecond, twice with the switch, and the window has to open first
      expect(video.latency?.p50Ns).toBeGreaterThan(500_000)
      expect(video.latency?.maxNs).toBeLessThan(5e6)
    }
  })

  it("a home is read and written at its rates on average", () => {
    const home = { read: "200 KiB/s", readSize: "16 KiB", write: "400 KiB/s", writeSize: "16 KiB" }
    const result = run([{ ...IDLE, background: { home } }])
    lawful(result)
    const [reads, writes] = result.clients[0].background
    expect([reads.unit, writes.unit]).toEqual(["reads", "writes"])
    // Poisson: 125 and 250 in ten seconds, four standard deviations
    expect(Math.abs(reads.done - 125)).toBeLessThan(45)
    expect(Math.abs(writes.done - 250)).toBeLessThan(64)
    const [server] = result.servers
    expect(carried(server.linkInUtilisation)).toBeGreaterThan(writes.done * 16_384 / SECONDS)
    expect(carried(server.linkOutUtilisation)).toBeGreaterThan(reads.done * 16_384 / SECONDS)
  })

  it("what the port cannot carry is late, more and more", () => {
    const link = { rate: "1 Mbit" }
    const result = run([{ ...IDLE, link, background: { video: { rate: "2 Mbit" } } }])
    lawful(result)
    const [video] = result.clients[0].background
    expect(video.latency?.maxNs).toBeGreaterThan(3e9)
    expect(video.done).toBeLessThan(20)
  })

  it("nothing is sent before the client starts", () => {
    const result = run([{
      ...IDLE,
      start: "8 s",
      background: { home: { write: "1 MiB/s" }, video: { rate: "2 Mbit" } }
    }])
    lawful(result)
    const [writes, video] = result.clients[0].background
    expect(writes.done).toBeLessThan(20)
    expect(video.done).toBeLessThanOrEqual(8)
    expect(video.done).toBeGreaterThanOrEqual(6)
  })

  it("each client has them from the server of its swap", () => {
    const result = run(
      [{ ...IDLE, server: "b", background: { video: { rate: "2 Mbit" } } }],
      { servers: [{ name: "a" }, { name: "b" }] }
    )
    lawful(result)
    expect(result.servers.map(({ linkOutUtilisation }) => linkOutUtilisation > 0)).toEqual([false, true])
  })

  it.each([
    ["a client that loses its power for two seconds, from when it has booted again", "client-1", "power-off"],
    ["a server whose nbd-server restarts, without a break", "server", "restart"]
  ])("reach %s", (_, where, what) => {
    const fault = { where, what, at: "3 s", for: "2 s" }
    const background = { home: { read: "1 MiB/s", write: "1 MiB/s" }, video: { rate: "2 Mbit" } }
    const result = run([{ ...IDLE, background }], { faults: [fault] })
    lawful(result)
    const [reads, writes, video] = result.clients[0].background
    // 38 pieces in ten seconds, some 8 fewer without two of them
    expect(video.done).toBeGreaterThan(what === "restart" ? 36 : 24)
    expect(video.done).toBeLessThan(what === "restart" ? 40 : 34)
    expect(reads.done).toBeGreaterThan(15)
    expect(writes.done).toBeGreaterThan(15)
  })

  it.each([
    {
      of: "loses its power for two seconds",
      fault: { where: "server", what: "server-power-off", at: "3 s", for: "2 s" }
    },
    { of: "is restarted", fault: { where: "server", what: "restart", at: "3 s", for: "2 s" } }
  ])("of a server that $of are late and complete", ({ fault }) => {
    const background = { home: { read: "1 MiB/s", write: "1 MiB/s" }, video: { rate: "2 Mbit" } }
    const quiet = run([{ ...IDLE, background }])
    const result = run([{ ...IDLE, background }], { faults: [fault] })
    lawful(result)
    const counts = ({ clients: [client] }: RunResult) => client.background.map(({ done, failed }) => [done, failed])
    expect(counts(result)).toEqual(counts(quiet))
    for (const { latency } of result.clients[0].background) {
      const lateNs = latency?.maxNs ?? 0
      // the first operation that came in the two seconds, and nobody waits for longer
      if (fault.what === "restart") expect(lateNs).toBeLessThan(0.1e9)
      else expect([lateNs > 1e9, lateNs < 2.1e9]).toEqual([true, true])
    }
  })

  it("of a client whose cable is out for longer than TCP tries come on another connection", () => {
    const background = { home: { read: "16 KiB/s", write: "16 KiB/s" }, video: { rate: "16 kbit" } }
    const fault = { where: "client-1", what: "down", at: "3 s", for: "1000 s" }
    const more = { duration: "1300 s", watchdog: { hang: "2000 s" } }
    const quiet = run([{ ...IDLE, background }], more)
    const result = run([{ ...IDLE, background }], { ...more, faults: [fault] })
    lawful(result)
    const done = ({ clients: [client] }: RunResult) => client.background.map((load) => load.done)
    expect(done(result)).toEqual(done(quiet))
  })

  it("are the same twice", () => {
    const group = {
      ...IDLE,
      background: { home: { read: "1 MiB/s", write: "1 MiB/s" }, video: { rate: "5 Mbit" } }
    } as const
    expect(run([group]).fingerprint).toBe(run([group]).fingerprint)
  })

  it("share the port of the client with its swap, which is slower beside them", () => {
    const busy = {
      ...IDLE,
      link: { rate: "100 Mbit" },
      workload: { usemem: { processesPerCpu: 2, size: "48 MiB", passes: 1 } }
    }
    const alone = run([busy], { duration: "120 s" })
    const beside = run([{ ...busy, background: { video: { rate: "40 Mbit" } } }], { duration: "120 s" })
    lawful(beside)
    expect([alone.outcome, beside.outcome]).toEqual(["completed", "completed"])
    expect(beside.elapsedNs).toBeGreaterThan(1.05 * alone.elapsedNs)
  })
})
