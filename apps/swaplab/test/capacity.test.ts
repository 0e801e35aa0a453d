// swaplab capacity with made-up runs: p99 is 20 ms · clients / 10, and a fifth more for odd seeds, so that below 30 ms the limit is 14 or 12.
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { workspace } from "./workspace.ts"

const { path, said, swaplab } = workspace()

interface Answer {
  readonly state: string
  readonly atLeast: number | null
  readonly atMost: number | null
  readonly failsAt: number | null
  readonly runs: number
}

const answer = (text: string): Answer => JSON.parse(text) as Answer

describe.concurrent("swaplab capacity", () => {
  it("finds the number, with any number of workers, and goes on from the runs that are kept", async () => {
    const options = ["capacity", "capacity.yaml", "--json"]
    const first = await swaplab(...options, "--workers", "1", "--out", "kept")
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: "" })
    expect(answer(first.stdout)).toMatchObject({ state: "decided", atLeast: 12, atMost: 12, failsAt: 13 })
    expect(readdirSync(path("kept")).filter((name) => !name.startsWith(".")).toSorted()).toEqual(
      ["capacity.csv", "capacity.json", "capacity.svg", "report.txt", "runs"]
    )
    expect(readFileSync(path("kept/report.txt"), "utf8")).toContain("12 clients\n")
    expect((await swaplab(...options, "--workers", "3")).stdout).toBe(first.stdout)
    const before = readdirSync(path("kept/runs"))
    expect((await swaplab(...options, "--workers", "1", "--out", "kept")).stdout).toBe(first.stdout)
    expect(readdirSync(path("kept/runs"))).toEqual(before)
  })

  it("says after the first runs that nothing can hold, and exits with 99", async () => {
    const { code, stdout } = await swaplab(
      "capacity",
      "capacity.yaml",
      "--set",
      "slo=[client.faultLatency.p99 < 1 ms]",
      "--json"
    )
    expect(code).toBe(99)
    expect(answer(stdout)).toMatchObject({ state: "decided", atLeast: null, atMost: null, failsAt: 1, runs: 3 })
  })

  it("gives the best answer so far when the time is up", async () => {
    const { code, stdout } = await swaplab("capacity", "capacity.yaml", "--budget", "1 ms")
    expect(code).toBe(0)
    expect(stdout).toContain("Undecided: the time of --budget is up.")
  })

  it("tells a run that was lost", async () => {
    const { code, stderr } = await swaplab("capacity", "lost.yaml", "--set", "slo=[elapsed < 1 s]")
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^swaplab: a run failed through a fault of swaplab: vanilla, seed \d: a page was freed twice\n/
    )
  })

  it.each<[words: ReadonlyArray<string>, message: string]>([
    [
      ["capacity.yaml", "--set", "slo=[client.faultLatncy.p99 < 1 s]"],
      "--set slo=[client.faultLatncy.p99 < 1 s]: slo[0]: got \"client.faultLatncy.p99 < 1 s\", expected a known metric, did you mean client.faultLatency.p99?"
    ],
    [
      ["capacity.yaml", "--set", "slo=[]"],
      "--set slo=[]: slo: is missing, expected what a run has to keep, such as [\"client.faultLatency.p99 < 50 ms\"]"
    ],
    [
      ["capacity.yaml", "--from", "9", "--to", "3"],
      "--from 9 --to 3: an empty range, expected --to of at least --from"
    ],
    [
      ["capacity.yaml", "--over", "clients.0.name"],
      "--over clients.0.name: the scenario has \"client\" there, which is no number; expected a list, such as --over clients.0.name=a,b,c"
    ],
    [
      ["capacity.yaml", "--over", "clients.0.nic.driver=e1000,r8169"],
      "--over clients.0.nic.driver=e1000,r8169: e1000 is no number and no quantity, so it has no place in an order"
    ],
    [
      ["capacity.yaml", "--over", "clients.0.cuont"],
      "--over clients.0.cuont=1: clients[0].cuont: unknown key, did you mean \"count\"?"
    ],
    [["capacity.yaml", "--holds", "120%"], "--holds 120%: expected a percentage between 0 % and 100 %, such as 95%"],
    [["ok.yaml", "--set", "slo=[elapsed < 1 s]"], "--kernel: the scenario has several, expected one of vanilla, fast"]
  ])("%j is a mistake", async (words, message) => {
    const { code, stderr, stdout } = await said(["capacity", ...words])
    expect({ code, stdout, stderr: stderr.trim() }).toEqual({ code: 2, stdout: "", stderr: message })
  })
})
