// The report of swaplab replay: what was changed of a run under way, and what became of it, against the recorded outcome.
import type { LiveChange } from "@swaplab/cluster"
import { plural } from "@swaplab/config"
import type { MetricDifference } from "@swaplab/experiment"
import { BLANK, type Document, item, key, left, paragraph, right, type Row, section, table, toned } from "./document.ts"
import { change, NONE } from "./format.ts"
import { quantity } from "./metric-text.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** A run that was changed on the way. */
export interface Replayed {
  readonly kernel: string
  readonly seed: number
  /** When it was changed. */
  readonly atNs: number
  readonly changes: ReadonlyArray<LiveChange>
  /** Faults that began then, as they were written. */
  readonly faults: ReadonlyArray<string>
  /** It is the recorded one all the same, to the last event. */
  readonly same: boolean
  /** How each client ended, before and after, and the report of its lockup after the change. */
  readonly clients: ReadonlyArray<
    { readonly name: string; readonly before: string; readonly after: string; readonly report: string | null }
  >
  /** Metrics that differ: `a` is recorded, `b` is of the changed run. */
  readonly rows: ReadonlyArray<MetricDifference>
}

/** Metrics that are shown. */
const MOST_ROWS = 24

const changeLines = ({ changes, faults }: Replayed): ReadonlyArray<string> => {
  const words = changes.map(({ client, idle, patches, sysctls }) => {
    const switched = Object.entries(patches).map(([name, on]) => `${name} ${on === true ? "on" : "off"}`)
    const set = Object.entries(sysctls).map(([name, value]) => `${name} = ${String(value)}`)
    const without = idle.map(([name, reason]) => `; ${name} makes no difference there: ${reason}`)
    return [client, `${[...switched, ...set].join(", ")}${without.join("")}`] as const
  })
  const same = [...new Set(words.map(([, what]) => what))]
  const lines = same.map((what) => {
    const clients = words.filter(([, of]) => of === what).map(([client]) => client)
    return `${clients.length > 3 ? plural(clients.length, "client") : clients.join(", ")}: ${what}`
  })
  return [...lines, ...faults.map((fault) => `fault ${fault}`)]
}

/** How much it is of what it was, as a distance from 1. */
const strength = ({ a, b }: MetricDifference): number =>
  Math.abs(b.value - a.value) / Math.max(Math.abs(a.value), Math.abs(b.value))

const rowOf = ({ a, b, metric: { name, unit } }: MetricDifference): Row => [
  name,
  quantity(unit, a.value),
  quantity(unit, b.value),
  a.value === 0 ? NONE : change(b.value / a.value - 1)
]

const replayedDocument = (replayed: Replayed): Document => {
  const { atNs, clients, kernel, rows, same, seed } = replayed
  const shown = rows.toSorted((x, y) => strength(y) - strength(x)).slice(0, MOST_ROWS)
  return [
    ...section(null, [
      item(`${kernel}, seed ${seed}, changed at ${(atNs / 1e9).toFixed(3)} s`, "strong"),
      ...changeLines(replayed).map((line) => item(`  ${line}`)),
      BLANK,
      ...(same ? [paragraph("It is the recorded run all the same, to the last event.", "warn")] : []),
      table(
        [key("client"), left("recorded"), left("changed")],
        clients.map(({ after, before, name }): Row => [
          name,
          before,
          toned(after, after === before ? null : after === "completed" ? "good" : "bad")
        ])
      )
    ]),
    ...clients.flatMap(({ name, report }) =>
      report === null ? [] : section(name, report.split("\n").map((line) => item(line)))
    ),
    ...(shown.length === 0 ? [] : section("What differs", [
      table([key("metric"), right("recorded"), right("changed"), right("change")], shown.map(rowOf)),
      ...(rows.length > shown.length ? [item(`  and ${rows.length - shown.length} more: --json`)] : [])
    ]))
  ]
}

/** The report as text; it ends with a line feed. */
export const renderReplay = (replayed: Replayed, sheet: Sheet = PLAIN): string =>
  drawText(replayedDocument(replayed), sheet)
