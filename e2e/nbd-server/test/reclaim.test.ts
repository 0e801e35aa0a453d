// What a client held comes back when it is gone, however it went: its place, its store, its bytes of the quota, its requests
// at the disk.
import { encodeClientFlags, encodeRequest } from "@swaplab/nbd"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { attach, goOption } from "../src/client.ts"
import { probe, type RunningServer, scratch, startServer, statusWhen, stopAll } from "../src/server.ts"

afterEach(stopAll)

/** A WRITE of 32 KiB for each of these offsets. */
const writes = (offsets: ReadonlyArray<number>): Buffer =>
  Buffer.concat(offsets.map((offset, i) => {
    const request = Buffer.alloc(28 + 32_768, i + 1)
    encodeRequest(request, 0, 0, 1, 0, i, offset, 32_768)
    return request
  }))

/** Another process attaches to an export, sends `bytes`, and is killed when the server has answered so many requests. */
const killed = async (server: RunningServer, name: string, bytes: Buffer, requests: number): Promise<void> => {
  const said = Buffer.concat([encodeClientFlags(3), goOption(name), bytes])
  const script = `process.stdin.pipe(require("node:net").connect(${server.port}, "127.0.0.1")).resume()`
  const child = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "ignore", "inherit"] })
  child.stdin.write(said)
  await statusWhen(server, ({ clients }) => clients.some((c) => c.client === name && c.requests >= requests))
  const ended = once(child, "close")
  child.kill("SIGKILL")
  await ended
}

it.each(["memory", "file"])(
  "a store in %s goes, and its bytes can be used again, after DISC, FIN, RST and kill",
  async (store) => {
    const folder = scratch()
    // two connections at most, and a quota that one store fills
    const server = await startServer(`
metrics: 127.0.0.1:0
quota: 256 KiB
limits: { connections: 2 }
swap: { swap-*: { size: 1 MiB, grace: 50 ms, header: false, store: ${store}${
      store === "file" ? `, directory: ${folder}` : ""
    } } }
`)
    // the quota, and one request more, which gets ENOSPC
    const all = writes(Array.from({ length: 9 }, (_, i) => i * 32_768))
    for (let round = 0; round < 3; round++) {
      for (const how of ["disc", "fin", "rst", "kill"]) {
        const name = `swap-${how}-${round}`
        if (how === "kill") await killed(server, name, all, 9)
        else {
          const client = await attach(server.port, name)
          client.socket.write(all)
          const errors: Array<number> = []
          while (errors.length < 9) errors.push((await client.take(16)).readUInt32BE(4))
          expect(errors.sort((a, b) => a - b)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 28])
          if (how === "disc") await client.disconnect()
          else if (how === "fin") client.socket.end()
          else client.reset()
        }
        const detached = await server.event("detached", (event) => event["export"] === name)
        expect(detached["clean"]).toBe(how === "disc")
        await statusWhen(server, ({ connections, stores }) => connections === 0 && stores.length === 0)
        expect(await probe(server, "/metrics")).toContain("nbd_swap_used_bytes 0\n")
        // the file goes after its store
        await server.until(() => readdirSync(folder).length === 0 || undefined)
      }
    }
  }
)

it("requests at the disk give their places back when their clients are reset", async () => {
  const folder = scratch()
  const server = await startServer(`
metrics: 127.0.0.1:0
limits: { diskRequests: 2 }
exports: { disk: { file: ${folder}/disk.img, size: 8 MiB } }
`)
  const burst = writes(Array.from({ length: 16 }, (_, i) => i * 32_768))
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(
      Array.from({ length: 6 }, (_, i) => attach(server.port, "disk", `127.0.0.${i + 2}`))
    )
    for (const client of clients) client.socket.write(burst)
    await statusWhen(server, (status) => status.clients.reduce((sum, { requests }) => sum + requests, 0) > round * 10)
    for (const client of clients) client.reset()
  }
  await statusWhen(server, ({ connections }) => connections === 0)
  expect(await probe(server, "/metrics")).toContain("nbd_disk_requests 0\n")
  const client = await attach(server.port, "disk")
  expect((await client.write(0, Buffer.alloc(4096, 1), 1)).error).toBe(0)
})

it("files of clients that do not come back after the server was killed go after the grace period", async () => {
  const folder = join(scratch(), "swap")
  mkdirSync(folder)
  const config = (grace: string) =>
    `swap: { swap-*: { size: 1 MiB, store: file, directory: ${folder}, grace: ${grace} } }`
  const server = await startServer(config("1 h"))
  for (const name of ["swap-a", "swap-b"]) {
    const client = await attach(server.port, name)
    expect((await client.write(65_536, Buffer.alloc(4096, 7))).error).toBe(0)
  }
  await server.stop("SIGKILL")
  expect(readdirSync(folder)).toHaveLength(2)
  const next = await startServer(config("50 ms"))
  await next.until(() => readdirSync(folder).length === 0 || undefined)
  expect(existsSync(folder)).toBe(true)
})
