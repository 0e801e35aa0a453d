// swaplab soak may be killed at any moment: the same command goes on, its figures are the same, and the folders of findings are whole.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { fileWith, scratch, swaplab } from "../src/command.ts"

// one client that locks up at once, with or without faults, and nobody tolerates that
const FILE = fileWith(`
name: bare
swarm:
  allocator: [slub]
  base: [v3.5]
  patches: [0]
  numa: [null]
  clients.count: [1]
  clients.ram: [8 MiB]
  backgroundCount: [0]
tolerate: []
`)
const SOAK = ["soak", FILE, "--runs", "8", "--workers", "2", "--shrink", "none"]

const runsIn = (folder: string): number => {
  try {
    return readdirSync(join(folder, "runs")).filter((name) => /^[0-9a-f]+\.json$/.test(name)).length
  } catch {
    return 0
  }
}

it("goes on from the runs that had ended when it was killed", async () => {
  const folder = scratch()
  const interruptWhen = (): boolean => runsIn(folder) >= 3
  expect((await swaplab([...SOAK, "--out", folder], { interruptWhen, signal: "SIGKILL" })).signal).toBe("SIGKILL")
  expect(existsSync(join(folder, "soak.json"))).toBe(false)
  const resumed = await swaplab([...SOAK, "--json", "--out", folder])
  const whole = await swaplab([...SOAK, "--json"].filter((word) => word !== "--shrink" && word !== "none"))
  expect(resumed.stderr).toMatch(/which has died; goes on\n$/)
  expect([resumed.code, resumed.stdout]).toEqual([whole.code, whole.stdout])
  expect(whole.code).toBe(98)
  // those of runs that the first process had made, too
  const { findings } = JSON.parse(whole.stdout) as { readonly findings: ReadonlyArray<unknown> }
  const folders = readdirSync(join(folder, "failures"))
  expect(folders).toHaveLength(findings.length)
  for (const name of folders) {
    const files = readdirSync(join(folder, "failures", name))
    for (const wanted of ["finding.txt", "scenario.yaml", "result.json", "report.txt", "room.svg", "series.csv"]) {
      expect(files).toContain(wanted)
    }
    const text = readFileSync(join(folder, "failures", name, "finding.txt"), "utf8")
    expect(text).toMatch(/ {2}swaplab soak .* --seed \d+ --runs 1$/m)
  }
})
