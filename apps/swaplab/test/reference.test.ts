// The pages of the reference have the tables of the command line. `npx vitest run -u test/reference.test.ts` writes them.
import { commandsTable, optionsTable } from "@swaplab/command"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { SWAPLAB } from "../src/commands.ts"

const rows: ReadonlyMap<string, typeof SWAPLAB.commands[keyof typeof SWAPLAB.commands]> = new Map(
  Object.entries(SWAPLAB.commands)
)

/** The table that a comment asks for. */
const tableOf = (name: string): string => {
  if (name === "commands") return commandsTable(SWAPLAB)
  const row = rows.get(name.replace(/^options /, ""))
  if (row === undefined) throw new Error(`no table is called ${name}`)
  return optionsTable(row)
}

const PAGES = [
  "command.md",
  "ablate-and-map.md",
  "sweep-and-compare.md",
  "capacity.md",
  "soak.md",
  "check-and-replay.md",
  "real-server.md",
  "many-machines.md"
].map((page) => fileURLToPath(new URL(`../../../docs/reference/${page}`, import.meta.url)))
const BLOCK = /<!-- (commands|options [\w-]+) -->\n[\s\S]*?<!-- end -->/g

it.each(PAGES)("%s has the tables of the command line", async (page) => {
  const text = readFileSync(page, "utf8")
  const wanted = text.replaceAll(
    BLOCK,
    (_block, name: string) => `<!-- ${name} -->\n\n${tableOf(name)}\n\n<!-- end -->`
  )
  await expect(wanted).toMatchFileSnapshot(page)
})

it("the pages have the options of every command that has some", () => {
  const named = PAGES.flatMap((page) => [...readFileSync(page, "utf8").matchAll(BLOCK)].map(([, name]) => name))
  const wanted = [...rows].flatMap(([name, { options }]) => Object.keys(options).length > 0 ? [`options ${name}`] : [])
  expect(named.toSorted()).toEqual(["commands", ...wanted].toSorted())
})
