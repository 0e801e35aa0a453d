// The report of swaplab check-determinism: that two ways to make the same runs gave the same, or where they differ first.
import { plural } from "@swaplab/config"
import type { ComparedRuns, Differing, DifferingRun } from "@swaplab/experiment"
import {
  BLANK,
  type Block,
  type Document,
  item,
  key,
  left,
  paragraph,
  right,
  type Row,
  section,
  table
} from "./document.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** Runs that were made in two ways. */
export interface CheckedRuns {
  readonly name: string
  readonly file: string
  readonly runs: number
  /** The two ways: which Node, and how many workers. */
  readonly ways: ReadonlyArray<{ readonly node: string; readonly workers: number }>
  /** Those that are not the same. */
  readonly differing: ReadonlyArray<DifferingRun>
  /** The first whose events differ, made once more, event by event. */
  readonly first: (DifferingRun & ComparedRuns) | null
}

type Events = NonNullable<ComparedRuns["divergence"]>["before"]

const eventRow = (who: string, event: Events[number] | null): Row =>
  event === null
    ? [who, "", "the run is at its end", "", ""]
    : [
      who,
      `${(event.timeNs / 1e9).toFixed(9)} s`,
      event.name,
      event.machine,
      String(event.argument)
    ]

/** The first event that is not the same, with those before it. */
const divergenceBlocks = ({ divergence, events }: ComparedRuns): ReadonlyArray<Block> =>
  divergence === null
    ? [
      paragraph(
        `Alone, event by event, both ways give the same ${events} events: what differs depends on the runs beside it.`,
        "warn"
      )
    ]
    : [
      paragraph(`${events} events are the same. Then:`),
      table(
        [key(""), right("time"), left("event"), left("of"), right("argument")],
        [
          ...divergence.before.map((event) => eventRow("both", event)),
          eventRow("A", divergence.a),
          eventRow("B", divergence.b)
        ]
      )
    ]

const valueRow = ({ a, b, what }: Differing): Row => [what, a ?? "", b ?? ""]

const runBlocks = ({ diverges, kernel, seed, values }: DifferingRun): ReadonlyArray<Block> => [
  item(`${kernel}, seed ${seed}: ${diverges ? "its events differ" : "the same events, but another result"}`, "bad"),
  ...(diverges ? [] : [table([key("value"), left("A"), left("B")], values.map(valueRow))])
]

const checkedDocument = ({ differing, file, first, name, runs, ways }: CheckedRuns): Document => [
  ...section(null, [
    item(`${name} (${file})`, "strong"),
    BLANK,
    ...ways.map(({ node, workers }, i) => item(`  ${"AB"[i]}: Node ${node}, ${plural(workers, "worker")}`)),
    paragraph(
      differing.length === 0
        ? `${plural(runs, "run")}: the same, to the last event.`
        : `${differing.length} of ${plural(runs, "run")} differ.`,
      differing.length === 0 ? "good" : "bad"
    )
  ]),
  ...(differing.length === 0 ? [] : section("Differing", differing.flatMap(runBlocks))),
  ...(first === null ? [] : section(`First difference of ${first.kernel}, seed ${first.seed}`, divergenceBlocks(first)))
]

/** The report as text; it ends with a line feed. */
export const renderChecked = (checked: CheckedRuns, sheet: Sheet = PLAIN): string =>
  drawText(checkedDocument(checked), sheet)
