// Which cells of two results are compared: `out/sweep#kernel=slab,clients.0.ram=64 MiB` is one cell of a result, `out/sweep`
// all of them. Where both sides have several, those with the same kernel and the same values belong together.
import { type ConfigError, mistake } from "@swaplab/config"
import { Either } from "effect"
import type { SavedCell, SavedCells } from "./saved-cells.ts"

/** A result as it was typed: its path, and what is chosen of it. */
export interface ResultChoice {
  readonly path: string
  /** Wanted values by path; `kernel` is that of the cell. */
  readonly wanted: ReadonlyArray<readonly [name: string, value: string]>
}

/** Blanks do not matter: `64MiB` is `64 MiB`. */
const plain = (text: string): string => text.replaceAll(/\s/g, "")

/** Reads `RESULT#name=value,name=value`. */
export const parseChoice = (text: string): Either.Either<ResultChoice, ConfigError> => {
  const hash = text.indexOf("#")
  if (hash < 0) return Either.right({ path: text, wanted: [] })
  const wanted = text.slice(hash + 1).split(",").map((part) => {
    const equals = part.indexOf("=")
    return [part.slice(0, Math.max(0, equals)).trim(), part.slice(equals + 1).trim()] as const
  })
  return wanted.some(([name, value]) => name === "" || value === "")
    ? Either.left(mistake(text, "expected RESULT#kernel=NAME,PATH=VALUE"))
    : Either.right({ path: text.slice(0, hash), wanted })
}

/** A cell in words: `kernel=slab, clients.0.ram=64 MiB`. */
export const cellWords = ({ at, kernel }: SavedCell): string =>
  [`kernel=${kernel}`, ...Object.entries(at).map(([path, value]) => `${path}=${value}`)].join(", ")

const MOST = 8

const someOf = (cells: ReadonlyArray<SavedCell>): string =>
  `${cells.slice(0, MOST).map(cellWords).join("; ")}${cells.length > MOST ? "; and more" : ""}`

/** The cells of a result that fit a choice. */
export const chosenCells = (
  { cells, source }: SavedCells,
  { wanted }: ResultChoice
): Either.Either<ReadonlyArray<SavedCell>, ConfigError> => {
  const fits = (cell: SavedCell): boolean =>
    wanted.every(([name, value]) => plain(name === "kernel" ? cell.kernel : cell.at[name] ?? "") === plain(value))
  const found = cells.filter(fits)
  return found.length > 0
    ? Either.right(found)
    : Either.left(mistake(
      `${source}#${wanted.map((pair) => pair.join("=")).join(",")}`,
      `fits no cell of it, expected one of: ${someOf(cells)}`
    ))
}

/** Two cells that are compared. */
export interface CellPair {
  readonly a: SavedCell
  readonly b: SavedCell
}

const several = (cells: ReadonlyArray<SavedCell>): boolean => new Set(cells.map(({ kernel }) => kernel)).size > 1

/** Whether two cells have the same values at the paths that both have, and the same kernel where that tells cells apart. */
const belong = (a: SavedCell, b: SavedCell, byKernel: boolean): boolean =>
  (!byKernel || a.kernel === b.kernel)
  && Object.entries(a.at).every(([path, value]) => !(path in b.at) || plain(b.at[path]) === plain(value))

/** Pairs the cells of two results: one with one, else those that belong together. */
export const pairCells = (
  a: ReadonlyArray<SavedCell>,
  b: ReadonlyArray<SavedCell>
): Either.Either<ReadonlyArray<CellPair>, ConfigError> => {
  if (a.length === 1 && b.length === 1) return Either.right([{ a: a[0], b: b[0] }])
  const byKernel = several(a) || several(b)
  const pairs = a.flatMap((one) =>
    b.filter((other) => belong(one, other, byKernel)).map((other) => ({ a: one, b: other }))
  )
  if (pairs.length === 0) {
    return Either.left(mistake("the two results", `have no cell in common: ${someOf(a)} and ${someOf(b)}`))
  }
  // one cell that fits to several says nothing about any
  const again = pairs.find((pair, i) => pairs.some((other, j) => i !== j && (other.a === pair.a || other.b === pair.b)))
  return again === undefined
    ? Either.right(pairs)
    : Either.left(mistake(
      "the two results",
      `have cells that fit to several of the other: ${cellWords(again.a)}; expected a choice such as #${
        cellWords(again.b).replaceAll(", ", ",")
      }`
    ))
}
