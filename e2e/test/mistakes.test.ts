// Mistakes of the user: one clear message with the path and the value, exit code 2, nothing half-written.
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { fileWith, scratch, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

/** The one message of a command that must fail as the user's mistake. */
const complaint = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stderr, stdout } = await swaplab(args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  expect(stderr).not.toMatch(/\bat .*\.(ts|js):\d+/)
  expect(stderr.trimEnd().split("\n")).toHaveLength(1)
  return stderr.trimEnd()
}

describe("in a scenario file", () => {
  it("an unknown key: nothing is written, and validate says the same", async () => {
    const file = fileWith(small().replace("ram:", "rma:"))
    const out = join(scratch(), "out")
    const said = await complaint("run", file, "--out", out)
    expect(said).toMatch(/^[^:]+:9:5: clients\[0\]\.rma: .*\bram\b/)
    expect(existsSync(out)).toBe(false)
    expect(await complaint("validate", file)).toBe(said)
  })

  it("something else than YAML", async () => {
    const file = fileWith("name: [a, b\nkernels: {")
    expect((await complaint("run", file)).slice(file.length)).toMatch(/^:2:1: not YAML/)
  })

  it("an include that comes back to where it started", async () => {
    const folder = scratch()
    writeFileSync(join(folder, "a.yaml"), `include: [b.yaml]\n${small()}`)
    writeFileSync(join(folder, "b.yaml"), "include: [a.yaml]\n")
    const said = await complaint("run", join(folder, "a.yaml"))
    expect(said).toMatch(/b\.yaml:1:11: include\[0\]: got "a\.yaml".*a\.yaml -> .*b\.yaml -> .*a\.yaml/)
  })

  it("an include that is not there", async () => {
    expect(await complaint("run", fileWith(`include: [nothing.yaml]\n${small()}`))).toMatch(
      /include\[0\]: got "nothing\.yaml".*no .*nothing\.yaml/
    )
  })

  it("a file of 100 MB, which is refused unread", async () => {
    const file = fileWith("")
    truncateSync(file, 100_000_000)
    expect(await complaint("run", file)).toBe(
      `${file}: has 100000000 bytes, expected a scenario of at most 10485760 (10 MiB)`
    )
  })

  it("a directory, and a file that is not there", async () => {
    const folder = scratch()
    mkdirSync(join(folder, "sub"))
    expect(await complaint("run", join(folder, "sub"))).toMatch(/sub: is a directory/)
    expect(await complaint("run", join(folder, "none.yaml"))).toMatch(/none\.yaml: no such file/)
  })
})

describe("on the command line", () => {
  it.each<[what: string, args: ReadonlyArray<string>, message: RegExp]>([
    ["a bad value of --set", ["--set", "clients.0.ram=big"], /--set clients\.0\.ram=big: clients\[0\]\.ram: got "big"/],
    ["a seed that is no number", ["--seed", "x"], /--seed: got x, expected a whole number/],
    ["a kernel that the scenario does not have", ["--kernel", "patchd"], /patchd.*patched/]
  ])("%s", async (_what, args, message) => {
    expect(await complaint("run", fileWith(small()), ...args)).toMatch(message)
  })

  it.each<[what: string, args: ReadonlyArray<string>]>([
    ["an unknown flag", ["run", "x.yaml", "--jsno"]],
    ["an unknown command", ["rnu", "x.yaml"]],
    ["no file", ["run"]]
  ])("%s", async (_what, args) => {
    const { code, stderr, stdout } = await swaplab(args)
    expect(code).toBe(2)
    expect(stdout + stderr).not.toBe("")
    expect(stderr).not.toMatch(/\bat .*\.(ts|js):\d+/)
  })
})
