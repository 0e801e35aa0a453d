// A lockup from the command that runs it to the command that explains it and the one that makes it smaller.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { root, scratch, swaplab } from "../src/command.ts"

const folder = scratch()
const result = join(folder, "result")

// a dear scan keeps the futile reclaim of the sender cheap for the host
const SCENARIO = `
name: stuck
seeds: [5]
kernels:
  vanilla: { allocator: slub, base: v3.5 }
clients:
  - { name: desk, count: 2, ram: 16 MiB, swap: 96 MiB, workload: { usemem: { processesPerCpu: 4, passes: 1 } } }
costs: { scanPage: 10 us }
expect: { default: lockup }
`

beforeAll(async () => {
  writeFileSync(join(folder, "stuck.yaml"), SCENARIO)
  const { code } = await swaplab(["run", join(folder, "stuck.yaml"), "--out", result])
  expect(code).toBe(0)
})

describe("swaplab why", () => {
  it("prints the cycle and what each patch would have done, and draws it", async () => {
    const out = join(folder, "why")
    const { code, stderr, stdout } = await swaplab([
      "why",
      result,
      "--out",
      out,
      "--client",
      "desk-2",
      "--limit",
      "3 s"
    ])
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout).toContain("desk-2 with vanilla, seed 5: tx starvation\n")
    expect(stdout).toMatch(/→ nbd0; no way leads out\n/)
    expect(stdout).toMatch(/\n +first refused: at \d+\.\d{3} s, desk-2 nbd0: order:/)
    expect(stdout).toMatch(/\n +14 {2}nbd-memalloc +saves it: done at \d+\.\d+ s\n/)
    expect(stdout).toMatch(/\n +13 {2}slab-micro-opt +not tried: it changes no behaviour\n/)
    expect(readFileSync(join(out, "why.txt"), "utf8")).toBe(stdout)
    for (const name of ["graph.svg", "timeline.svg"]) {
      const svg = readFileSync(join(out, name), "utf8")
      expect(svg).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<svg /)
      expect(svg).not.toMatch(/NaN|undefined/)
    }
    expect(readFileSync(join(out, "timeline.csv"), "utf8").split("\n")[0]).toMatch(/^time_s,free_/)
  })

  it("prints what it could not write", async () => {
    const out = join(folder, "blocked")
    mkdirSync(join(out, "why.txt"), { recursive: true })
    const { code, stderr, stdout } = await swaplab(["why", result, "--no-patches", "--out", out])
    expect(stdout).toContain("vanilla, seed 5: tx starvation\n")
    expect(stderr).toContain(`swaplab: --out ${out}: cannot be written to: `)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(code).toBe(2)
  })

  it.each([
    [["nowhere"], /^swaplab: .*nowhere: no such file|^nowhere: no such file/],
    [[root], /result\.json: cannot be read/],
    [
      [result, "--client", "desk-3"],
      /no lockup of client desk-3, expected one of: kernel vanilla, seed 5, client desk-/
    ],
    [[result, "--before", "soon"], /--before: got soon, expected /]
  ])("says what is wrong with %j in one message", async (words, message) => {
    const { code, stderr, stdout } = await swaplab(["why", ...words])
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(message)
    expect(existsSync(join(folder, "nowhere"))).toBe(false)
  })
})

describe("swaplab shrink", () => {
  it("prints the scenario that it could not write", async () => {
    const out = join(folder, "blocked-shrink")
    mkdirSync(join(out, "scenario.yaml"), { recursive: true })
    const { code, stderr, stdout } = await swaplab(["shrink", result, "--runs", "2", "--out", out])
    expect(stdout).toMatch(/^# tx starvation after \d+\.\d s, made smaller from\s[^]*\nclients:\n/)
    expect(stderr).toContain(`swaplab: --out ${out}: cannot be written to: `)
    expect(code).toBe(2)
  })

  it("prints a smaller scenario that is valid and locks up, and the same one with any number of workers", async () => {
    const first = await swaplab(["shrink", result, "--runs", "6", "--workers", "1"])
    expect([first.code, first.stderr]).toEqual([0, ""])
    expect(first.stdout).toMatch(/^# tx starvation after \d+\.\d s, made smaller from\s/)
    expect(first.stdout).toMatch(/\n# \d+ steps in \d+ runs; /)
    expect(first.stdout).not.toContain("count: 2")
    expect((await swaplab(["shrink", result, "--runs", "6", "--workers", "2"])).stdout).toBe(first.stdout)
    const file = join(folder, "small.yaml")
    writeFileSync(file, first.stdout)
    const again = await swaplab(["run", file])
    expect(again.code).toBe(0)
    expect(again.stdout).toMatch(/lockups in 1 of 1 run,/)
  })
})

it("a cycle that the OOM killer breaks is in the result, and no lockup", async () => {
  const { code, stdout } = await swaplab([
    "run",
    join(root, "scenarios/quick.yaml"),
    "--json",
    "--set",
    "kernels.slab-vanilla={ allocator: slab, base: v3.5 }",
    "--kernel",
    "slab-vanilla",
    "--set",
    "expect.default=any",
    "--set",
    "duration=61 s",
    "--seed",
    "6"
  ])
  expect(code).toBe(0)
  const [{ clients: [client], outcome }] = JSON.parse(stdout).runs
  expect([outcome, client.lockup, client.rescue.taxonomy, client.rescue.kind]).toEqual([
    "timeout",
    null,
    "oom-rescued",
    "stall"
  ])
  expect(client.rescue.graph.closed).toBe(true)
})
