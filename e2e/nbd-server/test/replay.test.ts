// The server on its socket is the engine of the emulator: one session through both, the same bytes.
import { exportInfo, getU32, MemoryStore, ServerSession } from "@swaplab/nbd"
import { afterEach, expect, it } from "vitest"
import { greet } from "../src/client.ts"
import { startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

it("answers byte for byte what the engine without a socket answers", async () => {
  const size = 1 << 20
  const server = await startServer("exports: { disk: { memory: 1 MiB } }")
  const store = new MemoryStore(size)
  const session = new ServerSession([{ info: exportInfo({ name: "disk", size }), store, extents: store }])
  session.greeting()
  const hex = (text: string) => Buffer.from(text.replace(/\s/g, ""), "hex")
  const option = "49484156454f5054"
  const requests = Array.from({ length: 300 }, (_, i) => {
    const type = [1, 0, 3, 6, 4, 7, 0, 9][i % 8]
    const header = hex(
      `25609513 ${i % 5 === 4 ? "0004" : "0000"} 000${type} 0000000000000000 0000000000000000 00000000`
    )
    header.writeUInt32BE(i, 12)
    header.writeUInt32BE(i * 3571 % size, 20)
    header.writeUInt32BE(i % 7 * 900, 24)
    return type === 1 ? Buffer.concat([header, Buffer.alloc(i % 7 * 900, i)]) : header
  })
  const said = Buffer.concat([
    hex(`00000003 ${option} 00000003 00000000 ${option} 00000008 00000000`),
    hex(`${option} 0000000a 0000001f 00000004 6469736b 00000001 0000000f 626173653a616c6c6f636174696f6e`),
    hex(`${option} 00000006 00000012 00000004 6469736b 0004 0000 0001 0002 0003`),
    hex(`${option} 00000007 0000000a 00000004 6469736b 0000`),
    ...requests,
    hex("25609513 0000 0002 0000000000000000 0000000000000000 00000000")
  ])
  const client = await greet(server.port)
  for (let at = 0; at < said.length; at += 1009) client.socket.write(said.subarray(at, at + 1009))
  const answers = await client.rest()
  expect(answers.equals(Buffer.from(session.push(said)))).toBe(true)
  expect(getU32(answers, 0)).toBe(0x0003e889)
})
