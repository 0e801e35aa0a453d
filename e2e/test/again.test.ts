// The same run again: two ways to make it give the same, a planted difference is found at its event, and a run can be gone on with.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { execute, fileWith, root, scratch, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

const file = fileWith(small())
const app = join(root, "apps/swaplab")

describe("check-determinism", () => {
  it("says that two ways give the same", async () => {
    const { code, stderr, stdout } = await swaplab(["check-determinism", file, "--seeds", "2"])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toContain("1 worker\n")
    expect(stdout).toContain("2 runs: the same, to the last event.")
  })

  it("names the first event that differs where a timer of one machine hangs on chance", async () => {
    // a copy of the command whose slab reaper begins at a random time
    const folder = scratch()
    for (const part of ["bin", "bundle", "package.json"]) {
      cpSync(join(app, part), join(folder, part), { recursive: true })
    }
    let planted = 0
    for (const name of readdirSync(join(folder, "bundle")).filter((file) => file.endsWith(".js"))) {
      const path = join(folder, "bundle", name)
      const text = readFileSync(path, "utf8")
      const changed = text.replace("period + 3 * cpu * sim.tickNs", "1e6 + Math.floor(Math.random() * 1e6)")
      if (changed === text) continue
      planted++
      writeFileSync(path, changed)
    }
    expect(planted).toBeGreaterThan(0)
    const main = join(folder, "bin/swaplab.mjs")
    const { code, stdout } = await execute(process.execPath, [main, "check-determinism", file])
    expect(code).toBe(1)
    expect(stdout).toContain("patched, seed 1: its events differ")
    expect(stdout).toMatch(/\d+ events are the same\. Then:/)
    expect(stdout).toMatch(/^ {2}[AB] .*cache_reap +client-1 +0$/m)
  })

  it("a program that is no Node is a mistake", async () => {
    const { code, stderr } = await swaplab(["check-determinism", file, "--node", "/bin/cat"])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "swaplab: --node /bin/cat: expected a program that is Node, such as /usr/bin/node\n"
    })
  })
})

describe("replay", () => {
  const results = scratch()
  beforeAll(async () => {
    await swaplab(["run", file, "--out", results])
  })
  const replay = (...args: ReadonlyArray<string>) => swaplab(["replay", results, ...args])

  it("shows /proc as it was at a time", async () => {
    const there = await replay("zoneinfo", "--at", "20ms")
    const first = await swaplab(["proc", file, "zoneinfo", "--at", "20ms"])
    expect([there.code, there.stderr]).toEqual([0, ""])
    expect(there.stdout.trimEnd()).toBe(first.stdout.trimEnd())
  })

  it("goes on with a fault, and says what differs from what was recorded", async () => {
    const { code, stderr, stdout } = await replay("--at", "20ms", "--fault", "{what: down, where: client-1, for: 2 s}")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toContain("changed at 0.020 s\n  fault {what: down, where: client-1, for: 2 s}\n")
    expect(stdout).toMatch(/^ {2}client-1 +completed +completed$/m)
    expect(stdout).toMatch(/^ {2}client\.network\.drops\.unplugged\.mean +0 +[1-9]/m)
  })

  it("goes on with a patch switched and a sysctl written", async () => {
    const set = ["--set", "kernels.patched.patches.throttle=false", "--set", "clients[0].sysctl[\"vm.swappiness\"]=0"]
    const { code, stdout } = await replay("--at", "20ms", ...set)
    expect(code).toBe(0)
    expect(stdout).toContain("client-1: throttle off, vm.swappiness = 0")
  })

  it.each([
    [["--at", "20ms"], "replay: expected the name of a file of /proc, --out DIR for all of them, --set or --fault"],
    [["--fault", "{what: down}"], "replay: --set and --fault: expected --at too"],
    [
      ["--at", "20ms", "--set", "kernels.patched.patches.throttle=true"],
      "--set kernels.patched.patches.throttle=true: changes nothing, the run has that already"
    ]
  ])("%j is a mistake", async (args, message) => {
    const { code, stderr } = await replay(...args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: `swaplab: ${message}\n` })
  })
})
