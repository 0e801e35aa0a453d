// Once a buffer of a thread has been detached (given away by postMessage), V8 checks every buffer at every access in that thread: runs
// take a tenth longer. It says so on standard output when that happens first.
import { describe, expect, it } from "vitest"
import { execute, fileWith, main } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

const TRACE = "--trace-protector-invalidation"
const WORDS = "ArrayBufferDetaching"

describe("no thread that makes runs gives a buffer away", () => {
  it("V8 says when one is", async () => {
    const { stdout } = await execute(process.execPath, [
      TRACE,
      "-e",
      "structuredClone(0, { transfer: [new ArrayBuffer(8)] })"
    ])
    expect(stdout).toContain(WORDS)
  })

  it.each(
    [
      ["of a pool", ["--workers", "1"]],
      ["that are looked at", ["--watch", "--port", "0"]]
    ] as const
  )("for runs %s", async (_, how) => {
    const file = fileWith(small().replace("seeds: [1]", "seeds: [1, 2]"))
    const { code, stdout } = await execute(process.execPath, [TRACE, main, "run", file, ...how])
    expect(stdout).toContain("completed")
    expect(stdout).not.toContain(WORDS)
    expect(code).toBe(0)
  })
})
