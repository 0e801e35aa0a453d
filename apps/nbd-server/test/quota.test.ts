// The quota of stores in files is what they take on the disk, whatever was done to the folder and however the server ended.
import { Command } from "@swaplab/nbd"
import { Effect, Either } from "effect"
import fc from "fast-check"
import { execFileSync } from "node:child_process"
import { closeSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { decodeConfig } from "../src/config/load.ts"
import { Registry } from "../src/exports/registry.ts"
import { PAGE } from "../src/stores/page-set.ts"
import { asker } from "./asker.ts"
import { attached, run, scratch } from "./rig.ts"

const CLIENTS = 3
const PAGES = 32
const QUOTA = 40 * PAGE
/** What file systems with extents need to find the blocks of a file, and du counts. */
const METADATA = 4 * PAGE

const du = (folder: string): number =>
  readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).blocks * 512, 0)

/** A server without sockets. */
const serverOf = async (folder: string, pages: number, quota = QUOTA) => {
  const config = await Effect.runPromise(decodeConfig("test", {
    quota: `${quota / 1024} KiB`,
    swap: { "swap-*": { size: `${pages * PAGE / 1024} KiB`, store: "file", directory: folder, keep: true } }
  }))
  const registry = new Registry(config, () => 0, () => {})
  await Effect.runPromise(registry.prepare)
  const clients = new Map<number, ReturnType<typeof asker>>()
  return {
    registry,
    /** The store of a client, or null when it gets none. */
    client: async (client: number) => {
      const known = clients.get(client)
      if (known !== undefined) return known
      const opened = await Effect.runPromise(Effect.either(registry.open(`swap-${client}`, `10.0.0.${client}`)))
      if (Either.isLeft(opened)) return null
      const { served: { info, store } } = opened.right
      if (!("waits" in store)) throw new Error("a file store waits")
      const ask = asker(store, info.size)
      clients.set(client, ask)
      return ask
    },
    stop: () => Effect.runPromise(registry.close)
  }
}

const change = fc.record({
  kind: fc.constantFrom<"write" | "trim" | "zero">("write", "write", "write", "trim", "zero"),
  client: fc.nat(CLIENTS - 1),
  page: fc.nat(PAGES - 1),
  pages: fc.constantFrom(1, 1, 2, 8),
  fill: fc.integer({ min: 1, max: 255 })
})
/** What happens to a server: it is stopped, or killed; then the folder is copied, and sizes change. */
const life = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 20 }),
  killed: fc.boolean(),
  copy: fc.constantFrom("never", "auto", "always", null),
  pages: fc.constantFrom(PAGES, PAGES, PAGES + 8, PAGES - 8),
  /** A resize that a crash has cut short left this file with so many pages. */
  cut: fc.option(fc.record({ client: fc.nat(CLIENTS - 1), pages: fc.integer({ min: 0, max: PAGES + 16 }) }))
})

describe("over restarts, crashes, copies and resizes", () => {
  it("the use is what du says, never over the quota, and nothing that is free is refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 4 }), async (lives) => {
        let folder = scratch()
        /** Fills of the pages of each client; null: a page of zeroes, or one that was trimmed. */
        const held = Array.from({ length: CLIENTS }, () => Array<number | null>(PAGES + 16).fill(null))
        let pages = PAGES
        for (const { changes, copy, cut, killed, pages: next } of lives) {
          const server = await serverOf(folder, pages)
          const before = du(folder)
          expect(server.registry.allocatedBytes).toBe(before)
          const most = Math.max(QUOTA, before) + METADATA
          for (const { client, fill, kind, page, pages: count } of changes) {
            const used = du(folder)
            const isNew = !readdirSync(folder).some((file) => file.startsWith(`swap-${client}`))
            const ask = await server.client(client)
            // a new store takes the page of its header
            expect(ask === null).toBe(isNew && used + PAGE > QUOTA)
            if (ask === null || page + count > pages) continue
            const type = { write: Command.Write, trim: Command.Trim, zero: Command.WriteZeroes }[kind]
            const payload = kind === "write" ? new Uint8Array(count * PAGE).fill(fill) : undefined
            const all = Array.from({ length: count }, (_, i) => page + i)
            const usedNow = du(folder)
            const { error } = await ask(type, page * PAGE, count * PAGE, payload)
            if (error !== 0) {
              expect([kind, error]).toEqual(["write", 28])
              // pages that hold data are on the disk already
              const missing = all.filter((one) => held[client][one] === null).length
              expect(missing).toBeGreaterThan(0)
              expect(usedNow + missing * PAGE).toBeGreaterThan(QUOTA)
            } else for (const one of all) held[client][one] = kind === "write" ? fill : null
            expect(du(folder)).toBeLessThanOrEqual(most)
            // the program may have punched, and not have said so yet
            while (server.registry.allocatedBytes !== du(folder)) {
              await new Promise((resolve) => setImmediate(resolve))
            }
          }
          // a kill is what the folder looks like before the server has tidied up
          const after = scratch()
          const copyTo = (): void => {
            execFileSync("cp", ["-a", `--sparse=${copy ?? "auto"}`, `${folder}/.`, after])
          }
          if (killed) copyTo()
          await server.stop()
          if (!killed && copy !== null) copyTo()
          if (killed || copy !== null) folder = after
          const file = cut === null
            ? undefined
            : readdirSync(folder).find((name) => name.startsWith(`swap-${cut.client}`))
          if (cut !== null && file !== undefined) {
            truncateSync(join(folder, file), cut.pages * PAGE)
            held[cut.client]?.fill(null, cut.pages)
          }
          pages = next
        }
        // what clients have written is still there
        const server = await serverOf(folder, PAGES + 16)
        for (let client = 0; client < CLIENTS; client++) {
          if (!readdirSync(folder).some((file) => file.startsWith(`swap-${client}`))) continue
          const ask = await server.client(client)
          for (const [page, fill] of held[client].entries()) {
            if (fill === null) continue
            const { data } = await ask!(Command.Read, page * PAGE, PAGE)
            expect(data.every((byte) => byte === fill)).toBe(true)
          }
        }
        await server.stop()
      }),
      { seed: 20120731, numRuns: 12, endOnFailure: true }
    )
  })

  it("a full store of before a restart may be written again, page by page, and no page more", async () => {
    const folder = scratch()
    const first = await serverOf(folder, PAGES, 8 * PAGE)
    const fill = async (ask: ReturnType<typeof asker>, page: number, value: number): Promise<number> =>
      (await ask(Command.Write, page * PAGE, PAGE, new Uint8Array(PAGE).fill(value))).error
    const before = await first.client(0)
    for (let page = 1; page < 8; page++) expect(await fill(before!, page * 2, page)).toBe(0)
    expect(await fill(before!, 20, 1)).toBe(28)
    await first.stop()
    const second = await serverOf(folder, PAGES, 8 * PAGE)
    const ask = await second.client(0)
    expect(await second.client(1)).toBe(null)
    expect(await fill(ask!, 20, 1)).toBe(28)
    for (let page = 1; page < 8; page++) expect(await fill(ask!, page * 2, page + 100)).toBe(0)
    expect(await fill(ask!, 21, 1)).toBe(28)
    await second.stop()
  })
})

it("a server starts with stores that take more than the quota, and lets them be used", async () => {
  const folder = scratch()
  writeFileSync(join(folder, "swap-0%4010.0.0.0"), Buffer.alloc(PAGES * PAGE, 7))
  const server = await serverOf(folder, PAGES, 8 * PAGE)
  const ask = await server.client(0)
  expect((await ask!(Command.Write, 0, PAGE, new Uint8Array(PAGE))).error).toBe(0)
  expect(await server.client(1)).toBe(null)
  expect(readdirSync(folder)).toEqual(["swap-0%4010.0.0.0"])
  await server.stop()
})

it("a store whose maker crashed before its header was written gets one; one that was zeroed throughout keeps its zeroes", async () => {
  const folder = scratch()
  closeSync(openSync(join(folder, "swap-0%4010.0.0.0"), "w"))
  writeFileSync(join(folder, "swap-1%4010.0.0.1"), "")
  truncateSync(join(folder, "swap-1%4010.0.0.1"), PAGES * PAGE)
  const server = await serverOf(folder, PAGES)
  await server.stop()
  const read = (name: string): Buffer => readFileSync(join(folder, name)).subarray(0, PAGE)
  expect(read("swap-0%4010.0.0.0").subarray(4086).toString()).toBe("SWAPSPACE2")
  expect(read("swap-1%4010.0.0.1").every((byte) => byte === 0)).toBe(true)
})

it("TRIM gives room to the other clients, and du shrinks", async () => {
  const folder = scratch()
  const server = await run({
    quota: "2 MiB",
    swap: { "swap-*": { size: "8 MiB", store: "file", directory: folder } }
  })
  expect(await server.event("trim")).toMatchObject({ place: folder, by: "fallocate" })
  const [hog, other] = [await attached(server.port, "swap-a"), await attached(server.port, "swap-b")]
  const send = async (client: typeof hog, type: number, page: number, pages: number): Promise<number> => {
    const header = Buffer.alloc(28)
    header.writeUInt32BE(0x25609513, 0)
    header.writeUInt16BE(type, 6)
    header.writeBigUInt64BE(BigInt(page * PAGE), 16)
    header.writeUInt32BE(pages * PAGE, 24)
    client.socket.write(type === Command.Write ? Buffer.concat([header, Buffer.alloc(pages * PAGE, 7)]) : header)
    return (await client.take(16)).readUInt32BE(4)
  }
  expect(await send(hog, Command.Write, 1, 510)).toBe(0)
  expect(await send(other, Command.Write, 1, 1)).toBe(28)
  expect(await send(hog, Command.Trim, 1, 256)).toBe(0)
  // it waits for the punch
  expect(await send(other, Command.Write, 1, 200)).toBe(0)
  expect(du(folder)).toBeLessThanOrEqual(2 * 2 ** 20 - 50 * PAGE)
  expect(await send(other, Command.Write, 300, 100)).toBe(28)
  hog.socket.destroy()
  other.socket.destroy()
  await server.stop()
})

it("where nothing punches, TRIM is not offered, and the log says why", async () => {
  const path = process.env["PATH"]
  process.env["PATH"] = scratch()
  const server = await run({ swap: { "swap-*": { size: "8 MiB", store: "file", directory: scratch() } } })
  expect(String((await server.event("no trim"))["why"])).toMatch(/fallocate.*not found/)
  process.env["PATH"] = path
  const client = await attached(server.port, "swap-a")
  client.socket.write(Buffer.from(`25609513${"00000004"}${"00".repeat(16)}00001000`, "hex"))
  expect((await client.take(16)).readUInt32BE(4)).toBe(22)
  client.socket.destroy()
  await server.stop()
})
