// Contents page of @swaplab/report, in reading order.
export { renderAblation } from "./ablation.ts"
export { backgroundTable } from "./background.ts"
export { panelSvg } from "./chart.ts"
export { clientTable, counterTable, serverTable } from "./clients.ts"
export { COMPARISON_LEGEND, comparisonTable } from "./comparison.ts"
export {
  type Block,
  type Cell,
  type Column,
  type Document,
  item,
  key,
  left,
  paragraph,
  prose,
  right,
  type Row,
  type Section,
  section,
  table,
  type Tone,
  toned
} from "./document.ts"
export { change, count, decimal, latency, megabytes, percent, ratio, seconds } from "./format.ts"
export { planOf } from "./graph-labels.ts"
export { type Rect } from "./graph-layout.ts"
export { graphSvg } from "./graph-svg.ts"
export { contrasts, inkOn, shareColour } from "./heat-colours.ts"
export { heatMap } from "./heat-map.ts"
export { lockupSection } from "./lockups.ts"
export { renderMap } from "./map-report.ts"
export { cellText, CODE_WORDS } from "./outcome-codes.ts"
export { mapSection } from "./outcome-map.ts"
export { outcomeTable } from "./outcomes.ts"
export { baseTable, effectLines, patchTables } from "./patches.ts"
export { makeProgressLine, type ProgressLine, progressText } from "./progress.ts"
export { renderReport } from "./report.ts"
export { PLAIN, type Sheet } from "./sheet.ts"
export { drawText } from "./text.ts"
export { makeTicker, PROGRESS, type ProgressOutput, type Ticker } from "./ticker.ts"
export { spanText, timeLeft } from "./time-left.ts"
export { closeUpCsv, timelineSvg } from "./timeline-svg.ts"
export { renderTimeout } from "./why-timeout.ts"
export { renderWhy } from "./why.ts"
