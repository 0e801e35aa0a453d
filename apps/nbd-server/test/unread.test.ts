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

it("many small replies that nobody reads take little memory", async () => {
  const server = await run({ exports: { a: { memory: "4 MiB" } }, metrics: "127.0.0.1:0" })
  const probes = String((await server.event("probes"))["at"])
  const held = async (): Promise<number> => {
    const status = await (await fetch(`http://${probes}/status`)).json() as Status
    return status.clients[0].heldBytes
  }
  const client = await attached(server.port, "a")
  client.socket.pause()
  // as much as the kernel keeps for a connection, and a little more
  let reads = 0
  for (; await held() === 0; reads++) client.socket.write(request(0, 65_536))
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 400; i++) {
    client.socket.write(request(3, 0))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20)
  // every one of them is answered when the client reads
  client.socket.resume()
  const replies = await client.take(reads * (65_536 + 16) + 400 * 16)
  expect(replies.subarray(-16, -8).toString("hex")).toBe("6744669800000000")
  client.socket.destroy()
  await server.stop()
})
