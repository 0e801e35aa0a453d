/**
 * {@include ../README.md}
 *
 * @module @swaplab/stats
 */
export { Histogram, type HistogramData, THREE_DIGITS } from "./histogram.ts"
