// Smaller values of a setting, for the search for the smallest scenario.
import { formatQuantity, parseQuantity, SIZE } from "@swaplab/config"

/** A setting and the smaller values that are worth a try, the smallest first. */
export interface Quantity {
  /** Keys that lead to it. */
  readonly path: ReadonlyArray<string>
  /** Of a value as a file has it. */
  readonly smaller: (value: unknown) => ReadonlyArray<unknown>
}

/** A count that is at least 1. */
export const counts = (...path: ReadonlyArray<string>): Quantity => ({
  path,
  smaller: (value) => {
    if (typeof value !== "number") return []
    return [...new Set([1, Math.floor(value / 2), value - 1])].filter((less) => less >= 1 && less < value)
  }
})

/** A size in steps of `least` bytes. */
export const sizes = (least: number, ...path: ReadonlyArray<string>): Quantity => ({
  path,
  smaller: (value) => {
    const bytes = (typeof value === "string" ? parseQuantity(SIZE, value) : null) ?? 0
    return [bytes / 4, bytes / 2, bytes * 0.75].map((less) => Math.floor(less / least) * least)
      .filter((less) => less >= least).map((less) => formatQuantity(SIZE, less))
  }
})
