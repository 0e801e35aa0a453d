// Contents page of @swaplab/report, in reading order.
export { renderReport } from "./report.ts"
export { outcomeTable } from "./outcomes.ts"
export { COMPARISON_LEGEND, comparisonTable } from "./comparison.ts"
export { clientTable, counterTable, serverTable } from "./clients.ts"
export { lockupSection } from "./lockups.ts"
export { mapSection } from "./outcome-map.ts"
export { change, count, decimal, latency, megabytes, percent, ratio, seconds } from "./format.ts"
export { type Column, fold, left, right, type Row, section, table, wrap } from "./table.ts"
