// One client, live: its memory, its requests, its tasks.
import type { ClientSnapshot } from "@swaplab/cluster"
import { taskGroups } from "@swaplab/report"
import { type ComponentChild, h } from "preact"
import { Gauge } from "./gauge.ts"
import { type Level, LineChart } from "./line-chart.ts"
import { Requests } from "./requests.ts"
import { TaskList } from "./task-list.ts"

/** A stretch of time of one figure. */
interface Columns {
  readonly timesNs: ArrayLike<number>
  readonly free: ArrayLike<number>
  readonly fromNs: number
  readonly toNs: number
}

export interface ClientPanelProps {
  readonly snapshot: ClientSnapshot
  readonly columns: Columns
  /** Watermarks of all zones together. */
  readonly levels: ReadonlyArray<Level>
  /** Top of the scale of free pages; without it all that ever were. */
  readonly top?: number
}

/** A zone of which more is to be said than one line: the one with the most memory. */
const widest = ({ report: { zones } }: ClientSnapshot): ReadonlyArray<(typeof zones)[number]> =>
  zones.toSorted((a, b) => b.high - a.high).slice(0, 1)

export const ClientPanel = ({ columns, levels, snapshot, top }: ClientPanelProps): ComponentChild =>
  h(
    "div",
    { class: "client" },
    h("h3", null, "Memory"),
    widest(snapshot).map((zone) => h(Gauge, { zone })),
    h(LineChart, {
      title: "Free pages over time",
      description: `free pages over time; now ${snapshot.pages.free}`,
      timesNs: columns.timesNs,
      values: columns.free,
      fromNs: columns.fromNs,
      toNs: columns.toNs,
      levels,
      ...(top !== undefined && { top })
    }),
    h("h3", null, "Requests to the server"),
    h(Requests, { sent: snapshot.sent, waiting: snapshot.waiting }),
    h("h3", null, "Who waits, and for what"),
    h(TaskList, { groups: taskGroups(snapshot.report.tasks) })
  )
