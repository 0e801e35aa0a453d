// Who holds a port, while that process opens and closes files all the time.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, it } from "vitest"
import { holdersOf } from "../src/net/holder.ts"

const BUSY = `
  const fs = require("node:fs")
  const server = require("node:net").createServer().listen(0, "127.0.0.1", () => {
    console.log(server.address().port)
    const step = () => {
      const files = Array.from({ length: 200 }, () => fs.openSync("/dev/null"))
      for (const file of files) fs.closeSync(file)
      setImmediate(step)
    }
    step()
  })`

it("finds the process although its descriptors come and go", async () => {
  const child = spawn(process.execPath, ["-e", BUSY], { stdio: ["ignore", "pipe", "inherit"] })
  try {
    const [line] = await once(child.stdout, "data")
    const port = Number(String(line))
    for (let i = 0; i < 50; i++) expect(holdersOf(port).map(({ pid }) => pid)).toEqual([child.pid])
  } finally {
    child.kill()
  }
})
