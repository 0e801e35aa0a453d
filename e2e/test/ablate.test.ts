import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { type Ended, execute, fileWith, scratch, shellCommand, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

/** What the tests read of ablation.json. */
interface Ablation {
  readonly interrupted: boolean
  readonly kernels: ReadonlyArray<{ readonly kernel: string; readonly runs: number; readonly completed: number }>
  readonly patches: ReadonlyArray<
    { readonly patch: string; readonly without: { readonly verdict: string; readonly equal: number } | null }
  >
  readonly runs: ReadonlyArray<{ readonly kernel: string; readonly seed: number; readonly fingerprint: string }>
}

/** A vanilla kernel of this scenario locks up. With SLUB, and scans that cost much, that is found out soon. */
const scenario = (): string =>
  fileWith(
    small("costs: { scanPage: 10 us }").replace("allocator: slab", "allocator: slub")
      .replace("cpus: 1\n", "cpus: 1\n    nic: { driver: e1000 }\n")
  )

/** Two patches, two seeds: eight runs. */
const TWO = ["--patch", "nbd-memalloc", "--patch", "slab-micro-opt", "--seeds", "2"]

const ablate = (file: string, ...args: ReadonlyArray<string>): Promise<Ended> => swaplab(["ablate", file, ...args])
const jsonOf = ({ stdout }: Ended): Ablation => JSON.parse(stdout) as Ablation
const FILES = ["ablation.csv", "ablation.json", "report.txt"]
const filesOf = (out: string): ReadonlyArray<string> => FILES.map((name) => readFileSync(join(out, name), "utf8"))
const runsIn = (out: string): number => existsSync(join(out, "runs")) ? readdirSync(join(out, "runs")).length - 1 : 0

describe("swaplab ablate", () => {
  it("says what a patch does, and what does nothing, with equal files for any number of workers", async () => {
    const file = scenario()
    const outs = [join(scratch(), "one"), join(scratch(), "two")]
    const [one, two] = await Promise.all([
      ablate(file, ...TWO, "--workers", "1", "--out", outs[0]),
      ablate(file, ...TWO, "--workers", "2", "--out", outs[1])
    ])
    expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: "" })
    expect(two).toEqual(one)
    expect(filesOf(outs[1])).toEqual(filesOf(outs[0]))
    expect(readdirSync(outs[0]).sort()).toEqual([...FILES, "runs"])

    const [csv, json, report] = filesOf(outs[0])
    const { kernels, patches, runs } = JSON.parse(json) as Ablation
    expect(report).toBe(one.stdout)
    expect(report).toMatch(/-14 nbd-memalloc +0\/2 \(0-66 %\) +TX1 OOM1/)
    expect(report).toMatch(/13 slab-micro-opt +no effect: equal fingerprints in 2 of 2 seeds/)
    // two seeds prove nothing
    expect(patches.map(({ without }) => without?.verdict)).toEqual(["undecided", "no effect"])
    expect(kernels.map(({ completed, kernel, runs: n }) => [kernel, completed, n])).toEqual([
      ["slub-all", 2, 2],
      ["slub-without-nbd-memalloc", 0, 2],
      ["slub-without-slab-micro-opt", 2, 2],
      ["slub-vanilla", 0, 2]
    ])
    expect(runs).toHaveLength(8)
    expect(csv.trimEnd().split("\n")).toHaveLength(9)
  })

  it("--plus puts patches on the vanilla kernel, --allocator and the bases choose the kernels", async () => {
    const args = ["--patch", "nbd-memalloc", "--seed", "2", "--plus", "--allocator", "slub", "--base", "v3.6-P"]
    const { kernels } = jsonOf(await ablate(scenario(), ...args, "--json"))
    expect(kernels.map(({ completed, kernel }) => [kernel, completed])).toEqual([
      ["slub-all", 1],
      ["slub-without-nbd-memalloc", 0],
      ["slub-vanilla", 0],
      ["slub-with-nbd-memalloc", 1]
    ])
  })
})

describe("Ctrl-C", () => {
  it("keeps the runs that are over; the same command goes on, to the result of one go", async () => {
    const file = scenario()
    const [once, out] = [join(scratch(), "once"), join(scratch(), "out")]
    const stopped = await swaplab([
      "ablate",
      file,
      "--patch",
      "throttle",
      "--seeds",
      "500",
      "--workers",
      "1",
      "--out",
      out
    ], {
      interruptWhen: () => runsIn(out) >= 2
    })
    expect({ code: stopped.code, signal: stopped.signal }).toEqual({ code: 130, signal: null })
    const kept = runsIn(out)
    expect(stopped.stderr).toBe(
      "swaplab: the runs under way are ending; Ctrl-C again ends the command at once\n" +
        `swaplab: interrupted; ${kept} of 1500 runs are kept in ${out}, the same command goes on from there\n`
    )
    expect(stopped.stdout).toContain("Interrupted: ")
    expect((JSON.parse(readFileSync(join(out, "ablation.json"), "utf8")) as Ablation).interrupted).toBe(true)

    const args = ["--patch", "throttle", "--seeds", "2"]
    const resumed = await ablate(file, ...args, "--out", out)
    expect(resumed.stderr).toBe(`swaplab: 2 of 6 runs were in ${out}\n`)
    const whole = await ablate(file, ...args, "--out", once)
    expect(whole).toEqual({ ...resumed, stderr: "" })
    expect(filesOf(out)).toEqual(filesOf(once))
  })
})

describe("a directory with runs", () => {
  it("of another scenario is refused and left as it is, unless --fresh drops it", async () => {
    const file = scenario()
    const out = join(scratch(), "out")
    const args = ["--patch", "throttle", "--seed", "1", "--out", out]
    await ablate(file, ...args)
    const before = filesOf(out)
    const refused = await ablate(file, ...args, "--set", "clients.0.nic.driver=igb")
    expect(refused).toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr:
        `swaplab: --out ${out}: has runs of another scenario (${file} as it was then), expected ${file} unchanged, an `
        + "empty directory, or --fresh to drop them\n"
    })
    expect(filesOf(out)).toEqual(before)
    const fresh = await ablate(file, ...args, "--set", "clients.0.nic.driver=igb", "--fresh")
    expect({ code: fresh.code, stderr: fresh.stderr }).toEqual({ code: 0, stderr: "" })
    expect(runsIn(out)).toBe(3)
    expect(filesOf(out)).not.toEqual(before)
  })
})

it.skipIf(!existsSync("/usr/bin/script"))("a terminal shows a progress line", async () => {
  const json = join(scratch(), "result.json")
  const command = `stty cols 120; ${
    shellCommand(["ablate", scenario(), "--patch", "throttle", "--seed", "1", "--json", "--workers", "1"])
  } > '${json}'`
  const { code, stdout: terminal } = await execute("/usr/bin/script", ["-qec", command, "/dev/null"])
  expect(code).toBe(0)
  expect(terminal).toMatch(/\r\d\/3 runs, .*slub-\S+#\d [\d.]+ s/)
})
