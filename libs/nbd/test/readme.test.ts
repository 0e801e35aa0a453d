import { exportInfo, MemoryStore, ServerSession } from "@swaplab/nbd"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

it("the example of the README does what it says", () => {
  const output: Array<string> = []
  const console = { log: (line: string) => output.push(line) }

  const bytes = (hex: string) => Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (b) => Number.parseInt(b, 16))
  const hex = (data: Uint8Array) => Array.from(data, (b) => b.toString(16).padStart(2, "0")).join("")

  const size = 64 * 2 ** 20
  const store = new MemoryStore(size)
  const session = new ServerSession([{ info: exportInfo({ name: "disk", size }), store, extents: store }])
  console.log(hex(session.greeting()))
  // client flags, then GO "disk": the export's size and flags come back
  console.log(hex(session.push(bytes("00000003 49484156454f5054 00000007 0000000a 00000004 6469736b 0000"))))
  // WRITE 4 bytes at 4096, then READ them
  console.log(hex(session.push(bytes("25609513 0000 0001 1122334455667788 0000000000001000 00000004 cafebabe"))))
  console.log(hex(session.push(bytes("25609513 0000 0000 1122334455667788 0000000000001000 00000004"))))

  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  expect(readme).toContain("```text\n" + output.join("\n") + "\n```")
})
