// How a command ends, for whoever calls it from a script.
import { EXIT } from "@swaplab/experiment"
import { describe, expect, it } from "vitest"
import { SWAPLAB } from "../src/commands.ts"
import { workspace } from "./workspace.ts"

const { swaplab } = workspace()

describe.concurrent("exit codes", () => {
  it.each([
    ["ok.yaml", 0],
    ["expected.yaml", 0],
    ["lockup.yaml", 98],
    ["threshold.yaml", 99],
    ["oom.yaml", 99],
    ["crash.yaml", 1],
    ["broken.yaml", 1]
  ])("run %s ends with %i", async (file, code) => {
    const ended = await swaplab("run", file, "--workers", "1")
    expect(ended.code).toBe(code)
    expect(ended.stdout).toContain("Outcomes")
  })

  it("are listed by --help", async () => {
    const { code, stdout } = await swaplab("--help")
    expect(code).toBe(0)
    for (const exit of Object.values(EXIT)) expect(stdout).toMatch(new RegExp(`^ +${exit} +\\w`, "m"))
    expect(Object.values(EXIT)).toEqual(SWAPLAB.exitCodes.map(([listed]) => listed))
  })
})

describe.concurrent("ablate and map judge as run does", () => {
  it.each<[ReadonlyArray<string>, number]>([
    [["map", "map.yaml"], 0],
    [["map", "map.yaml", "--set", "thresholds=[client.faultLatency.p99 < 20 ms]"], 99],
    [["map", "lockup.yaml", "-x", "clients.0.cpus=1,2"], 98],
    [["map", "lockup.yaml", "-x", "clients.0.cpus=1,2", "--set", "expect.default=any"], 0],
    [["map", "oom.yaml", "-x", "clients.0.cpus=1,2"], 99],
    [["map", "broken.yaml", "-x", "clients.0.cpus=1,2"], 1],
    [["ablate", "ok.yaml", "--patch", "throttle", "--seed", "1"], 0],
    [["ablate", "ok.yaml", "--patch", "throttle", "--seed", "1", "--set", "thresholds=[elapsed < 1 s]"], 99]
  ])("%j ends with %i", async (args, code) => {
    expect((await swaplab(...args, "--workers", "1")).code).toBe(code)
  })
})
