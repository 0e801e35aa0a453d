import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { SCENARIOS, workspace } from "./workspace.ts"

const { said } = workspace()

/** Warnings of scenarios that ship, on purpose. */
const KNOWN: ReadonlyArray<readonly [file: RegExp, warning: RegExp]> = [
  // that it has none is what the scenarios of 2007 show
  [
    /-2007(-root)?\.yaml$/,
    /lameter-2007\.yaml:\d+:\d+: kernels\.recursive\.base: \+ recursive-reclaim has no effect: without nbd-memalloc /
  ],
  // too little swap is one of the things that are compared
  [/^beside-nbd\.yaml$/, /clients\[1\]\.swap: 128 MiB may be too little/],
  // its clients read from their homes
  [/^capacity-quick\.yaml$/, /clients\[0\]\.workload\.usemem\.size: 1 MiB fits into RAM/],
  [/^capacity-quick\.yaml$/, /clients\[1\]\.workload\.usemem\.size: 1 MiB fits into RAM/],
  // nothing but the hog is to swap there
  [/^blast-radius\.yaml$/, /clients\[1\]\.workload\.usemem\.size: 8 MiB fits into RAM/]
]

describe("validate and schema", () => {
  it("says what a scenario consists of, and what has no effect in it", async () => {
    const { code, stdout } = await said(["validate", "ok.yaml", "--set", "clients.0.background.bytes=100"], "200")
    expect(code).toBe(0)
    expect(stdout).toBe(
      "ok.yaml: valid; kernels: 2, seeds: 3, clients: 2\n"
        + "warning: --set clients.0.background.bytes=100: clients[0].background.bytes: 100 has no effect: background.packetsPerSecond is 0\n"
    )
  })

  it("prints the JSON Schema", async () => {
    const { stdout } = await said(["schema"])
    expect(JSON.parse(stdout)).toMatchObject({ title: "swaplab scenario", type: "object" })
  })

  it("accepts every scenario that ships", async () => {
    const files = readdirSync(SCENARIOS).filter((name) => name.endsWith(".yaml"))
    expect(files).toEqual(expect.arrayContaining(["seed-2012.yaml", "classroom.yaml"]))
    for (const file of files) {
      const { code, stderr, stdout } = await said(["validate", join(SCENARIOS, file)], "200")
      const warnings = stdout.split("\n").filter((line) => line.startsWith("warning: "))
      const known = KNOWN.flatMap(([of, warning]) => of.test(file) ? [warning] : [])
      expect({ file, code, stderr, unknown: warnings.filter((line) => !known.some((warning) => warning.test(line))) })
        .toEqual({ file, code: 0, stderr: "", unknown: [] })
      expect({ file, warnings: warnings.length }).toEqual({ file, warnings: known.length })
      expect(stdout).toMatch(/\.yaml: valid; kernels: \d/)
    }
  })
})
