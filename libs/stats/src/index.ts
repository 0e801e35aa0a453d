export { Histogram, THREE_DIGITS } from "./histogram.ts"
