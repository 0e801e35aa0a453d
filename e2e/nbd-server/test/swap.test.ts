// Swap for each client: whose a store is, how long it is kept, what it may take.
import { readdirSync } from "node:fs"
import { afterEach, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { scratch, startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

const page = (fill: number): Buffer => Buffer.alloc(4096, fill)

it.each(["memory", "file"])("in %s: two clients never see each other's bytes", async (store) => {
  const folder = scratch()
  const server = await startServer(
    `swap: { swap-*: { size: 1 MiB, store: ${store}${store === "file" ? `, directory: ${folder}` : ""} } }`
  )
  const [a, b] = [await attach(server.port, "swap-a"), await attach(server.port, "swap-b")]
  for (let i = 0; i < 64; i++) expect((await a.write(4096 + i * 4096, page(0xaa))).error).toBe(0)
  for (let i = 0; i < 255; i++) {
    const { data } = await b.read(4096 + i * 4096, 4096)
    expect(data.equals(page(0))).toBe(true)
  }
  const header = (await b.read(0, 4096)).data
  expect(header.subarray(4086).toString()).toBe("SWAPSPACE2")
  await a.disconnect()
  // the place is used again, its contents are not
  const again = await attach(server.port, "swap-a")
  expect((await again.read(4096, 4096)).data.equals(page(0))).toBe(true)
})

it("is kept after a reset for who comes back, and goes with DISC", async () => {
  const folder = scratch()
  const server = await startServer(`swap: { swap-*: { size: 1 MiB, store: file, directory: ${folder} } }`)
  const first = await attach(server.port, "swap-a")
  await first.write(8192, page(7))
  first.reset()
  await server.event("detached", ({ clean }) => clean === false)
  expect(readdirSync(folder)).toEqual(["swap-a%40127.0.0.1"])
  // somebody else does not get it
  await expect(attach(server.port, "swap-a", "127.0.0.2")).rejects.toThrow("80000002")
  const second = await attach(server.port, "swap-a")
  expect((await second.read(8192, 4096)).data.equals(page(7))).toBe(true)
  await second.disconnect()
  await server.until(() => readdirSync(folder).length === 0 || undefined)
})

it("goes when nobody comes back within the grace period", async () => {
  const folder = scratch()
  const server = await startServer(
    `swap: { swap-*: { size: 1 MiB, store: file, directory: ${folder}, grace: 200 ms } }`
  )
  const client = await attach(server.port, "swap-a")
  await client.write(8192, page(7))
  client.reset()
  await server.until(() => readdirSync(folder).length === 0 || undefined)
})

it("by address: one name for all, a store for each", async () => {
  const server = await startServer("swap: { swap: { size: 1 MiB, per: address } }")
  const [a, b] = [await attach(server.port, "swap"), await attach(server.port, "swap", "127.0.0.2")]
  await a.write(4096, page(1))
  expect((await b.read(4096, 4096)).data.equals(page(0))).toBe(true)
  const other = await attach(server.port, "swap")
  expect((await other.read(4096, 4096)).data.equals(page(1))).toBe(true)
})

it("stays within the quota of all, which a disconnect gives back", async () => {
  const server = await startServer("quota: 256 KiB\nswap: { swap-*: { size: 1 MiB } }")
  const [a, b] = [await attach(server.port, "swap-a"), await attach(server.port, "swap-b")]
  let written = 0
  while ((await a.write(written, page(1))).error === 0) written += 4096
  expect(written).toBe(256 * 1024 - 32 * 1024)
  expect((await a.write(written, page(1))).error).toBe(28)
  expect((await b.write(40_960, page(1))).error).toBe(28)
  await a.disconnect()
  await server.event("detached")
  await server.until(() => server.events.find(({ event }) => event === "removed"))
  expect((await b.write(40_960, page(1))).error).toBe(0)
})

it("survives a restart of the server", async () => {
  const folder = scratch()
  const config = `swap: { swap-*: { size: 1 MiB, store: file, directory: ${folder} } }`
  const server = await startServer(config)
  const client = await attach(server.port, "swap-a")
  expect((await client.write(8192, page(9))).error).toBe(0)
  expect((await server.stop()).code).toBe(0)
  const next = await startServer(config)
  await expect(attach(next.port, "swap-a", "127.0.0.2")).rejects.toThrow("80000002")
  const again = await attach(next.port, "swap-a")
  expect((await again.read(8192, 4096)).data.equals(page(9))).toBe(true)
})
