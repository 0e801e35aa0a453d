/**
 * {@include ../README.md}
 *
 * @module @swaplab/view
 */
export { type Page, pageHtml } from "./page.ts"
// parts of a page that shows a run while it goes on
export { ClientPanel } from "./live/client-panel.ts"
export { type Figure, FigureCharts } from "./live/figure-charts.ts"
export { WaitGraphView } from "./live/graph.ts"
export { ServerCard, Tile } from "./live/tile.ts"
export { TimeLine } from "./live/time-line.ts"
