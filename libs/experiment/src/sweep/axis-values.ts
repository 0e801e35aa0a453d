// Values of an axis as numbers, for charts, fits and CSV files: `64 MiB` is 67108864 bytes.
import { BYTE_RATE, parseQuantity, RATE, SHARE, SIZE, TIME, type UnitKind } from "@swaplab/config"
import type { AxisValue } from "./grid.ts"

/** Kinds of quantities, with what ends the name of a column that has them. */
const KINDS: ReadonlyArray<readonly [kind: UnitKind, suffix: string]> = [
  [SIZE, "_bytes"],
  [TIME, "_ns"],
  [RATE, "_bit_per_s"],
  [BYTE_RATE, "_bytes_per_s"],
  [SHARE, "_share"]
]

/** Values as numbers in base units; kind: null for plain numbers. */
export interface AxisNumbers {
  readonly kind: UnitKind | null
  readonly numbers: ReadonlyArray<number>
}

/** The numbers of an axis; null where its values are words, or of several kinds. */
export const axisNumbers = (values: ReadonlyArray<AxisValue>): AxisNumbers | null => {
  const plain = values.flatMap((value) => typeof value === "number" ? [value] : [])
  if (plain.length === values.length) return { kind: null, numbers: plain }
  for (const [kind] of KINDS) {
    const numbers = values.flatMap((value) => typeof value === "string" ? parseQuantity(kind, value) ?? [] : [])
    if (numbers.length === values.length) return { kind, numbers }
  }
  return null
}

/** Name of the column of a path in a CSV file: with its unit where its values have one. */
export const columnName = (path: string, kind: UnitKind | null): string =>
  `${path}${KINDS.find(([other]) => other === kind)?.[1] ?? ""}`
