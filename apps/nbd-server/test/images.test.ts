// Image files that an administrator replaces, cuts and removes while they are served.
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { attached, type Client, greeted, run, scratch } from "./rig.ts"

const KIB = 1024

const image = (path: string, fill: number, bytes = 64 * KIB): void => writeFileSync(path, Buffer.alloc(bytes, fill))

/** The first byte of what is read at an offset, or the error. */
const byteAt = async (client: Client, offset: number): Promise<number | string> => {
  const request = Buffer.alloc(28)
  request.writeUInt32BE(0x25609513, 0)
  request.writeBigUInt64BE(BigInt(offset), 16)
  request.writeUInt32BE(512, 24)
  client.socket.write(request)
  const error = (await client.take(16)).readUInt32BE(4)
  return error === 0 ? (await client.take(512))[0] : `error ${error}`
}

/** The size that EXPORT_NAME tells. */
const sizeOf = async (port: number): Promise<number> => {
  const client = await greeted(port)
  const size = await client.option(1, "root")
  client.socket.destroy()
  return size
}

const serve = async (readOnly: boolean) => {
  const path = join(scratch(), "root.img")
  image(path, 1)
  const exports = { root: { file: path, readOnly } }
  const server = await run({ exports, metrics: "127.0.0.1:0" })
  const probes = String((await server.event("probes"))["at"])
  const stores = async (): Promise<ReadonlyArray<string>> => {
    const status = await (await fetch(`http://${probes}/status`)).json() as { stores: ReadonlyArray<{ name: string }> }
    return status.stores.map(({ name }) => name)
  }
  return { exports, path, server, stores }
}

it.each([true, false])("another file of the name is for new connections, at once (readOnly: %s)", async (readOnly) => {
  const { path, server, stores } = await serve(readOnly)
  const old = await attached(server.port, "root")
  image(`${path}.new`, 2, 128 * KIB)
  renameSync(`${path}.new`, path)
  const fresh = await attached(server.port, "root")
  expect([await byteAt(old, 0), await byteAt(fresh, 0)]).toEqual([1, 2])
  expect(await byteAt(fresh, 100 * KIB)).toBe(2)
  expect(await server.event("image replaced")).toMatchObject({ was: 64 * KIB, now: 128 * KIB, connections: 1 })
  expect(await stores()).toEqual(["root", "root (replaced)"])
  old.socket.destroy()
  await server.event("detached")
  expect(await stores()).toEqual(["root"])
  expect(await byteAt(fresh, 0)).toBe(2)
  fresh.socket.destroy()
  await server.stop()
})

it("it is for SIGHUP, too, and for who asks first after it was replaced unused", async () => {
  const { exports, path, server } = await serve(true)
  image(`${path}.new`, 2, 128 * KIB)
  renameSync(`${path}.new`, path)
  server.reload({ exports })
  await server.event("reloaded")
  expect(await sizeOf(server.port)).toBe(128 * KIB)
  await server.stop()
})

it("one that is removed, or a directory by now, is refused; who has it keeps it; another one ends that", async () => {
  const { path, server, stores } = await serve(true)
  const old = await attached(server.port, "root")
  rmSync(path)
  await expect(attached(server.port, "root")).rejects.toThrow("ended")
  expect((await server.event("image gone"))["why"]).toBe("no such file or directory")
  expect(await server.event("not opened")).toMatchObject({ export: "root", address: "127.0.0.1" })
  mkdirSync(path)
  await expect(attached(server.port, "root")).rejects.toThrow("ended")
  expect((await server.event("image gone"))["why"]).toBe("is a directory")
  expect(await stores()).toEqual(["root (is a directory)"])
  expect(await byteAt(old, 0)).toBe(1)
  rmSync(path, { recursive: true })
  image(path, 3)
  expect(await byteAt(await attached(server.port, "root"), 0)).toBe(3)
  await server.stop()
})

it("one that is cut: new readers are told the size, old ones EIO where nothing is", async () => {
  const { path, server } = await serve(true)
  const old = await attached(server.port, "root")
  truncateSync(path, 32 * KIB)
  expect([await byteAt(old, 0), await byteAt(old, 40 * KIB)]).toEqual([1, "error 5"])
  expect(String((await server.event("requests refused"))["why"])).toMatch(/was cut/)
  expect(await sizeOf(server.port)).toBe(32 * KIB)
  await server.stop()
})

it("one that is written and has another size is opened anew when nobody uses it", async () => {
  const { path, server, stores } = await serve(false)
  const old = await attached(server.port, "root")
  truncateSync(path, 128 * KIB)
  expect(await sizeOf(server.port)).toBe(64 * KIB)
  await server.event("image resized")
  expect(await stores()).toEqual(["root (another size)"])
  old.socket.destroy()
  await server.event("detached")
  await server.event("detached")
  expect(await sizeOf(server.port)).toBe(128 * KIB)
  await server.stop()
})
