// Who may come, how many at once, and what they find.
import { encodeRequest } from "@swaplab/nbd"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { attached, greeted, run, scratch } from "./rig.ts"

it("one address has so many handshakes at once; connections behind theirs do not count", async () => {
  const server = await run({ exports: { a: { memory: "1 MiB" } }, limits: { handshakesPerAddress: 2 } })
  const served = [await attached(server.port, "a"), await attached(server.port, "a"), await attached(server.port, "a")]
  const [first] = [await greeted(server.port), await greeted(server.port)]
  await expect(greeted(server.port)).rejects.toThrow("ended")
  expect((await server.event("refused"))["why"]).toBe("too many handshakes of this address")
  await first.option(1, "a")
  expect(await first.ask()).toBe(0)
  await greeted(server.port)
  for (const client of served) expect(await client.ask()).toBe(0)
  await server.stop()
})

it("a file that was made and never begun gets its swap header", async () => {
  const folder = scratch()
  const file = join(folder, encodeURIComponent("swap-a@127.0.0.1"))
  closeSync(openSync(file, "w"))
  const swap = { "swap-*": { size: "1 MiB", store: "file", directory: folder } }
  const server = await run({ swap })
  const client = await attached(server.port, "swap-a")
  const read = Buffer.alloc(28)
  encodeRequest(read, 0, 0, 0, 0, 0, 0, 4096)
  client.socket.write(read)
  expect((await client.take(16 + 4096)).toString("latin1", 16 + 4086)).toBe("SWAPSPACE2")
  client.socket.destroy()
  await server.stop()
})

it("a name that belongs to another address, or to nothing, is refused with a reason in the log", async () => {
  const server = await run({ swap: { "swap-*": { size: "1 MiB" }, "free-*": { size: "1 MiB", anyAddress: true } } })
  await attached(server.port, "swap-a")
  await attached(server.port, "free-a")
  const other = (name: string) => attached(server.port, name, "127.0.0.2")
  await expect(other("swap-a")).rejects.toThrow("ended")
  expect(await server.event("not opened")).toMatchObject({
    export: "swap-a",
    address: "127.0.0.2",
    why: "belongs to 127.0.0.1 until its grace period ends; anyAddress: true would give it to whoever knows its name"
  })
  await other("free-a")
  const lost = await greeted(server.port)
  expect(await lost.option(7, "\0\0\0\u0003abc\0\0")).toBe(0x80000006)
  expect(await server.event("not opened")).toMatchObject({ export: "abc" })
  await expect(attached(server.port, "def")).rejects.toThrow("ended")
  expect(await server.event("not opened")).toMatchObject({ export: "def" })
  lost.socket.destroy()
  await server.stop()
})
