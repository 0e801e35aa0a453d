// A client that asks and does not read, a little at a time: what waits for it must not take more room than it has bytes.
import { encodeRequest } from "@swaplab/nbd"
import { expect, it } from "vitest"
import type { Status } from "../src/ops/status.ts"
import { attached, run } from "./rig.ts"

const request = (type: number, length: number): Buffer => {
  const bytes = Buffer.alloc(28)
  encodeRequest(bytes, 0, 0, type, 0, 0, 0, length)
  return bytes
}

const SMALL = 200

it("many small replies that nobody reads take little memory", async () => {
  const server = await run({ exports: { a: { memory: "4 MiB" } }, metrics: "127.0.0.1:0" })
  const probes = String((await server.event("probes"))["at"])
  const client = await attached(server.port, "a")
  client.socket.pause()
  let asked = 0
  /** Bytes that wait for the client when the server has answered everything that it was asked so far. */
  const held = async (): Promise<number> => {
    for (;;) {
      const status = await (await fetch(`http://${probes}/status`)).json() as Status
      const { heldBytes, requests } = status.clients[0]
      if (requests === asked) return heldBytes
    }
  }
  const ask = (type: number, length: number): void => {
    client.socket.write(request(type, length))
    asked++
  }
  // as many large replies as the kernel takes, which may take more later on; then small ones that all wait
  let [bytes, small, before] = [0, 0, 0]
  while (small < SMALL) {
    const waits = await held() > 0
    if (!waits) before = process.memoryUsage().arrayBuffers
    small = waits ? small + 1 : 0
    if (waits) ask(3, 0)
    else ask(0, 65_536)
    bytes += waits ? 16 : 16 + 65_536
  }
  expect(await held()).toBeGreaterThanOrEqual(SMALL * 16)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20)
  // every one of them is answered when the client reads
  client.socket.resume()
  const replies = await client.take(bytes)
  expect(replies.subarray(-16, -8).toString("hex")).toBe("6744669800000000")
  client.socket.destroy()
  await server.stop()
})
