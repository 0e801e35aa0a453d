import { describe, expect, it } from "vitest"
import { command, type Ended, REAL, SCENARIOS, workspace } from "./workspace.ts"

const { swaplab } = workspace()

describe.concurrent("run", () => {
  it("takes every seed that is exact", async () => {
    const { code, stdout } = await swaplab("run", "ok.yaml", "--json", "--seed", "9007199254740991", "--kernel", "fast")
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ seed: 9007199254740991 }] })
  })

  it("has the same result with any number of workers", async () => {
    const results = await Promise.all(["1", "2", "5"].map((workers) => swaplab("run", "ok.yaml", "--workers", workers)))
    expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1)
  })

  it("prints JSON and nothing else with --json, the file before or after the flags", async () => {
    const after = await swaplab("run", "ok.yaml", "--json", "--seed", "7", "--kernel", "fast")
    const before = await swaplab("run", "--json", "--seed=7", "--kernel", "fast", "ok.yaml")
    const json = JSON.parse(after.stdout) as { readonly runs: ReadonlyArray<unknown> }
    expect(json).toMatchObject({ format: 3, exitCode: 0, runs: [{ kernel: "fast", seed: 7 }] })
    expect(json.runs).toHaveLength(1)
    expect(before.stdout).toBe(after.stdout)
    expect(after.stderr).toBe("")
  })
})

describe.concurrent("ablate", () => {
  it("names runs that were lost, in its file too, and prints what a report of the fault needs", async () => {
    const { code, stderr, stdout } = await swaplab(
      "ablate",
      "lost.yaml",
      "--patch",
      "throttle",
      "--seed",
      "1",
      "--json"
    )
    expect(code).toBe(1)
    expect(stderr).toContain("swaplab: a run failed through a fault of swaplab: ")
    expect(stderr).toMatch(/\n +at simulate /)
    const { failures, runs } = JSON.parse(stdout) as {
      readonly failures: ReadonlyArray<unknown>
      readonly runs: ReadonlyArray<unknown>
    }
    expect(runs).toEqual([])
    expect(failures).toHaveLength(3)
    expect(failures[0]).toEqual({ kernel: "slub-all", seed: 1, reason: "a page was freed twice" })
  })
})

describe("with real simulations", () => {
  const quick = `${SCENARIOS}quick.yaml`
  const usemem = "clients.0.workload.usemem"
  const tiny = ["clients.0.ram=8 MiB", "clients.0.swap=64 MiB", `${usemem}.processesPerCpu=1`, `${usemem}.size=2x RAM`]
    .flatMap((value) => ["--set", value]).concat("--seeds", "2", "--json")
  const fingerprints = ({ stdout }: Ended): ReadonlyArray<string> =>
    (JSON.parse(stdout) as { readonly runs: ReadonlyArray<{ readonly fingerprint: string }> }).runs.map((run) =>
      run.fingerprint
    )

  it("has the same fingerprints in two processes, with one worker and with two", async () => {
    const one = await command(REAL, ["run", quick, ...tiny, "--workers", "1"])
    const two = await command(REAL, ["run", quick, ...tiny, "--workers", "2"])
    expect(one.code).toBe(0)
    expect(fingerprints(one)).toHaveLength(2)
    expect(new Set(fingerprints(one)).size).toBe(2)
    expect(fingerprints(two)).toEqual(fingerprints(one))
  })
})
