// TLS: who may come with which certificate, and sessions that the stream's own buffers serve.
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Duplex } from "node:stream"
import { connect } from "node:tls"
import { afterEach, expect, it } from "vitest"
import { one, two } from "./certificates.ts"
import { greeted, run, type Running, scratch } from "./rig.ts"

const servers: Array<Running> = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

const started = async (authority: boolean): Promise<Running> => {
  const folder = scratch()
  const path = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const server = await run({
    exports: { a: { memory: "1 MiB" } },
    tls: {
      certificate: path("certificate", one.certificate),
      key: path("key", one.key),
      ...(authority ? { clientAuthority: path("authority", two.certificate) } : {})
    }
  })
  servers.push(server)
  return server
}

it("a client whose certificate the authority signed is served, others are not", async () => {
  const server = await started(true)
  const welcome = await greeted(server.port)
  expect(await welcome.startTls({ cert: two.certificate, key: two.key })).toBe("one")
  await welcome.option(1, "a")
  expect(await welcome.ask()).toBe(0)
  for (const options of [{}, { cert: one.certificate, key: one.key }]) {
    const client = await greeted(server.port)
    // TLS 1.3: the client is done before the server has seen the certificate
    await expect(client.startTls(options).then(() => client.option(1, "a"))).rejects.toThrow()
  }
  expect(await welcome.ask()).toBe(0)
})

it("one who waits for each of very many small answers gets them all", async () => {
  const server = await started(false)
  const client = await greeted(server.port)
  await client.startTls()
  await client.option(1, "a")
  for (let i = 0; i < 700; i++) expect(await client.ask()).toBe(0)
})

it("a session with something in it that is no TLS ends", async () => {
  const server = await started(false)
  const client = await greeted(server.port)
  expect(await client.option(5)).toBe(1)
  const raw = client.socket.removeAllListeners("data")
  const through = new Duplex({ read: () => {}, write: (chunk: Buffer, _encoding, done) => void raw.write(chunk, done) })
  raw.on("data", (bytes: Buffer) => through.push(bytes))
  const secure = connect({ socket: through, rejectUnauthorized: false })
  secure.on("error", () => {})
  await once(secure, "secureConnect")
  secure.write(Buffer.from("49484156454f5054000000010000000161", "hex"))
  await server.event("attached")
  raw.write(Buffer.alloc(1000, 7))
  expect((await server.event("detached"))["clean"]).toBe(false)
  secure.destroy()
})
