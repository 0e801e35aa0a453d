// The page of a sweep: what to buy where there are prices, the charts, then everything that its report says.
import type { SweepResult } from "@swaplab/experiment"
import type { Analysis } from "./analysis-report.ts"
import { assumptionSection } from "./assumptions.ts"
import { drawn, type PageContent } from "./page.ts"
import type { Drawing } from "./run-drawings.ts"
import { sweepDrawings } from "./sweep-drawings.ts"
import { sweepDocument } from "./sweep-report.ts"

const captionOf = (file: string, { cells, plan: { axes } }: SweepResult): string =>
  file === "curves.svg"
    ? `Over ${axes[0]?.path ?? ""}: ${
      cells.some(({ runs }) => runs.length > 1) ? "means over the seeds; the bands are 95 % intervals." : "one seed."
    }`
    : file === "pareto.svg"
    ? "What to buy: price across, what it gives upward. Nothing else beats what is on the line; the table is below."
    : `${file.replace(/\.svg$/, "")} over both paths: means over the seeds, with half of the 95 % interval.`

/** What stands on the page; `precision` is the one that was wanted. */
export const sweepPage = (result: SweepResult, precision: number | null, analysis: Analysis): PageContent => {
  const { axes, drawn: chances, loaded } = result.plan
  const document = sweepDocument(result, precision, analysis)
  const pictures = sweepDrawings(result, analysis).map(([file, svg]): Drawing => ({
    svg,
    caption: captionOf(file, result)
  }))
  const [head, ...rest] = document
  return {
    title: `${loaded.scenario.name}: sweep`,
    subtitle: `${loaded.file} over ${[...axes, ...chances].map(({ path }) => path).join(", ")}.`,
    headline: null,
    sections: [head, ...drawn("Charts", pictures), ...rest, ...assumptionSection(loaded)]
  }
}
