export { Histogram, type HistogramData, THREE_DIGITS } from "./histogram.ts"
