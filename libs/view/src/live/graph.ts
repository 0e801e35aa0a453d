// The wait-for graph as a drawing, and the same in words.
import type { LockupReport } from "@swaplab/cluster"
import { graphSvg } from "@swaplab/report"
import { type ComponentChild, h } from "preact"
import { elementOf } from "../svg-element.ts"

export const WaitGraphView = (
  { locked, of, report }: { readonly report: LockupReport; readonly of: string; readonly locked: boolean }
): ComponentChild => {
  const { taxonomy: _taxonomy, ...running } = report
  const lines = report.cycle.length === 0
    ? ["There is no circle: everybody waits for something that goes on."]
    : report.cycle
  return h(
    "figure",
    { class: "graph" },
    h("div", {
      class: "scroll",
      tabIndex: 0,
      role: "group",
      "aria-label": "drawing of who waits for whom; the words follow",
      dangerouslySetInnerHTML: { __html: elementOf(graphSvg(locked ? report : running, of)) }
    }),
    h(
      "figcaption",
      null,
      h(
        "details",
        null,
        h("summary", null, "The same in words"),
        h("ol", null, lines.map((line) => h("li", null, line)))
      )
    )
  )
}
