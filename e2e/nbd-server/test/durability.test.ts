// What was flushed or written with FUA is there after the server was killed, and no write that was not whole looks done.
import { encodeRequest } from "@swaplab/nbd"
import { afterAll, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { scratch, startServer, stopAll } from "../src/server.ts"

afterAll(stopAll)

const PAGES = 128
const FUA = 1

it("kill -9 at six places: nothing answered is lost, everything read is one whole version", async () => {
  const folder = scratch()
  const config = `exports: { disk: { file: ${folder}/disk.img, size: 512 KiB } }`
  /** Version of each page that the server has answered for. */
  const answered = new Uint32Array(PAGES)
  const sent = new Uint32Array(PAGES)
  let version = 0
  for (let round = 0; round < 6; round++) {
    const server = await startServer(config)
    const client = await attach(server.port, "disk")
    for (let page = 0; page < PAGES; page++) {
      const { data, error } = await client.read(page * 4096, 4096)
      const found = data.readUInt32LE(0)
      expect(error).toBe(0)
      expect(found).toBeGreaterThanOrEqual(answered[page])
      expect(found).toBeLessThanOrEqual(sent[page])
      for (let at = 4; at < 4096; at += 4) expect(data.readUInt32LE(at)).toBe(found)
      answered[page] = found
    }
    // a write whose payload never came whole
    const torn = await attach(server.port, "disk")
    const header = new Uint8Array(28)
    encodeRequest(header, 0, 0, 1, 0, 1, 0, 4096)
    torn.socket.write(Buffer.concat([header, Buffer.alloc(2000, 0xff)]))
    const kills = 20 + round * 37
    for (let i = 0; i < kills; i++) {
      const page = i * 7919 % PAGES
      const data = Buffer.alloc(4096)
      sent[page] = ++version
      for (let at = 0; at < 4096; at += 4) data.writeUInt32LE(version, at)
      const { error } = await client.write(page * 4096, data, i % 3 === 0 ? FUA : 0)
      expect(error).toBe(0)
      answered[page] = version
      if (i % 10 === 9) expect((await client.flush()).error).toBe(0)
    }
    // one more is on its way when the server dies
    const page = round
    const last = Buffer.alloc(4096)
    sent[page] = ++version
    for (let at = 0; at < 4096; at += 4) last.writeUInt32LE(version, at)
    const lost = client.write(page * 4096, last).catch(() => null)
    await server.stop("SIGKILL")
    await lost
  }
})
