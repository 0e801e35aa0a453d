// The table of docs/explanation/session-model.md says what the model of a session is worth: it is counted anew here.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { compared, keyOf, measuredRows, share } from "../src/session-check.mjs"
import { root } from "../src/workspace.mjs"

it("the model of a session is as near to the measurement as its page says", async () => {
  const rows = await compared()
  const page = readFileSync(join(root, "docs/explanation/session-model.md"), "utf8")
  const shown = [...page.matchAll(/^\| [a-z].*? \| (\d+ of \d+ \(\d+ %\)) +\|$/gm)].map(([, cell]) => cell)
  const kinds = [...new Set(rows.map(({ kind }) => kind))]
  const counted = [...kinds.map((kind) => rows.filter((row) => row.kind === kind)), rows]
  expect(shown).toEqual(counted.map((some) => share(some).replace(" inside", "")))
  expect(rows.filter(({ model }) => model === null)).toEqual([])
  expect(page).toContain(
    `With another seed, \`node tools/session-check.mjs 2\`: ${share(await compared(2)).replace(" inside", "")}.`
  )
})

it("every measured row has a name of its own, and its median lies in its range", () => {
  const rows = measuredRows()
  expect(new Set(rows.map(keyOf)).size).toBe(rows.length)
  expect(rows.filter(({ least, median, most }) => median < least || median > most)).toEqual([])
})
