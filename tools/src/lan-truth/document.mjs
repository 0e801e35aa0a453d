// @ts-check
// docs/validation.md: what people wrote stays, what stands between markers is written anew from the recorded results.
import { GRID, keyOf } from "./grid.mjs"
import { judgeAll } from "./judge.mjs"
import { scatterSvg, tailsSvg } from "./plots.mjs"
import { cellTables, platformText, settingsTable, summaryTable } from "./tables.mjs"

/** Puts blocks between their markers, of which each stands once; anything else is a mistake. @type {(text: string, blocks: Readonly<Record<string, string>>) => string} */
export const withBlocks = (text, blocks) =>
  Object.entries(blocks).reduce((before, [name, block]) => {
    const [open, close] = [`<!-- lan-truth: ${name} -->`, `<!-- end of ${name} -->`]
    const [from, to] = [before.indexOf(open), before.indexOf(close)]
    if (from < 0 || to < from) throw new Error(`docs/validation.md lacks ${open} … ${close}`)
    if (before.lastIndexOf(open) !== from) throw new Error(`docs/validation.md has ${open} more than once`)
    return `${before.slice(0, from + open.length)}\n\n${block}\n\n${before.slice(to)}`
  }, text)

/** Everything that follows from the results: the page, and its pictures by path. @type {(page: string, results: import("./results.mjs").Results) => Readonly<Record<string, string>>} */
export const documentsOf = (page, results) => {
  const cells = judgeAll(GRID, keyOf, results)
  return {
    "docs/validation.md": withBlocks(page, {
      platform: platformText(results),
      settings: settingsTable(),
      summary: summaryTable(cells),
      cells: cellTables(cells)
    }),
    "docs/validation.svg": scatterSvg(cells),
    "docs/validation-tails.svg": tailsSvg(cells)
  }
}
