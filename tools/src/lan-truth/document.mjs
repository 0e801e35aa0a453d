// @ts-check
// docs/validation.md: what people wrote stays, what stands between markers is written anew from the recorded results.
import { withBlocks } from "../page-blocks.mjs"
import { GRID, keyOf } from "./grid.mjs"
import { judgeAll } from "./judge.mjs"
import { scatterSvg, tailsSvg } from "./plots.mjs"
import { cellTables, platformText, settingsTable, summaryTable } from "./tables.mjs"

/** Everything that follows from the results: the page, and its pictures by path. @type {(page: string, results: import("./results.mjs").Results) => Readonly<Record<string, string>>} */
export const documentsOf = (page, results) => {
  const cells = judgeAll(GRID, keyOf, results)
  return {
    "docs/validation.md": withBlocks("docs/validation.md", "lan-truth", page, {
      platform: platformText(results),
      settings: settingsTable(),
      summary: summaryTable(cells),
      cells: cellTables(cells)
    }),
    "docs/validation.svg": scatterSvg(cells),
    "docs/validation-tails.svg": tailsSvg(cells)
  }
}
