// What people feel: what the runs of a search have of each demand, at the number that holds and at the first one that does not.
import { formatThreshold, keeps, metricOf, type Threshold } from "@swaplab/cluster"
import { type Capacity, type CellResult, demandedValue, demandsOf, medianOf } from "@swaplab/experiment"
import { unitOf, valueOf } from "./capacity-words.ts"
import { type Block, key, paragraph, right, type Row, table, toned } from "./document.ts"
import { NONE } from "./format.ts"
import { quantity } from "./metric-text.ts"

/** Median, worst and how many keep it. */
const cells = (demand: Threshold, runs: ReadonlyArray<CellResult>, capacity: Capacity): Row => {
  const values = runs.flatMap((run) => demandedValue(demand, run) ?? [])
  if (values.length === 0) return [NONE, NONE, NONE]
  const unit = metricOf(demand.metric, capacity.situation.loaded.workloads)?.unit ?? null
  const worst = demand.comparison.startsWith("<") ? Math.max(...values) : Math.min(...values)
  const kept = values.filter((value) => keeps(demand, value)).length
  return [
    quantity(unit, medianOf(values)),
    quantity(unit, worst),
    toned(`${kept} of ${values.length}`, kept === values.length ? "good" : "bad")
  ]
}

/** A table of the demands; nothing where no run is at either number. */
export const feelBlocks = (capacity: Capacity): ReadonlyArray<Block> => {
  const { high, low, samples, situation } = capacity
  const levels = [low, high].map((level) => ({
    level,
    runs: samples.filter((sample) => sample.level === level).map(({ cell }) => cell)
  })).filter(({ runs }) => runs.length > 0)
  if (levels.length === 0) return []
  const { loaded } = situation
  return [
    table(
      [
        key("demand"),
        ...levels.flatMap(({ level }) => {
          const at = `${valueOf(situation, level)} ${unitOf(situation)}`
          return [right(`${at}: middle`), right("worst"), right("kept in")]
        })
      ],
      demandsOf(loaded).map((demand): Row => [
        formatThreshold(demand, loaded.workloads),
        ...levels.flatMap(({ runs }) => cells(demand, runs, capacity))
      ])
    ),
    paragraph(
      "middle: of the seeds that were run there. Of clients, groups and servers the one that is worst off counts. A search runs a number "
        + "where it is in question, not with every seed."
    )
  ]
}
