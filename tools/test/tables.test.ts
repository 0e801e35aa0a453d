// Tables in pages of docs that are made of more runs than a test can do: how figures are read, and that pages say what was kept.
import { expect, it } from "vitest"
import { complete, formatKept, type Kept, pagesOf, TABLES } from "../src/tables/list.mjs"
import { print } from "../src/tables/printed.mjs"
import { firstTablesOf, kernelsOf, outcomesInWords, sectionOf } from "../src/tables/readings.mjs"
import { typed } from "../src/typed.mjs"
import { read } from "../src/workspace.mjs"

const RECORDED = "tools/tables/results.json"
const kept: Kept = JSON.parse(read(RECORDED))

it("outcomes in words leave out what did not happen", () => {
  const figures = {
    kernel: "k",
    runs: 10,
    completed: 4,
    lockup: 4,
    timeout: 1,
    elapsedS: 1,
    sysS: 1,
    lockupS: 1,
    firstS: 1
  }
  expect(outcomesInWords(figures)).toBe("4 complete, 4 lock up, 1 is not done in time, 1 ends otherwise")
  expect(outcomesInWords({ ...figures, completed: 10, lockup: 0, timeout: 0 })).toBe("10 complete")
})

it("a section goes from its title to the next one, its first table to an empty line", () => {
  const report = "A (x)\n  head\n  row\n\n  more\n\nB\n  other\n"
  expect(sectionOf(report, "A")).toBe("A (x)\n  head\n  row\n\n  more")
  expect(firstTablesOf(report, "A", 1)).toBe("A (x)\n  head\n  row")
  expect(firstTablesOf(report, "A", 2)).toBe("A (x)\n  head\n  row\n\n  more")
  expect(() => sectionOf(report, "C")).toThrow("nothing printed begins with C")
})

it("each table has a name of its own, and stands in its page", () => {
  expect(new Set(TABLES.map(({ name }) => name)).size).toBe(TABLES.length)
  for (const { name, page } of TABLES) {
    expect(read(page).includes(`<!-- tables: ${name} -->`) ? "" : `${page} lacks ${name}`).toBe("")
  }
})

it("limitations names the tables of which not every command was run, and no command of no table was kept", () => {
  const [, section] = read("docs/limitations.md").split("## Tables that were not measured again\n")
  const named = [...section.split("\n## ")[0].matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  const measured = new Set(complete(TABLES, kept).map(({ name }) => name))
  expect(named.filter((name) => TABLES.some((it) => it.name === name)).toSorted())
    .toEqual(TABLES.map(({ name }) => name).filter((name) => !measured.has(name)).toSorted())
  const commands = new Set(TABLES.flatMap(({ rows }) => rows.map(({ command }) => typed(command))))
  expect(Object.keys(kept).filter((key) => !commands.has(key))).toEqual([])
  expect(read(RECORDED)).toBe(formatKept(kept))
})

it("pages say what was kept", () => {
  for (const [path, text] of Object.entries(pagesOf(read, kept))) {
    expect(read(path) === text ? path : `${path} is stale: node tools/tables.mjs --only documents`).toBe(path)
  }
})

it("what was kept is what the model gives today; if not: node tools/tables.mjs --fresh", () => {
  const [{ command }] = TABLES.find(({ name }) => name === "time of patched SLAB")!.rows
  const ours = kept[typed(command)].find(({ kernel }: { kernel: string }) => kernel === "slab-series")
  const [seeds, series] = [command.indexOf("--seeds"), ["--kernel", "slab-series"]]
  const one = command.flatMap((word, i) => (i === seeds ? ["--seed"] : i === seeds + 1 ? ["1"] : [word]))
    .filter((word, i, words) => word !== "slab-vanilla" && !(word === "--kernel" && words[i + 1] === "slab-vanilla"))
  expect(one).toEqual(expect.arrayContaining(series))
  expect(kernelsOf(print(one))).toMatchObject([{ kernel: "slab-series", runs: 1, firstS: ours.firstS }])
})
