// Each refusal of a store that a client sees has its reason in the log, the status and the metrics.
import { Command, encodeRequest, NbdError, Request } from "@swaplab/nbd"
import { closeSync, openSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { FileStore } from "../src/stores/file-store.ts"
import { Refusals, type Refused, type Served, type Why, whyOf } from "../src/stores/refusals.ts"
import { asker } from "./asker.ts"
import { attached, type Client, run, scratch } from "./rig.ts"

const rig = (memoryBytes: number | null = null) => {
  const clock = { ms: 1000 }
  const said: Array<Refused | Served> = []
  const refusals = new Refusals({
    memoryBytes,
    nowMs: () => clock.ms,
    refused: (what) => void said.push(what),
    served: (what) => void said.push(what)
  })
  const request = (type: number, length = 4096, offset = 0): Request =>
    Object.assign(new Request(), { type, lengthLo: length, offsetLo: offset })
  const refuse = (why: Why, type: number = Command.Write): void => {
    refusals.note(why)
    refusals.answered(request(type), NbdError.ENOSPC, "10.0.0.1")
  }
  const serve = (type: number = Command.Write): void => refusals.answered(request(type), 0, "10.0.0.1")
  return { clock, said, refusals, request, refuse, serve }
}

describe("refusals", () => {
  it("are said once, then once a minute with how many there were, and again when requests succeed", () => {
    const { clock, refusals, refuse, said, serve } = rig()
    for (let i = 0; i < 100; i++) refuse("disk full")
    expect(said).toEqual([{ address: "10.0.0.1", command: "Write", bytes: 4096, why: "disk full", more: 0 }])
    expect([refusals.now, [...refusals.counts]]).toEqual([["disk full"], [["disk full", 100]]])
    clock.ms += 60_000
    refuse("disk full")
    expect(said[1]).toMatchObject({ why: "disk full", more: 99 })
    // others succeed in between: it is not over
    clock.ms += 9999
    serve()
    clock.ms += 1
    serve(Command.Read)
    expect(said.length).toBe(2)
    serve()
    expect(said[2]).toEqual({ why: "disk full", refused: 101, seconds: 70 })
    expect([refusals.now, said.length]).toEqual([[], 3])
    refuse("disk full")
    expect(said[3]).toMatchObject({ more: 0 })
  })

  it("are told apart by reason, and an error of the client's own is none", () => {
    const { refusals, refuse, request, said } = rig()
    refuse("quota")
    refuse("sync failed", Command.Flush)
    refusals.answered(request(Command.Write), NbdError.EINVAL, "10.0.0.1")
    expect(said.map(({ why }) => why)).toEqual(["quota", "sync failed"])
  })

  it("of a store in memory are those of the quota, within its size", () => {
    const { refusals, request } = rig(8192)
    refusals.answered(request(Command.Write, 4096, 8192), NbdError.ENOSPC, "10.0.0.1")
    expect(refusals.now).toEqual([])
    refusals.answered(request(Command.Write, 4096, 4096), NbdError.ENOSPC, "10.0.0.1")
    expect(refusals.now).toEqual(["quota"])
  })
})

it.each([["ENOSPC", "disk full"], ["EDQUOT", "disk quota"], ["EFBIG", "file size"], ["EROFS", "read only"], [
  "EIO",
  "I/O error"
]])("%s is: %s", (code, why) => expect(whyOf(Object.assign(new Error(), { code }))).toBe(why))

it("a file store notes why, for each of those that wait: a full disk, a sync that failed, and what is lost by that", async () => {
  const noted: Array<string> = []
  const syncs: Array<(error: NodeJS.ErrnoException | null) => void> = []
  // every write to this device gets ENOSPC
  const fd = openSync("/dev/full", "r+")
  const store = new FileStore({
    fd,
    size: 65536,
    written: 0,
    room: { mayTake: (bytes) => bytes < 8192 },
    note: (why) => void noted.push(why),
    countBlocks: () => 0,
    calls: { sync: (_fd, ended) => void syncs.push(ended) }
  })
  const [one, other, third] = [asker(store, 65536), asker(store, 65536), asker(store, 65536)]
  expect((await one(Command.Write, 0, 4096, new Uint8Array(4096))).error).toBe(NbdError.ENOSPC)
  expect((await one(Command.Write, 0, 4096, new Uint8Array(4096), 1)).error).toBe(NbdError.ENOSPC)
  expect((await one(Command.Write, 0, 8192, new Uint8Array(8192))).error).toBe(NbdError.ENOSPC)
  expect(noted.splice(0)).toEqual(["disk full", "disk full", "quota"])
  const flushes = [one, other, third].map((ask) => ask(Command.Flush, 0, 0))
  syncs[0](Object.assign(new Error(), { code: "EIO" }))
  expect((await Promise.all(flushes)).map(({ error }) => error)).toEqual([5, 5, 5])
  expect((await one(Command.Flush, 0, 0)).error).toBe(NbdError.EIO)
  expect(noted).toEqual(["sync failed", "lost", "lost", "lost"])
  closeSync(fd)
})

const write = async (client: Client, page: number): Promise<number> => {
  const bytes = Buffer.alloc(28 + 4096, 7)
  encodeRequest(bytes, 0, 0, Command.Write, 0, 0, page * 4096, 4096)
  client.socket.write(bytes)
  return (await client.take(16)).readUInt32BE(4)
}

it.each(["file", "memory"])("a server says who is refused a write to a %s, and why", async (store) => {
  const folder = scratch()
  const server = await run({
    quota: "256 KiB",
    metrics: "127.0.0.1:0",
    swap: { "swap-*": { size: "8 MiB", store, ...(store === "file" ? { directory: folder } : {}) } },
    exports: { disk: { memory: "1 MiB", faults: { errors: [{ command: "write", probability: 1, error: "EIO" }] } } }
  })
  const probes = String((await server.event("probes"))["at"])
  const probe = async (path: string): Promise<string> => await (await fetch(`http://${probes}${path}`)).text()
  const client = await attached(server.port, "swap-a")
  const errors: Array<number> = []
  for (let page = 1; page < 100; page++) errors.push(await write(client, page * 8))
  expect(errors.filter((error) => error === 28).length).toBeGreaterThan(20)
  expect(await server.event("requests refused")).toMatchObject({
    export: "swap-a",
    address: "127.0.0.1",
    command: "Write",
    bytes: 4096,
    why: "the quota of all swap stores is used up"
  })
  const disk = await attached(server.port, "disk")
  expect(await write(disk, 0)).toBe(5)
  expect(await server.event("requests refused")).toMatchObject({ export: "disk", why: "the plan of faults" })
  expect(server.events.filter(({ event }) => event === "requests refused").length).toBe(2)
  const refused = errors.filter((error) => error !== 0).length
  const metrics = await probe("/metrics")
  expect(metrics).toContain(`nbd_store_refused_total{export="swap-a",why="quota"} ${refused}\n`)
  expect(metrics).toContain("nbd_store_refusing{export=\"swap-a\",why=\"quota\"} 1\n")
  expect(JSON.parse(await probe("/status")).stores.find(({ name }: { name: string }) => name === "swap-a").refusing)
    .toEqual(["quota"])
  // a store that would be one too many
  const late = attached(server.port, "swap-b")
  expect(await server.event("not opened")).toMatchObject({ export: "swap-b", address: "127.0.0.1" })
  await expect(late).rejects.toThrow("ended")
  client.socket.destroy()
  disk.socket.destroy()
  await server.stop()
})
