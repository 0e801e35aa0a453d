// The assumptions of a result: every default in force whose source the schema names, with the range in which it may lie.
import type { LoadedScenario } from "@swaplab/cluster"
import { estimatesOf } from "@swaplab/experiment"
import { type Document, key, left, paragraph, prose, type Row, section, table } from "./document.ts"

/** A path without the places in its lists. */
const withoutPlaces = (path: string): string => path.replaceAll(/\[\d+\]|\.\d+(?=\.|$)/g, "[]")

/** A value and its unit stay on one line. */
const unbroken = (text: string): string => text.replaceAll(" ", "\u00a0")

/** The assumptions; entries of a list that have the same one share a row. */
export const assumptionSection = (loaded: LoadedScenario): Document => {
  const { estimates, given } = estimatesOf(loaded)
  const rows = new Map<string, { readonly row: Row; places: number }>()
  for (const { basis, high, low, meaning, path, value } of estimates) {
    const name = withoutPlaces(path)
    const id = `${name} ${value}`
    const found = rows.get(id)
    if (found === undefined) {
      rows.set(id, { places: 1, row: [name, unbroken(value), basis, unbroken(`${low} to ${high}`), meaning] })
    } else found.places++
  }
  const assumed = [...rows.values()].map(({ row }) => row[0])
  const own = [...new Set(given.map(withoutPlaces))].filter((name) => !assumed.includes(name))
  return section("Assumptions", [
    ...(rows.size === 0 ? [] : [
      table(
        [key("default"), left("value"), left("where from"), left("may be"), prose("meaning")],
        [...rows.values()].map(({ places, row: [name, ...rest] }) => [
          places === 1 ? name : `${String(name)} (${places} times)`,
          ...rest
        ])
      ),
      paragraph(
        "measured: on other machines than yours. documented: what is usual. assumed: nothing better is known. swaplab sensitivity says "
          + "which of them matter for your question."
      )
    ]),
    ...(own.length === 0 ? [] : [paragraph(`Given by the scenario, and not assumed: ${own.join(", ")}.`)])
  ])
}
