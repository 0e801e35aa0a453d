import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { type Ended, fileWith, scratch, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

const scenario = (): string =>
  fileWith(
    small("costs: { scanPage: 10 us }").replace("kernels:\n", "kernels:\n  vanilla: { allocator: slub, base: v3.5 }\n")
  )

const map = (file: string, ...args: ReadonlyArray<string>): Promise<Ended> => swaplab(["map", file, ...args])

/** Two cards, two rates, one seed, one kernel. */
const AXES = [
  "--x",
  "clients.0.background.packetsPerSecond=log:100..400/2",
  "--y",
  "clients.0.nic.driver=r8169,e1000",
  "--kernel",
  "vanilla",
  "--seeds",
  "1"
]
const FILES = ["map.csv", "map.json", "map.svg", "report.txt"]
const filesOf = (out: string): ReadonlyArray<string> => FILES.map((name) => readFileSync(join(out, name), "utf8"))

describe("swaplab map", () => {
  it("maps two parameters as text, CSV, JSON and a picture, equal for any number of workers", async () => {
    const file = scenario()
    const outs = [join(scratch(), "one"), join(scratch(), "two")]
    const [one, two] = await Promise.all([
      map(file, ...AXES, "--workers", "1", "--out", outs[0]),
      map(file, ...AXES, "--workers", "2", "--out", outs[1])
    ])
    expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: "" })
    expect(two).toEqual(one)
    expect(filesOf(outs[1])).toEqual(filesOf(outs[0]))
    expect(readdirSync(outs[0]).sort()).toEqual([...FILES, "runs"])

    const [csv, json, svg, report] = filesOf(outs[0])
    expect(report).toBe(one.stdout)
    expect(report).toMatch(/clients\.0\.nic\.driver +100 +400\n +r8169 .*\n +e1000 +0\/1 TX +0\/1 TX\n/)
    expect(report).toMatch(/vanilla, e1000: 2 lockups\n +refused first: order:\d.*\n.*stuck: order:0, mode:0x10/s)
    const [header, ...lines] = csv.trimEnd().split("\n")
    expect(header).toMatch(/^kernel,clients\.0\.background\.packetsPerSecond,clients\.0\.nic\.driver,seed,outcome,/)
    expect(lines.map((line) => line.split(",").slice(0, 4).join(" "))).toEqual([
      "vanilla 100 r8169 1",
      "vanilla 400 r8169 1",
      "vanilla 100 e1000 1",
      "vanilla 400 e1000 1"
    ])
    expect(JSON.parse(json)).toMatchObject({ format: 1, kernels: ["vanilla"], seeds: [1], interrupted: false })
    expect(svg).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg /)
    expect(svg).toContain("TX: tx starvation")
  })

  it("goes on after more values and seeds are wanted", async () => {
    const file = scenario()
    const out = join(scratch(), "out")
    await map(file, ...AXES, "--out", out)
    const wider = AXES.map((word) => word.replace("log:100..400/2", "100,200,400"))
    expect((await map(file, ...wider, "--out", out)).stderr).toBe(`swaplab: 4 of 6 runs were in ${out}\n`)
  })

  it("takes the map of a scenario, and one parameter is enough", async () => {
    const file = fileWith(small("map: { x: { path: clients.0.cpus, values: [1, 2] }, seeds: 2 }"))
    const { code, stdout } = await map(file)
    expect(code).toBe(0)
    expect(stdout).toMatch(/across: clients\.0\.cpus\n[^]*patched\n +1 +2\n +2\/2 +2\/2\n/)
  })
})
