// Values of metrics as a table or a chart has them: a quantity in a unit that suits it, three digits, its interval in per cent.
import { roundQuantity, TIME, type UnitKind } from "@swaplab/config"
import { type Estimate, relativeError } from "@swaplab/experiment"
import { latency, NONE } from "./format.ts"

/** A plain number with three or four digits, without an exponent where it can be read without. */
export const plain = (value: number): string => {
  const size = Math.abs(value)
  if (size >= 1000 || Number.isInteger(value)) return size >= 1e9 ? value.toExponential(2) : String(Math.round(value))
  return size === 0 || size >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(1)
}

/** A value of a unit. Differences may be negative. */
export const quantity = (unit: UnitKind | null, value: number): string => {
  if (!Number.isFinite(value)) return NONE
  if (unit === null) return plain(value)
  const size = Math.abs(value)
  const text = unit === TIME ? latency(size) : roundQuantity(unit, size, 3)
  return value < 0 ? `-${text}` : text
}

/** Half of an interval: `±4 %`. Nothing where it is not known. */
const margin = (estimate: Estimate): string => {
  const error = relativeError(estimate)
  if (!Number.isFinite(error)) return ""
  const percent = error * 100
  return ` ±${percent === 0 ? 0 : percent < 9.95 ? percent.toPrecision(2) : percent.toFixed(0)} %`
}

/** A mean with its interval. */
export const estimateText = (unit: UnitKind | null, estimate: Estimate): string =>
  Number.isNaN(estimate.value) ? NONE : `${quantity(unit, estimate.value)}${margin(estimate)}`
