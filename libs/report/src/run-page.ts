// The page of an experiment: its charts, then everything that its report says.
import type { ExperimentResult } from "@swaplab/experiment"
import { drawn, type PageContent } from "./page.ts"
import { runDocument } from "./report.ts"
import { runDrawings } from "./run-drawings.ts"

/** What stands on the page. */
export const runPage = (result: ExperimentResult): PageContent => ({
  title: result.plan.loaded.scenario.name,
  subtitle: "",
  headline: null,
  sections: [...drawn(null, runDrawings(result)), ...runDocument(result)]
})
