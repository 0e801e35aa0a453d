// A scenario may come through a pipe, up to the limit of files.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const main = fileURLToPath(new URL("../../apps/swaplab/bin/swaplab.mjs", import.meta.url))
const quick = readFileSync(new URL("../../scenarios/quick.yaml", import.meta.url), "utf8")

const validate = (text: string): Promise<{ readonly code: number | null; readonly said: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [main, "validate", "/dev/stdin"])
    let said = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece: string) => {
        said += piece
      })
    }
    // a reader that has had enough closes the pipe
    child.stdin.on("error", () => {})
    child.stdin.end(text)
    child.on("close", (code) => resolve({ code, said }))
  })

it("is read", async () => {
  expect(await validate(quick)).toEqual({ code: 0, said: "/dev/stdin: valid; kernels: 1, seeds: 1, clients: 1\n" })
})

it("is refused beyond the limit, and where it is wrong", async () => {
  const { code, said } = await validate(`# ${"x".repeat(10 * 2 ** 20)}\n${quick}`)
  expect(code).toBe(2)
  expect(said).toMatch(/^\/dev\/stdin: has more bytes than 10485760 \(10 MiB\), expected a scenario/)
  expect((await validate("[a]")).said).toMatch(/^\/dev\/stdin:1:1: got \["a"\], expected a scenario/)
})
