import { Watchdog } from "#src/run/watchdog.ts"
import { buildCluster, decodeScenario, NO_HOOKS, runCluster, type RunResult, startLoads } from "@swaplab/cluster"
import { field, Size } from "@swaplab/config"
import { equalProcesses, workload, WORKLOADS, writeAll } from "@swaplab/workload"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const PAGE = 4096
const FILES = 2048

/** Reads 8 MiB of the image, writes its memory, and reads the files once more. */
const reader = workload({
  slot: "workload",
  description: "Reads files, needs memory, reads them again.",
  options: { size: field(Size, 2 ** 20, "Memory.") },
  processes: ({ size }) => ({ ...equalProcesses(1, size), rootPages: FILES }),
  start: (host) => {
    const { client } = host
    host.fork(0, "reader", function*(task) {
      const files = client.root
      if (files !== null) files.addFile(0, FILES)
      for (let round = 1; round <= 2; round++) {
        if (files !== null) {
          if (!(yield* files.read(task, 0, FILES / 2))) return "sigbus"
          for (let page = FILES / 2; page < FILES; page++) {
            if (!files.tryTouch(task, page) && (yield* files.fault(task, page)) !== 0) return "sigbus"
            yield* task.condResched()
          }
        }
        const exit = yield* writeAll(client, task, round)
        if (exit !== null) return exit
      }
      host.done()
      return "completed"
    })
  },
  operations: null,
  metrics: {},
  shrink: [],
  describe: () => []
})
const workloads = { ...WORKLOADS, reader }

const loaded = (groups: ReadonlyArray<object>, more: object = {}) =>
  decodeScenario(
    "root.yaml",
    { name: "root", kernels: { series: { allocator: "slub", base: "v3.6" } }, clients: groups, ...more },
    "root.yaml",
    workloads
  )

const SMALL = { ram: "16 MiB", swap: "64 MiB", count: 2, workload: { reader: {} } }
const EXT4 = { size: "16 MiB", format: "ext4" }

const run = (group: object, more: object = {}): RunResult =>
  runCluster(
    Either.getOrThrow(loaded([{ ...SMALL, ...group }], more)).scenario,
    "series",
    1,
    NO_HOOKS,
    null,
    workloads
  )

const refused = (...groups: ReadonlyArray<object>): string => JSON.stringify(Either.getLeft(loaded(groups)))

describe("a root image", () => {
  it("is read by all clients from one server, once from its disk, and every law holds", () => {
    const result = run({ root: EXT4 }, { server: { disk: "nvme", threads: 4 } })
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    expect(result.laws.filter(({ law }) => law === "image tokens").length).toBe(2)
    for (const { root } of result.clients) {
      expect(root?.readBytes).toBeGreaterThanOrEqual(FILES * PAGE)
      expect(root?.readErrors).toBe(0)
    }
    const [image] = result.servers[0].images
    expect([result.servers[0].images.length, image.name]).toEqual([1, "root"])
    const read = result.clients.reduce((sum, { root }) => sum + (root?.readBytes ?? 0), 0)
    expect(image.readBytes).toBe(read)
    expect(image.hitBytes + image.missBytes + image.sharedBytes).toBe(read)
    // the second client has from memory what the first one has brought
    expect(image.missBytes).toBeLessThan(read / 2 + 1)
  })

  it("of squashfs brings fewer bytes over the wire, and decompresses blocks; reclaim makes refaults", () => {
    const result = run({ count: 1, workload: { reader: { size: "9 MiB" } }, root: { size: "16 MiB", ratio: "50 %" } })
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    for (const { root } of result.clients) {
      expect(root?.blocks).toBeGreaterThanOrEqual(FILES / 32)
      expect(root?.refaults).toBeGreaterThan(0)
      expect(root?.readBytes).toBeLessThan((FILES + (root?.refaults ?? 0)) * PAGE)
    }
  })

  it("on a disk of the client needs no server", () => {
    const result = run({ root: { ...EXT4, from: "disk" } })
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    expect(result.servers[0].images).toEqual([])
    for (const { root } of result.clients) expect(root?.readBytes).toBeGreaterThanOrEqual(FILES * PAGE)
  })

  it("is absent unless asked for", () => {
    const result = run({})
    expect(result.clients.map(({ root }) => root)).toEqual([null, null])
    expect(result.laws.filter(({ law }) => law === "image tokens")).toEqual([])
  })

  it("whose server answers slowly is no deadlock: reads of the image are progress, and the server owes them", () => {
    const slow = { read: { base: "8 s" } }
    const { scenario } = Either.getOrThrow(loaded([{ ...SMALL, count: 1, root: EXT4 }], { server: slow }))
    const cluster = buildCluster(scenario, "series", 1, workloads)
    const [client] = cluster.clients
    const dog = new Watchdog(client.connection, { stallNs: 1e9, hangNs: 120e9 })
    startLoads(client)
    const verdicts = new Set<string>()
    let completed = 0
    for (let time = 1e8; time <= 60e9; time += 1e8) {
      cluster.sim.run(time)
      verdicts.add(dog.look())
      completed = Math.max(completed, dog.lastCompletion)
    }
    expect([...verdicts].toSorted()).toEqual(["progress", "stall"])
    expect(client.machine.disk.counters.completed).toBe(0)
    expect(completed).toBeGreaterThan(50e9)
  })
})

describe("program text", () => {
  const usemem = { usemem: { size: "24 MiB", processesPerCpu: 1, passes: 2 } }
  const text = { tasks: 2, size: "4 MiB", pages: 100, pause: "2 ms" }

  it("in use from the boot on is read over nbd1 before the workload starts, and again after reclaim has dropped it", () => {
    const group = { count: 1, root: EXT4, workload: usemem, background: { programText: text }, start: "1 s" }
    const result = run(group)
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    const [{ background: [bursts], root }] = result.clients
    expect([bursts.name, bursts.unit, bursts.failed]).toEqual(["programText", "bursts", 0])
    // two tasks, and 2 ms on average between two bursts of each, for more than a second
    expect(bursts.done).toBeGreaterThan(700)
    expect(bursts.latency?.maxNs).toBeGreaterThan(1e6)
    // all of it is 4 MiB; the rest was read again
    expect(root?.readBytes).toBeGreaterThan(4 * 2 ** 20)
    expect(root?.refaults).toBeGreaterThan(100)
    expect(run(group).fingerprint).toBe(result.fingerprint)
  })

  it("has pages of its own behind those of the measured workload", () => {
    const { scenario } = Either.getOrThrow(
      loaded([{ ...SMALL, count: 1, root: EXT4, background: { programText: text } }])
    )
    const { clients: [{ loads }] } = buildCluster(scenario, "series", 1, workloads)
    expect(loads.map(({ rootFiles }) => rootFiles)).toEqual([{ from: 0, to: FILES }, { from: FILES, to: FILES + 1024 }])
  })

  it("needs a root image, with room for it", () => {
    expect(refused({ workload: usemem, background: { programText: text } })).toContain(
      "got 2, expected 0, or a root image (root) in which the text lies"
    )
    expect(refused({ ...SMALL, root: { size: "10 MiB" }, background: { programText: text } })).toContain(
      "at least 12 MiB"
    )
  })
})

describe("mistakes about a root image", () => {
  it.each([
    ["an image without room for the files", [{ ...SMALL, root: { size: "4 MiB" } }], /at least 8 MiB/],
    ["a block that is no power of two", [{ ...SMALL, root: { ...EXT4, block: "24 KiB" } }], /a power of two/],
    ["an image that takes no room", [{ ...SMALL, root: { size: "16 MiB", ratio: "0 %" } }], /more than 0 %/],
    [
      "two groups with other sizes of one image",
      [{ ...SMALL, name: "a", root: EXT4 }, { ...SMALL, name: "b", root: { ...EXT4, size: "32 MiB" } }],
      /that it has in group a/
    ]
  ])("%s", (_, groups, message) => {
    expect(refused(...groups)).toMatch(message)
  })
})
