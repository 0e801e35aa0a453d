// A server of several processes: for its clients it is one server.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { certificatesIn } from "../src/certificates.ts"
import { attach, type TestClient } from "../src/client.ts"
import { ok, withPrograms } from "../src/peers.ts"
import { control, probe, type RunningServer, scratch, startServer, statusWhen, stopAll } from "../src/server.ts"

afterEach(stopAll)

const page = (fill: number): Buffer => Buffer.alloc(4096, fill)

/** The processes that serve exports, by their number in the log or as children of the server. */
const processesOf = (server: RunningServer): ReadonlyArray<number> =>
  readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").split(" ").filter((id) => id !== "").map(
    Number
  )

const SWAP = "swap: { swap-*: { size: 1 MiB } }"

it("clients of stores in different processes keep their bytes apart, and all that is said of them is of one server", async () => {
  const server = await startServer(`processes: 3\nmetrics: 127.0.0.1:0\n${SWAP}`)
  const clients = await Promise.all(Array.from({ length: 9 }, (_, i) => attach(server.port, `swap-${i}`)))
  await Promise.all(clients.map((client, i) => client.write(8192, page(i + 1))))
  for (const [i, client] of clients.entries()) {
    expect((await client.read(8192, 4096)).data.equals(page(i + 1))).toBe(true)
    // a second connection of the same client sees what the first has written, wherever it came in
    const second = await attach(server.port, `swap-${i}`)
    expect((await second.read(8192, 4096)).data.equals(page(i + 1))).toBe(true)
    second.reset()
  }
  const status = await statusWhen(server, ({ connections }) => connections === 9)
  expect(status.clients.map(({ client }) => client).sort()).toEqual(clients.map((_, i) => `swap-${i}`))
  expect(status.clients.map(({ requests }) => requests)).toEqual(clients.map(() => 3))
  expect(status.stores).toHaveLength(9)
  const metrics = await probe(server, "/metrics")
  expect(metrics).toContain("nbd_connections 9\n")
  expect(metrics).toContain("nbd_accepted_total 18\n")
  expect(metrics).toMatch(/nbd_requests_total\{client="swap-7",command="read"\} 2\n/)
  expect(processesOf(server)).toHaveLength(3)
  const processes = processesOf(server)
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  const left = readdirSync("/proc").filter((name) => processes.includes(Number(name)))
  expect(left).toEqual([])
})

it("a process that is killed is started again; its clients come back, those of others notice nothing", async () => {
  const folder = scratch()
  const server = await startServer(
    `processes: 2\nmetrics: 127.0.0.1:0\nswap: { swap-*: { size: 1 MiB, store: file, directory: ${folder} } }`
  )
  const clients = await Promise.all(Array.from({ length: 8 }, (_, i) => attach(server.port, `swap-${i}`)))
  await Promise.all(clients.map((client, i) => client.write(8192, page(i + 1))))
  process.kill(processesOf(server)[0], "SIGKILL")
  await server.event("process ended")
  // the other one is asked while this one starts
  expect((JSON.parse(await probe(server, "/status")) as { stores: ReadonlyArray<unknown> }).stores).toHaveLength(4)
  await server.event("process started")
  const lost = clients.filter(({ closed }) => closed)
  expect([lost.length > 0, lost.length < clients.length]).toEqual([true, true])
  for (const [i, client] of clients.entries()) {
    const now: TestClient = client.closed ? await attach(server.port, `swap-${i}`) : client
    expect((await now.read(8192, 4096)).data.equals(page(i + 1))).toBe(true)
  }
})

it("one quota holds for all: none is refused while there is room, and none gets more", async () => {
  const server = await startServer(
    `processes: 3\nmetrics: 127.0.0.1:0\nquota: 6 MiB\nswap: { swap-*: { size: 4 MiB } }`
  )
  const clients = await Promise.all(Array.from({ length: 6 }, (_, i) => attach(server.port, `swap-${i}`)))
  // a client may take nearly all of it, though the others have begun
  const blocks = Array.from({ length: 63 }, (_, i) => 65536 * (i + 1))
  for (const at of blocks) expect([at, (await clients[0].write(at, page(1))).error]).toEqual([at, 0])
  const errors = await Promise.all(clients.slice(1).flatMap((client) => blocks.map((at) => client.write(at, page(2)))))
  expect(errors.some(({ error }) => error === 28)).toBe(true)
  const { stores } = await statusWhen(server, () => true)
  const used = stores.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0)
  expect(used).toBeLessThanOrEqual(6 * 2 ** 20)
  // a process that was told a moment ago that there is no more refuses what others give back since: up to a block for each
  expect(used).toBeGreaterThan(6 * 2 ** 20 - 3 * 65536)
})

it("a reload that one process refuses changes none; faults reach the process of their export", async () => {
  const folder = scratch()
  const token = "0123456789abcdef"
  writeFileSync(join(folder, "token"), token)
  const base = `processes: 2
control: { socket: ${folder}/control, tokenFile: ${folder}/token }
`
  const exports = ["a", "b", "c", "d"].map((name) => `  ${name}: { memory: 1 MiB, faults: {} }\n`).join("")
  const server = await startServer(`${base}exports:\n${exports}`)
  const file = server.child.spawnargs.at(-1) ?? ""
  writeFileSync(file, `${base}exports:\n${exports}  e: { memory: 1 MiB }\n  gone: { file: ${folder}/none }\n`)
  server.child.kill("SIGHUP")
  await server.event("not reloaded")
  await expect(attach(server.port, "e")).rejects.toThrow()
  writeFileSync(file, `${base}exports:\n${exports}  e: { memory: 1 MiB }\n`)
  server.child.kill("SIGHUP")
  await server.event("reloaded")
  expect((await (await attach(server.port, "e")).read(0, 4096)).error).toBe(0)
  for (const name of ["a", "b", "c", "d"]) {
    const plan = { errors: [{ command: "read", probability: 1, error: "EIO" }] }
    const path = join(folder, "control")
    expect(await control(path, { token, command: "faults", export: name, plan })).toEqual({ ok: true })
    const client = await attach(server.port, name)
    expect((await client.read(0, 4096)).error).toBe(5)
    expect(await control(path, { token, command: "drop", export: name })).toEqual({ ok: true, dropped: 1 })
  }
  expect(await control(join(folder, "control"), { token, command: "drop", export: "none" }))
    .toEqual({ error: "no such export is open" })
})

it("a mistake of the user is found before any process starts", async () => {
  await expect(startServer("processes: 2\nexports: { a: { file: /nowhere/at/all } }")).rejects.toThrow(
    /exports\.a\.file: got \\*"\/nowhere\/at\/all/
  )
})

withPrograms("nbdinfo", "nbdcopy", "openssl")(
  "TLS ends in one process for an export of another; an image that nobody changes is served by all",
  async () => {
    const folder = scratch()
    const pki = await certificatesIn(folder)
    const image = join(folder, "image")
    writeFileSync(image, Buffer.alloc(4 << 20, 7))
    const exports = ["a", "b", "c", "d"].map((name) => `${name}: { memory: 4 MiB }`).join(", ")
    const server = await startServer(`
processes: 2
metrics: 127.0.0.1:0
tls: { mode: optional, certificate: ${pki}/server-cert.pem, key: ${pki}/server-key.pem }
exports: { ${exports}, image: { file: ${image}, readOnly: true } }
`)
    const uri = (name: string): string => `nbds://127.0.0.1:${server.port}/${name}?tls-certificates=${pki}`
    for (const name of ["a", "b", "c", "d"]) {
      await ok("nbdcopy", "--flush", image, uri(name))
      await ok("nbdcopy", uri(name), `${folder}/${name}`)
      expect(readFileSync(`${folder}/${name}`).equals(readFileSync(image))).toBe(true)
      // what came over TLS is what others read without
      const client = await attach(server.port, name)
      expect((await client.read(4096, 4096)).data.equals(page(7))).toBe(true)
      await client.disconnect()
    }
    const readers = await Promise.all(Array.from({ length: 4 }, () => attach(server.port, "image")))
    for (const reader of readers) expect((await reader.read(0, 4096)).data.equals(page(7))).toBe(true)
    const counts = await Promise.all(processesOf(server).map((pid) => readdirSync(`/proc/${pid}/fd`).length))
    expect(Math.abs(counts[0] - counts[1])).toBeLessThanOrEqual(2)
    const listed = await ok("nbdinfo", "--list", `nbd://127.0.0.1:${server.port}`)
    for (const name of ["a", "b", "c", "d", "image"]) expect(listed).toContain(`export="${name}"`)
    await statusWhen(server, ({ stores }) => stores.length === 5)
  }
)
