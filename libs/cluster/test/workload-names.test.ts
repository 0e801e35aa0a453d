// The seam of workloads: libs above the rows know none of them by its name.
import { WORKLOADS } from "@swaplab/workload"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const LIBS = ["cluster", "experiment", "report"]
const libs = join(import.meta.dirname, "../..")

const sources = LIBS.flatMap((lib) =>
  readdirSync(join(libs, lib, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(lib, "src", path))
)

it("reads sources of each lib", () => {
  for (const lib of LIBS) expect(sources.filter((path) => path.startsWith(`${lib}/`)).length).toBeGreaterThan(10)
})

it.each(Object.entries(WORKLOADS))("no source above the rows says %s", (name, row) => {
  const words = [name, ...("at" in row ? row.at : []), ...("title" in row ? [row.title] : [])]
  const said = sources.filter((path) => {
    const text = readFileSync(join(libs, path), "utf8")
    return words.some((word) => new RegExp(`\\b${word}\\b`, "i").test(text))
  })
  expect(said).toEqual([])
})
