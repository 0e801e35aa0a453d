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

const replaced = (from: string | RegExp, to: string): string => {
  const text = small().replace(from, to)
  expect(text).not.toBe(small())
  return text
}

describe("in a scenario file", () => {
  const client = "  - name: client\n    ram: 16 MiB"
  it.each<[what: string, text: string, message: RegExp]>([
    ["an unknown key", replaced("ram:", "rma:"), /clients\[0\]\.rma: .*\bram\b/],
    ["an unknown key at the top", small("sedes: 3"), /sedes: .*\bseeds\b/],
    ["a wrong unit", replaced("16 MiB", "16 MB/s"), /clients\[0\]\.ram: got "16 MB\/s", expected a size such as/],
    ["no unit", replaced("16 MiB", "16"), /clients\[0\]\.ram: got 16, expected a size such as/],
    ["a negative size", replaced("16 MiB", "-16 MiB"), /clients\[0\]\.ram: got "-16 MiB", expected a size/],
    ["no clients", replaced(/clients:[\s\S]*expect:/, "clients: []\nexpect:"), /clients: .*expected/],
    ["a group of 0 clients", replaced(client, `${client}\n    count: 0`), /clients\[0\]\.count: got 0, expected/],
    ["no kernels", replaced(/kernels:\n.*\n/, "kernels: {}\n"), /kernels: .*at least one/],
    [
      "an unknown kernel base",
      replaced("base: v3.6", "base: v3.7"),
      /kernels\.patched\.base: got "v3\.7", expected v3\.5/
    ],
    ["two groups of one name", small().replace("expect:", `${client}\nexpect:`), /clients\[1\]\.name: got "client"/],
    ["a threshold on nothing", small("thresholds: [\"client.speed < 3 s\"]"), /thresholds\[0\]: .*client\.speed/],
    ["something else than YAML", "name: [a, b\nkernels: {", /^2:1: not YAML/],
    ["a list", "- a\n- b\n", /expected a scenario/],
    ["nothing", "", /is empty, expected a scenario/]
  ])("%s", async (_what, text, message) => {
    const file = fileWith(text)
    const out = join(scratch(), "out")
    const said = await complaint("run", file, "--out", out)
    // the file with line and column, but for an empty one
    expect(said.startsWith(`${file}:`)).toBe(true)
    expect(said.slice(file.length + 1)).toMatch(/^( |\d+:\d+: )/)
    expect(said.slice(file.length + 1)).toMatch(message)
    expect(existsSync(out)).toBe(false)
  })

  it("found by validate, too, in the same words", async () => {
    const file = fileWith(replaced("ram:", "rma:"))
    expect(await complaint("validate", file)).toBe(await complaint("run", file))
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
    ["--set without a value", ["--set", "clients.0.ram"], /--set clients\.0\.ram: expected path=value/],
    ["--set of a path that is not there", ["--set", "clients.7.ram=8MiB"], /--set clients\.7\.ram=8MiB: .*clients/],
    ["a seed that is no number", ["--seed", "x"], /--seed: got x, expected a whole number/],
    ["--seeds 0", ["--seeds", "0"], /--seeds: got 0, expected a whole number from 1/],
    ["--seed and --seeds", ["--seed", "1", "--seeds", "2"], /--seed and --seeds/],
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
