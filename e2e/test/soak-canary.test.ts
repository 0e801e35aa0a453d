// The alarm of swaplab soak: a run that fails by design is a finding like any other, with all of its folder, also where the run itself
// is read back from a soak test of before.
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { fileWith, scratch, swaplab } from "../src/command.ts"

const FILE = fileWith(`
name: short
swarm:
  base: [v3.6]
  patches: [0]
  groups: [1]
  servers: [1]
  switches: [1]
  numa: [null]
  clients.count: [1]
  clients.ram: [8 MiB]
  backgroundCount: [0]
  faultCount: [1]
`)

/** The first seed that the canary takes. */
const SEED = "13"

it("the canary's folder is whole, of a run that was made before, too", async () => {
  const folder = scratch()
  const soak = ["soak", FILE, "--canary", "--seed", SEED, "--runs", "1", "--out", folder]
  const first = await swaplab(soak)
  expect(first.code).toBe(1)
  expect(first.stdout).toContain(`1 run, seed ${SEED}: law canary`)
  const [name] = readdirSync(join(folder, "failures"))
  const whole = readdirSync(join(folder, "failures", name)).toSorted()
  for (const wanted of ["finding.txt", "scenario.yaml", "smallest.yaml", "result.json"]) expect(whole).toContain(wanted)
  const text = readFileSync(join(folder, "failures", name, "finding.txt"), "utf8")
  expect(text).toContain(`swaplab soak ${FILE} --canary --seed ${SEED} --runs 1`)
  rmSync(join(folder, "failures"), { recursive: true })
  expect((await swaplab(soak)).code).toBe(1)
  expect(readdirSync(join(folder, "failures", name)).toSorted()).toEqual(whole)
  expect(readFileSync(join(folder, "failures", name, "finding.txt"), "utf8").replaceAll(/made smaller: .*/g, "")).toBe(
    text.replaceAll(/made smaller: .*/g, "")
  )
  // without it the same run shows nothing
  expect((await swaplab(["soak", FILE, "--seed", SEED, "--runs", "1"])).code).toBe(0)
})
