// In what two results differ beside their figures: the build of swaplab, and the values of their scenarios.
import { type LoadedScenario, scenarioSchema } from "@swaplab/cluster"
import { formatPath, isMapping } from "@swaplab/config"
import { Schema } from "effect"
import type { SavedCells } from "./saved-cells.ts"

/** A value that two results do not have in common; null: it has none. */
export interface Differing {
  readonly what: string
  readonly a: string | null
  readonly b: string | null
}

/** Keys that change no run. */
const AROUND = new Set(["name", "description", "seeds", "compare", "expect", "thresholds", "slo", "map", "prices"])

const words = (value: unknown): string | null => value === undefined ? null : JSON.stringify(value).replaceAll("\"", "")

/** In what two values as a file has them differ. */
export const differencesAt = (
  path: ReadonlyArray<string | number>,
  a: unknown,
  b: unknown
): ReadonlyArray<Differing> => {
  if (isMapping(a) && isMapping(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differencesAt([...path, key], a[key], b[key])
    )
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((value: unknown, i) => differencesAt([...path, i], value, b[i]))
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ what: formatPath(path), a: words(a), b: words(b) }]
}

const encoded = ({ scenario, workloads }: LoadedScenario): unknown =>
  Object.fromEntries(
    Object.entries(Schema.encodeSync(scenarioSchema(workloads))(scenario)).filter(([key]) => !AROUND.has(key))
  )

/** What two results do not have in common. */
export const differencesOf = (a: SavedCells, b: SavedCells): ReadonlyArray<Differing> => [
  ...(a.engine === b.engine ? [] : [{ what: "build of swaplab", a: a.engine, b: b.engine }]),
  ...(a.loaded.file === b.loaded.file ? [] : [{ what: "file", a: a.loaded.file, b: b.loaded.file }]),
  ...differencesAt([], encoded(a.loaded), encoded(b.loaded))
]
