// The report of swaplab capacity: the number with its confidence in plain words, then the curve.
import { formatFinding, plural } from "@swaplab/config"
import type { Bottleneck, Capacity } from "@swaplab/experiment"
import { limitBlocks, limitSentences } from "./capacity-limits.ts"
import { oftenOf, percentOf, unitOf, valueOf } from "./capacity-words.ts"
import { BLANK, type Block, type Document, item, key, paragraph, right, section, table } from "./document.ts"
import { warningSection } from "./faults.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** What was asked, and how sure the answer is. */
const confidence = ({ demand: { holds, sure }, high, low, situation }: Capacity): string => {
  const often = `in at least ${oftenOf(holds)} mornings`
  const { least, values } = situation.ladder
  const better = least ? "less" : "more"
  if (high <= 1) return `No value holds ${often}: not even ${values[0]}. (${percentOf(sure)} sure)`
  if (low >= values.length) return `All that was tried holds ${often}. (${percentOf(sure)} sure)`
  if (high > values.length) {
    return low < 1
      ? `Nothing is proved yet: neither that ${values[0]} holds ${often}, nor that ${values.at(-1)} does not.`
      : `${valueOf(situation, low)} hold ${often}; ${better} may, up to ${values.at(-1)} and beyond. (${
        percentOf(sure)
      } sure)`
  }
  return low < 1
    ? `Nothing is proved to hold ${often} yet; from ${valueOf(situation, high)} on nothing does. (${
      percentOf(sure)
    } sure)`
    : `${valueOf(situation, low)} hold ${often}, ${valueOf(situation, high)} and ${better} do not. (${
      percentOf(sure)
    } sure)`
}

/** Why the answer is what it is, where it is not as narrow as wanted. */
const STATES: Readonly<Record<Exclude<Capacity["state"], "decided" | "not-monotone">, string>> = {
  searching: "Undecided: a run was lost.",
  interrupted: "Undecided: interrupted. The same command with --out goes on.",
  "time is up": "Undecided: the time of --budget is up. The same command with --out goes on.",
  "out-of-seeds": "Undecided: the seeds are used up. The response is too flat for an answer this narrow."
}

const earlyText = (samples: Capacity["samples"]): string => {
  const early = samples.filter(({ cell }) => cell.endedEarly !== undefined).length
  return early === 0 ? "" : `, ${early} of them ended as soon as they had missed for good`
}

/** Seeds and runs, and what the audit said. */
const effort = ({ audit, samples, seeds }: Capacity): string =>
  `${plural(samples.length, "run")} of ${plural(seeds, "seed")}${earlyText(samples)}. Run again below a seed's limit: ${
    plural(audit.runs, "value")
  }; ${
    audit.failed === 0
      ? "all hold."
      : `${audit.failed} of them failed, and all values of that seed were run one by one.`
  }`

/** The number, how sure it is, what limits it, and what it has cost. */
export const numberBlocks = (capacity: Capacity, bottleneck: Bottleneck | null): ReadonlyArray<Block> => {
  const { audit, high, low, situation, state } = capacity
  if (state === "not-monotone") {
    return [
      item("No number", "bad"),
      paragraph(
        `${audit.failed} of ${
          plural(audit.runs, "value")
        } below a seed's limit failed when they were run again: a harder value can hold where `
          + "an easier one fails, so a search by halves would give any number. Look at the curve."
      )
    ]
  }
  const upper = high - 1
  const number = low === upper ? valueOf(situation, low) : `${valueOf(situation, low)} to ${valueOf(situation, upper)}`
  return [
    item(`${number} ${unitOf(situation)}`, "strong"),
    paragraph(confidence(capacity)),
    ...(state === "decided" ? [] : [paragraph(STATES[state], "warn")]),
    ...(bottleneck === null ? [] : limitSentences(situation, bottleneck)),
    paragraph(effort(capacity))
  ]
}

const BAR = 40

const curveBlocks = ({ reached, situation }: Capacity): ReadonlyArray<Block> => [
  table(
    [key(unitOf(situation)), right("hold"), right("seeds"), key("share of seeds that hold")],
    reached.flatMap(({ reach, seeds }, i) =>
      seeds === 0
        ? []
        : [[
          valueOf(situation, i + 1),
          String(reach),
          String(seeds),
          "#".repeat(Math.round((BAR * reach) / seeds)) || "."
        ]]
    )
  )
]

const capacityDocument = (capacity: Capacity, bottleneck: Bottleneck | null): Document => {
  const { loaded } = capacity.situation
  return [
    ...section(null, [
      item(`${loaded.scenario.name} (${loaded.file})`, "strong"),
      BLANK,
      ...numberBlocks(capacity, bottleneck)
    ]),
    ...(bottleneck === null ? [] : section("Limited by", limitBlocks(bottleneck))),
    ...section("Curve", curveBlocks(capacity)),
    ...warningSection(loaded.warnings.map(formatFinding))
  ]
}

/** The report as text; it ends with a line feed. */
export const renderCapacity = (capacity: Capacity, bottleneck: Bottleneck | null, sheet: Sheet = PLAIN): string =>
  drawText(capacityDocument(capacity, bottleneck), sheet)
