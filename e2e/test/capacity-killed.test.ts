// swaplab capacity may be killed at any moment: the same command goes on from the runs that had ended, and its answer is the same.
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root, scratch, swaplab } from "../src/command.ts"

const FILE = join(root, "scenarios/capacity-quick.yaml")
// all that is tried holds: some 14 short runs
const SEARCH = ["capacity", FILE, "--to", "4", "--sure", "50%", "--holds", "50%", "--workers", "2", "--json"]

const runsIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(join(folder, "runs")).filter((name) => /^[0-9a-f]+\.json$/.test(name)).toSorted()
  } catch {
    return []
  }
}

/** Starts the command and kills it with all its threads when so many runs are kept. */
const killedAfter = async (runs: number, folder: string): Promise<NodeJS.Signals | null> => {
  const interruptWhen = (): boolean => runsIn(folder).length >= runs
  return (await swaplab([...SEARCH, "--out", folder], { interruptWhen, signal: "SIGKILL" })).signal
}

it("goes on from the runs that had ended when it was killed, to the same answer", async () => {
  const folder = scratch()
  for (const runs of [1, 4, 9]) {
    expect(await killedAfter(runs, folder)).toBe("SIGKILL")
    expect(runsIn(folder).length).toBeGreaterThanOrEqual(runs)
  }
  const kept = runsIn(folder)
  const resumed = await swaplab([...SEARCH, "--out", folder])
  const whole = await swaplab(SEARCH)
  expect({ code: resumed.code, lost: resumed.stderr.split("\n").length }).toEqual({ code: 0, lost: 2 })
  expect(resumed.stderr).toMatch(/^swaplab: --out .* was left by process \d+ .* which has died; goes on\n$/)
  expect(resumed.stdout).toBe(whole.stdout)
  expect(runsIn(folder)).toEqual(expect.arrayContaining([...kept]))
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([])
})
