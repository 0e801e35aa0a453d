// SIGHUP: everything but the places to listen at changes, and no connection notices.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { one, two } from "./certificates.ts"
import { attached, greeted, run, type Running, scratch } from "./rig.ts"

const servers: Array<Running> = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

const started = async (values: object): Promise<Running> => {
  const server = await run(values)
  servers.push(server)
  return server
}

const exports = { a: { memory: "1 MiB" } }

it("other limits and another allow-list hold for who comes, and leave who is there", async () => {
  const server = await started({ exports })
  const client = await attached(server.port, "a")
  server.reload({ exports, allow: ["10.0.0.0/8"] })
  await server.event("reloaded")
  await expect(attached(server.port, "a")).rejects.toThrow("ended")
  expect((await server.event("refused"))["why"]).toBe("not in the allow-list")
  server.reload({ exports, limits: { connections: 1 } })
  await server.event("reloaded")
  await expect(attached(server.port, "a")).rejects.toThrow("ended")
  expect((await server.event("refused"))["why"]).toBe("too many connections")
  server.reload({ exports, limits: { connections: 2 } })
  await server.event("reloaded")
  expect(await (await attached(server.port, "a")).ask()).toBe(0)
  expect(await client.ask()).toBe(0)
})

it("another rate holds at once, and lets go who waits because of the old one", async () => {
  const server = await started({ exports, limits: { requestsPerSecond: 1 } })
  const client = await attached(server.port, "a")
  // an hour at the old rate
  const last = client.ask(3600)
  server.reload({ exports })
  await server.event("reloaded")
  expect(await last).toBe(0)
})

it("another certificate is for new sessions; a key that is not there changes nothing", async () => {
  const folder = scratch()
  const path = (name: string): string => join(folder, name)
  for (
    const [name, text] of Object.entries({
      one: one.certificate,
      oneKey: one.key,
      two: two.certificate,
      twoKey: two.key
    })
  ) {
    writeFileSync(path(name), text)
  }
  const tls = (certificate: string, key: string) => ({
    exports,
    tls: { certificate: path(certificate), key: path(key) }
  })
  const server = await started(tls("one", "oneKey"))
  const first = await greeted(server.port)
  expect(await first.startTls()).toBe("one")
  await first.option(1, "a")
  server.reload(tls("two", "twoKey"))
  await server.event("reloaded")
  expect(await (await greeted(server.port)).startTls()).toBe("two")
  server.reload({ ...tls("one", "noKey"), exports: { b: { memory: "1 MiB" } } })
  expect((await server.event("not reloaded"))["why"]).toMatch(/tls\.key: got ".*noKey", no such file/)
  const third = await greeted(server.port)
  expect(await third.startTls()).toBe("two")
  await third.option(1, "a")
  expect([await first.ask(), await third.ask()]).toEqual([0, 0])
})

it("other pre-shared keys are for new sessions", async () => {
  const folder = scratch()
  const [alice, bob] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)]
  const keys = (name: string, key: Buffer) => {
    const pskFile = join(folder, name)
    writeFileSync(pskFile, `${name}:${key.toString("hex")}\n`)
    return { exports, tls: { pskFile } }
  }
  const server = await started(keys("alice", alice))
  const first = await greeted(server.port)
  await first.startTlsWith("alice", alice)
  await first.option(1, "a")
  await expect((await greeted(server.port)).startTlsWith("bob", bob)).rejects.toThrow()
  server.reload(keys("bob", bob))
  await server.event("reloaded")
  const second = await greeted(server.port)
  await second.startTlsWith("bob", bob)
  await second.option(1, "a")
  await expect((await greeted(server.port)).startTlsWith("alice", alice)).rejects.toThrow()
  await expect((await greeted(server.port)).startTlsWith("bob", alice)).rejects.toThrow()
  expect([await first.ask(), await second.ask()]).toEqual([0, 0])
})

it("when one export cannot be opened, none of the others changes", async () => {
  const file = join(scratch(), "disk.img")
  const server = await started({ exports: { ...exports, gone: { memory: "1 MiB" } } })
  server.reload({ exports: { b: { file, size: "1 MiB" }, c: { file: join(scratch(), "no-file") } } })
  expect((await server.event("not reloaded"))["why"]).toMatch(/no-file: no such file/)
  expect(await (await attached(server.port, "gone")).ask()).toBe(0)
  await expect(attached(server.port, "b")).rejects.toThrow("ended")
  server.reload({ exports: { ...exports, b: { file } } })
  await server.event("reloaded")
  expect(await (await attached(server.port, "b")).ask()).toBe(0)
  await expect(attached(server.port, "gone2")).rejects.toThrow("ended")
})

it("an export in use stays until it is let go, then is what the file says", async () => {
  const server = await started({ exports: { a: { memory: "1 MiB", description: "old" } } })
  const client = await attached(server.port, "a")
  server.reload({ exports: { a: { memory: "2 MiB", description: "new" } } })
  await server.event("reloaded")
  const during = await greeted(server.port)
  expect(await during.option(1, "a")).toBe(2 ** 20)
  for (const { socket } of [client, during]) socket.destroy()
  for (let i = 0; i < 2; i++) await server.event("detached")
  expect(await (await greeted(server.port)).option(1, "a")).toBe(2 ** 21)
})

it("who comes back to a store that is kept is told its size, not that of a later template", async () => {
  const swap = (size: string) => ({ swap: { "swap-*": { size } } })
  const server = await started(swap("1 MiB"))
  const first = await attached(server.port, "swap-a")
  first.socket.destroy()
  await server.event("detached")
  server.reload(swap("2 MiB"))
  await server.event("reloaded")
  const second = await greeted(server.port)
  expect(await second.option(1, "swap-a")).toBe(2 ** 20)
  expect(await second.ask()).toBe(0)
  expect(await (await greeted(server.port)).option(1, "swap-b")).toBe(2 ** 21)
})

it("another rate that is lower still lets go who waits because of the old one", async () => {
  const server = await started({ exports, limits: { bytesPerSecond: "1 B/s" } })
  const client = await attached(server.port, "a")
  // each is paid for by eight minutes
  const last = client.ask(100)
  // the server has seen them when it has let in who comes later
  await attached(server.port, "a")
  server.reload({ exports, limits: { bytesPerSecond: "100 KiB/s" } })
  await server.event("reloaded")
  expect(await last).toBe(0)
})

it("names of members that every object has are no exports", async () => {
  const server = await started({ exports })
  for (const name of ["constructor", "__proto__", "toString"]) {
    // NBD_OPT_INFO: the length of the name, the name, no requests
    const data = `\0\0\0${String.fromCharCode(name.length)}${name}\0\0`
    expect(await (await greeted(server.port)).option(6, data)).toBe(0x80000006)
  }
})

it("says what only a restart changes", async () => {
  const server = await started({ exports })
  server.reload({ exports, listen: ["127.0.0.1:1"], metrics: "127.0.0.1:2" })
  expect(await server.event("not changed")).toMatchObject({ key: "listen", now: "[\"127.0.0.1:0\"]" })
  expect(await server.event("not changed")).toMatchObject({ key: "metrics", now: "null" })
  await server.event("reloaded")
  expect(await (await attached(server.port, "a")).ask()).toBe(0)
})
