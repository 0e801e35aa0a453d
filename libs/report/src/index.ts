/**
 * {@include ../README.md}
 *
 * @module @swaplab/report
 */
export { renderAblation } from "./ablation.ts"
export { type Analysis } from "./analysis-report.ts"
export { capacityPage } from "./capacity-page.ts"
export { makeCapacityLine } from "./capacity-progress.ts"
export { capacitySvg } from "./capacity-svg.ts"
export { renderCapacity } from "./capacity.ts"
export { captureOf, swapIolog } from "./capture.ts"
export { type CheckedRuns, renderChecked } from "./checked-runs.ts"
export { renderComparison } from "./compare-report.ts"
export {
  type Block,
  type Cell,
  type Column,
  type Document,
  item,
  type Paragraph,
  type Section,
  section,
  type Table,
  type Tone
} from "./document.ts"
export { foldedStacks } from "./folded.ts"
export { grafanaDashboard } from "./grafana.ts"
export { graphSvg } from "./graph-svg.ts"
export { heatMap } from "./heat-map.ts"
export { renderImport } from "./import-report.ts"
export { junitXml } from "./junit-xml.ts"
export { type LoadedServer, loadJson, type LoadResult, renderLoad, tooLate } from "./load-report.ts"
export { renderMap } from "./map-report.ts"
export { nodeMetrics } from "./node-metrics.ts"
export { type Headline, type PageContent, type PageSection } from "./page.ts"
export { baseTable, effectLines, patchTables } from "./patches.ts"
export { makeProgressLine, type ProgressLine } from "./progress.ts"
export { renderReplay, type Replayed } from "./replayed.ts"
export { renderReport } from "./report.ts"
export { roomSvg } from "./room-svg.ts"
export { type Drawing } from "./run-drawings.ts"
export { runPage } from "./run-page.ts"
export { renderSensitivity, tornadoSvg } from "./sensitivity-report.ts"
export { renderServerSoak, type ServerSoak } from "./server-soak.ts"
export { type Sheet } from "./sheet.ts"
export { renderSoak, soakProgress } from "./soak.ts"
export { sweepDrawings } from "./sweep-drawings.ts"
export { sweepPage } from "./sweep-page.ts"
export { renderSweep } from "./sweep-report.ts"
export { drawText } from "./text.ts"
export { makeTicker, type ProgressOutput, type Ticker } from "./ticker.ts"
export { closeUpCsv, timelineSvg } from "./timeline-svg.ts"
export { traceJson, type TraceText } from "./trace-json.ts"
export { type TaskGroup, taskGroups } from "./wait-words.ts"
export { renderTimeout } from "./why-timeout.ts"
export { renderWhy } from "./why.ts"
