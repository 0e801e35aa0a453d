import { Command, CommandFlag, type Job, NbdError, type WaitingStore } from "@swaplab/nbd"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { FAULT_ERRORS, Faults, FaultyStore, NO_FAULTS } from "../src/stores/faults.ts"
import { replyError } from "../src/stores/file-calls.ts"
import { FileStore } from "../src/stores/file-store.ts"
import { swapHeader } from "../src/stores/mkswap.ts"
import { PAGE } from "../src/stores/page-set.ts"
import { TokenPageStore } from "../src/stores/token-page-store.ts"
import { asker } from "./asker.ts"

const folder = mkdtempSync(join(tmpdir(), "nbd-stores-"))
afterAll(() => rmSync(folder, { recursive: true }))

const FILE_BLOCK = 16 * PAGE
const SIZE = 4 * FILE_BLOCK

const openStore = (name: string, options: Partial<ConstructorParameters<typeof FileStore>[0]> = {}) => {
  const path = join(folder, name)
  const fd = openSync(path, "w+")
  truncateSync(path, SIZE)
  const store = new FileStore({ fd, size: SIZE, written: 0, room: { mayTake: () => true }, ...options })
  return { store, path, fd, ask: asker(store, SIZE), close: () => closeSync(fd) }
}

describe("a file store", () => {
  it("writes, reads, zeroes, and knows its holes", async () => {
    const { ask, close, path, store } = openStore("a")
    expect(store.isHole(0, SIZE)).toBe(true)
    expect((await ask(Command.Write, FILE_BLOCK - 10, 20, new Uint8Array(20).fill(5))).error).toBe(0)
    expect(store.extents(0, SIZE).map(({ flags, length }) => [length.lo, flags.lo])).toEqual([
      [FILE_BLOCK - PAGE, 3],
      [2 * PAGE, 0],
      [SIZE - FILE_BLOCK - PAGE, 3]
    ])
    expect(store.extents(0, SIZE, 2).map(({ length }) => length.lo)).toEqual([FILE_BLOCK - PAGE, 2 * PAGE])
    expect(store.allocatedBytes).toBe(2 * PAGE)
    expect((await ask(Command.Read, FILE_BLOCK - 12, 24)).data).toEqual(
      Buffer.from([0, 0, ...Array<number>(20).fill(5), 0, 0])
    )
    expect((await ask(Command.WriteZeroes, FILE_BLOCK - 5, SIZE - FILE_BLOCK)).error).toBe(0)
    expect((await ask(Command.Read, FILE_BLOCK - 12, 24)).data).toEqual(
      Buffer.from([0, 0, 5, 5, 5, 5, 5, ...Array<number>(17).fill(0)])
    )
    // zeroes over a hole leave it one, unless the client wants the place
    expect(store.isHole(2 * FILE_BLOCK, FILE_BLOCK)).toBe(true)
    await ask(Command.WriteZeroes, 2 * FILE_BLOCK, FILE_BLOCK, undefined, CommandFlag.NoHole)
    expect(store.isHole(2 * FILE_BLOCK, FILE_BLOCK)).toBe(false)
    expect(readFileSync(path).length).toBe(SIZE)
    close()
  })

  it("zeroes fast where nothing is to be written, and says at once where it cannot", async () => {
    const { ask, close, path, store } = openStore("fast")
    const { FastZero, NoHole } = CommandFlag
    await ask(Command.Write, 0, 8, new Uint8Array(8).fill(5))
    const zero = async (offset: number, length: number, flags: number): Promise<number> =>
      (await ask(Command.WriteZeroes, offset, length, undefined, flags)).error
    expect(await zero(FILE_BLOCK, SIZE - FILE_BLOCK, FastZero)).toBe(0)
    expect(await zero(0, SIZE, FastZero)).toBe(NbdError.ENOTSUP)
    expect(await zero(FILE_BLOCK, 8, FastZero | NoHole)).toBe(NbdError.ENOTSUP)
    expect(store.isHole(FILE_BLOCK, FILE_BLOCK)).toBe(true)
    expect(readFileSync(path).subarray(0, 9)).toEqual(Buffer.from([5, 5, 5, 5, 5, 5, 5, 5, 0]))
    // ENOTSUP is for who asked for fast zeroes only
    expect(await zero(0, SIZE, 0)).toBe(0)
    expect((await ask(Command.Read, 0, 8)).data).toEqual(Buffer.alloc(8))
    close()
  })

  it("takes room on the disk where something was written, and nowhere else", async () => {
    const { ask, close, path } = openStore("sparse")
    const blocks = (): number => statSync(path).blocks * 512
    await ask(Command.WriteZeroes, 0, SIZE)
    expect(blocks()).toBe(0)
    await ask(Command.Write, FILE_BLOCK, 4096, new Uint8Array(4096).fill(1), CommandFlag.Fua)
    expect(blocks()).toBeGreaterThanOrEqual(4096)
    expect(blocks()).toBeLessThanOrEqual(FILE_BLOCK)
    await ask(Command.WriteZeroes, 2 * FILE_BLOCK, FILE_BLOCK, undefined, CommandFlag.NoHole | CommandFlag.Fua)
    expect(blocks()).toBeGreaterThanOrEqual(FILE_BLOCK + 4096)
    close()
  })

  it("keeps to its limit", async () => {
    const { ask, close, store } = openStore("b", { room: { mayTake: (bytes) => bytes + store.allocatedBytes <= PAGE } })
    expect((await ask(Command.Write, 0, 10, new Uint8Array(10))).error).toBe(0)
    expect((await ask(Command.Write, FILE_BLOCK, 10, new Uint8Array(10))).error).toBe(NbdError.ENOSPC)
    expect((await ask(Command.Write, 5, 10, new Uint8Array(10))).error).toBe(0)
    close()
  })

  it("asks for room for pages that are not on the disk, and for no others", async () => {
    const asked: Array<number> = []
    const { ask, close } = openStore("room", { room: { mayTake: (bytes) => asked.push(bytes) > 0 } })
    for (const flags of [0, CommandFlag.Fua]) {
      await ask(Command.Write, 0, 2 * PAGE, new Uint8Array(2 * PAGE), flags)
      await ask(Command.Write, 0, 2 * PAGE, new Uint8Array(2 * PAGE), flags)
    }
    await ask(Command.Write, PAGE, 2 * PAGE, new Uint8Array(2 * PAGE))
    expect(asked).toEqual([2 * PAGE, PAGE])
    close()
  })

  it("never shows what its buffer held, when the file is shorter than it was", async () => {
    const { ask, close, path } = openStore("c")
    await ask(Command.Write, 0, SIZE, new Uint8Array(SIZE).fill(9))
    truncateSync(path, 100)
    const { data } = await ask(Command.Read, 0, 4096)
    expect(data.subarray(0, 100).every((byte) => byte === 9)).toBe(true)
    expect(data.subarray(100).every((byte) => byte === 0)).toBe(true)
    close()
  })

  it("answers FUA and FLUSH after a sync that began after the write; waiting ones share the next", async () => {
    const syncs: Array<(error: NodeJS.ErrnoException | null) => void> = []
    const { close, store } = openStore("d", { calls: { sync: (_fd, done) => void syncs.push(done) } })
    const asks = [asker(store, SIZE), asker(store, SIZE), asker(store, SIZE)]
    const ended: Array<number> = []
    const flushes = asks.map((ask, i) => ask(Command.Flush, 0, 0).then(({ error }) => ended.push(i * 100 + error)))
    expect(syncs.length).toBe(1)
    syncs[0](null)
    await flushes[0]
    expect([ended, syncs.length]).toEqual([[0], 2])
    syncs[1](null)
    await Promise.all(flushes)
    expect([ended, syncs.length]).toEqual([[0, 100, 200], 2])
    const fua = asks[0](Command.Write, 0, 8, new Uint8Array(8), CommandFlag.Fua)
    while (syncs.length < 3) await new Promise((resolve) => setImmediate(resolve))
    syncs[2](Object.assign(new Error("gone"), { code: "EIO" }))
    expect((await fua).error).toBe(NbdError.EIO)
    // what the kernel lost then, no later sync brings back
    expect((await asks[1](Command.Flush, 0, 0)).error).toBe(NbdError.EIO)
    close()
  })

  it.each([["ENOSPC", 28], ["EDQUOT", 28], ["EFBIG", 28], ["EROFS", 1], ["EIO", 5], ["EMFILE", 5]])(
    "%s becomes %i",
    (code, error) => expect(replyError(Object.assign(new Error(), { code }))).toBe(error)
  )
})

describe("a token store", () => {
  const page = (writer: number, version: number): Buffer => {
    const out = Buffer.alloc(4096)
    for (let at = 0; at < 4096; at += 8) {
      out.writeUInt32BE(writer, at)
      out.writeUInt32BE(version, at + 4)
    }
    return out
  }
  it("keeps tokens, and refuses a page that is none", () => {
    const noted: Array<string> = []
    const store = new TokenPageStore(64 * 4096, (why) => noted.push(why))
    expect(store.write(4096, 8192, Buffer.concat([page(7, 1), page(7, 2)]))).toBe(0)
    const into = new Uint8Array(12_288).fill(1)
    store.read(0, 12_288, into)
    expect(Buffer.compare(into, Buffer.concat([page(0, 0), page(7, 1), page(7, 2)]))).toBe(0)
    const broken = page(7, 3)
    broken[2000] ^= 1
    expect([store.write(4096, 4096, broken), store.corrupt, noted]).toEqual([NbdError.EIO, 1, ["no token"]])
    store.writeZeroes(4096, 4096)
    store.read(4096, 4096, into)
    expect(Buffer.compare(into.subarray(0, 4096), page(0, 0))).toBe(0)
  })
})

it("a swap header is what mkswap writes", () => {
  const header = Buffer.from(swapHeader(64 * 2 ** 20, new Uint8Array(16).fill(0xab), "ltsp"))
  expect(header.readUInt32LE(1024)).toBe(1)
  expect(header.readUInt32LE(1028)).toBe(16_383)
  expect(header.subarray(1036, 1052).every((byte) => byte === 0xab)).toBe(true)
  expect(header.subarray(1052, 1057).toString()).toBe("ltsp\0")
  expect(header.subarray(4086).toString()).toBe("SWAPSPACE2")
})

describe("faults", () => {
  const rig = () => {
    let now = 0
    const later: Array<{ at: number; run: () => void }> = []
    const faults = new Faults(NO_FAULTS, 1, () => now)
    const performed: Array<Job> = []
    const below: WaitingStore = {
      waits: true,
      perform: (job) => {
        performed.push(job)
        job.finish(0)
      }
    }
    const noted: Array<string> = []
    const ask = asker(
      new FaultyStore(
        below,
        faults,
        { after: (ms, run) => void later.push({ at: now + ms, run }) },
        (why) => void noted.push(why)
      ),
      SIZE
    )
    const advance = (to: number): void => {
      now = to
      for (const { run } of later.splice(0).sort((a, b) => a.at - b.at)) run()
    }
    return { faults, ask, later, performed, advance, noted }
  }

  it("delay by a distribution, and a slow disk", () => {
    const { faults } = rig()
    const mean = (count = 20_000) =>
      Array.from({ length: count }, () => faults.delayMs(0)).reduce((a, b) => a + b) / count
    faults.plan = { ...NO_FAULTS, delay: { kind: "exponential", ms: 10 } }
    expect(mean()).toBeCloseTo(10, 0)
    faults.plan = { ...NO_FAULTS, delay: { kind: "uniform", ms: 10, maxMs: 30 } }
    expect(mean()).toBeCloseTo(20, 0)
    faults.plan = { ...NO_FAULTS, diskBytesPerSecond: 4096 }
    expect([faults.delayMs(4096), faults.delayMs(4096)]).toEqual([1000, 2000])
  })

  it("errors come with their probability, for their command", () => {
    const { faults } = rig()
    faults.plan = { ...NO_FAULTS, errors: [{ command: "read", probability: 0.25, error: "EIO" }] }
    const count = (type: number): number =>
      Array.from({ length: 8000 }, () => faults.errorFor(type)).filter((e) => e !== 0).length
    expect(count(Command.Read) / 8000).toBeCloseTo(0.25, 1)
    expect(count(Command.Write)).toBe(0)
    expect(FAULT_ERRORS.EIO).toBe(5)
  })

  it("a stall holds requests until it ends, a full disk refuses writes only", async () => {
    const { ask, faults, noted, performed } = rig()
    faults.plan = { ...NO_FAULTS, stall: true }
    const stalled = ask(Command.Read, 0, 8)
    expect(performed.length).toBe(0)
    faults.plan = { ...NO_FAULTS, diskFull: true }
    expect((await stalled).error).toBe(0)
    expect((await ask(Command.Write, 0, 8, new Uint8Array(8))).error).toBe(NbdError.ENOSPC)
    expect(noted).toEqual(["fault"])
    expect((await ask(Command.Read, 0, 8)).error).toBe(0)
    faults.plan = NO_FAULTS
    expect((await ask(Command.Write, 0, 8, new Uint8Array(8))).error).toBe(0)
  })
})
