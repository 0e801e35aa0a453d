// The directory of a result: what is written there, what is taken from there, and where nothing can be written.
import { RESULT_FILES } from "@swaplab/experiment"
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { workspace } from "./workspace.ts"

const { path, swaplab } = workspace()

describe.concurrent("the directory of a result", () => {
  it("writes a result directory, and leaves no temporary file in it", async () => {
    const { code, stdout } = await swaplab("run", "ok.yaml", "--out", "a/b", "--set", "clients.0.count=1")
    expect(code).toBe(0)
    expect(readdirSync(path("a/b")).sort()).toEqual([
      "report.txt",
      "result.json",
      "room.svg",
      "runs",
      "series.csv",
      "series.msgpack"
    ])
    expect(readFileSync(path("a/b/report.txt"), "utf8")).toBe(stdout)
    expect(JSON.parse(readFileSync(path("a/b/result.json"), "utf8"))).toMatchObject({ format: 3 })
    const csv = readFileSync(path("a/b/series.csv"), "utf8").split("\n")
    expect(csv[0]).toBe("kernel,seed,time_s,series,value")
    // 2 kernels, 3 seeds, 3 times
    expect(csv).toHaveLength(1 + 2 * 3 * 3 + 1)
  })

  it("goes on from the runs that are there; the files are those of one go, byte for byte", async () => {
    const args = ["run", "map.yaml", "--workers", "1", "--out"]
    const whole = await swaplab(...args, "whole")
    await swaplab(...args, "part")
    const runs = readdirSync(path("part/runs")).filter((name) => name !== "experiment.json").toSorted()
    expect(runs).toHaveLength(2 * 3 + 2 * 3)
    for (const name of runs.filter((_, i) => i % 3 > 0)) rmSync(path(`part/runs/${name}`))
    for (const name of RESULT_FILES) rmSync(path(`part/${name}`))
    const rest = await swaplab(...args, "part")
    expect(rest.stderr).toBe("swaplab: 4 of 12 runs were in part\n")
    expect(rest.stdout).toBe(whole.stdout)
    for (const name of RESULT_FILES) {
      expect(readFileSync(path(`part/${name}`)).equals(readFileSync(path(`whole/${name}`)))).toBe(true)
    }
    expect(readdirSync(path("part/runs")).toSorted()).toEqual([...runs, "experiment.json"].toSorted())
  })

  it("refuses a directory with the runs of another scenario, unless --fresh drops them", async () => {
    const args = ["run", "ok.yaml", "--seed", "1", "--kernel", "fast", "--workers", "1", "--out", "other"]
    expect((await swaplab(...args)).code).toBe(0)
    const { code, stderr } = await swaplab(...args, "--set", "clients.0.count=3")
    expect(code).toBe(2)
    expect(stderr).toContain("swaplab: --out other: has runs of another scenario (ok.yaml as it was then)")
    expect((await swaplab(...args, "--set", "clients.0.count=3", "--fresh")).code).toBe(0)
  })
})

describe.concurrent("a directory that cannot be written to", () => {
  /** A directory that has a directory where a file of the result belongs. */
  const blocked = (name: string, file: string): string => {
    mkdirSync(join(path(name), file), { recursive: true })
    return name
  }

  it.each<[ReadonlyArray<string>, string, string]>([
    [["run", "ok.yaml"], "result.json", "Outcomes"],
    [["run", "ok.yaml", "--json"], "report.txt", "\"exitCode\":0"],
    [["ablate", "ok.yaml", "--patch", "throttle"], "ablation.json", "Necessary and sufficient"],
    [["map", "map.yaml"], "map.svg", "Map of outcomes"]
  ])("%j without %s: the report is printed, and it is no fault of swaplab", async (args, file, printed) => {
    const out = blocked(`blocked-${file}`, file)
    const { code, stderr, stdout } = await swaplab(...args, "--workers", "1", "--out", out)
    expect(stdout).toContain(printed)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(stderr).toContain(`swaplab: --out ${out}: cannot be written to: `)
    expect(code).toBe(2)
  })

  it("is told once where a run cannot be kept, and no figure is lost", async () => {
    const args = ["ablate", "ok.yaml", "--patch", "throttle", "--seed", "1", "--workers", "1", "--out", "kept"]
    const whole = await swaplab(...args)
    const [run] = readdirSync(path("kept/runs")).filter((name) => name !== "experiment.json")
    rmSync(path(`kept/runs/${run}`))
    mkdirSync(path(`kept/runs/${run}.tmp`))
    const { code, stderr, stdout } = await swaplab(...args)
    expect(stderr.trimEnd().split("\n")).toEqual([
      "swaplab: --out kept: cannot be written to: it is a directory",
      "swaplab: 2 of 3 runs were in kept"
    ])
    expect([code, stdout]).toEqual([whole.code, whole.stdout])
  })
})

describe.concurrent("a directory that is none", () => {
  beforeAll(() => {
    symlinkSync("nowhere", path("link"))
    execFileSync("mkfifo", [path("pipe")])
  })

  it.each<[out: string, message: string]>([
    ["empty.yaml", "is a file, expected a directory"],
    ["empty.yaml/below", "cannot be looked at: a part of the path is a file"],
    ["link", "is a link to nowhere, which does not exist"],
    ["link/below", "link is a link to nowhere, which does not exist"],
    ["pipe", "is a pipe, expected a directory"],
    ["/dev/null", "is a device, expected a directory"],
    ["/proc/x", "cannot be made: nothing can be made in the directory above it"],
    ["x".repeat(300), "cannot be looked at: the name is too long"]
  ])("--out %s: %s", async (out, message) => {
    const { code, stderr, stdout } = await swaplab("run", "ok.yaml", "--out", out)
    expect({ code, stderr, stdout }).toEqual({ code: 2, stderr: `swaplab: --out ${out}: ${message}\n`, stdout: "" })
  })
})
