// The page of a capacity: the number, the curve, what limits it, what people feel, a typical morning at the number and beyond it,
// and what all of it is based on.
import { formatFinding } from "@swaplab/config"
import type { Bottleneck, Capacity, TypicalRun } from "@swaplab/experiment"
import { assumptionSection } from "./assumptions.ts"
import { feelBlocks } from "./capacity-feel.ts"
import { limitBlocks } from "./capacity-limits.ts"
import { capacitySvg } from "./capacity-svg.ts"
import { oftenOf, percentOf, unitOf, valueOf } from "./capacity-words.ts"
import { numberBlocks } from "./capacity.ts"
import { type Block, key, right, section, table } from "./document.ts"
import { warningSection } from "./faults.ts"
import type { Headline, PageContent, PageSection } from "./page.ts"
import { roomSvg } from "./room-svg.ts"
import { workloadTables } from "./workload.ts"

const textsOf = (blocks: ReadonlyArray<Block>): ReadonlyArray<string> =>
  blocks.flatMap((block) => block.kind === "paragraph" ? [block.text] : [])

/** The interval of the answer in a few words. */
const intervalOf = ({ high, low, situation }: Capacity): string => {
  const { least, values } = situation.ladder
  const beyond = high > values.length
  if (beyond && low < 1) return "not known"
  if (beyond) return `at ${least ? "most" : "least"} ${valueOf(situation, low)}`
  if (low < 1) return high <= 1 ? "none" : `${least ? "more" : "less"} than ${valueOf(situation, high)}`
  return low === high - 1 ? valueOf(situation, low) : `${valueOf(situation, low)} to ${valueOf(situation, high - 1)}`
}

/** The number with its interval. The first paragraph of the report has it too, with its unit. */
const headlineOf = (capacity: Capacity, bottleneck: Bottleneck | null): Headline => {
  const [first, ...sentences] = textsOf(numberBlocks(capacity, bottleneck))
  return capacity.state === "not-monotone"
    ? { value: first, unit: "", sentences }
    : { value: intervalOf(capacity), unit: unitOf(capacity.situation), sentences }
}

const subtitleOf = ({ demand: { holds, sure }, situation }: Capacity): string => {
  const { ladder: { least }, loaded } = situation
  return `${loaded.file}: the ${least ? "least" : "most"} ${unitOf(situation)} for which every demand is kept in ${
    oftenOf(holds)
  } mornings, ${percentOf(sure)} sure; kernel ${situation.kernel}.`
}

/** The figures of the curve, from the last value that all seeds hold to the first one that none does. */
const curveBlocks = ({ reached, situation }: Capacity): ReadonlyArray<Block> => {
  const known = reached.flatMap(({ reach, seeds }, i) => seeds === 0 ? [] : [{ level: i + 1, reach, seeds }])
  const first = Math.max(0, known.findIndex(({ reach, seeds }) => reach < seeds) - 1)
  const none = known.findIndex(({ reach }) => reach === 0)
  const shown = known.slice(first, none < 0 ? known.length : none + 1)
  return shown.length === 0 ? [] : [table(
    [key(unitOf(situation)), right("hold"), right("of"), right("share")],
    shown.map(({ level, reach, seeds }) => [
      valueOf(situation, level),
      String(reach),
      String(seeds),
      percentOf(Math.round(reach / seeds * 100) / 100)
    ])
  )]
}

const typicalSection = (capacity: Capacity, { level, run }: TypicalRun): PageSection => {
  const { kernel, loaded } = capacity.situation
  const at = `${valueOf(capacity.situation, level)} ${unitOf(capacity.situation)}`
  return {
    title: `A typical run: ${at}`,
    drawings: [{
      svg: roomSvg(run),
      caption:
        `Seed ${run.seed}, the one in the middle by the first demand: what the clients do, what they swap, and how busy the servers are.`
    }],
    blocks: workloadTables({ plan: { kernels: [kernel], loaded }, runs: [run] })
  }
}

/** What stands on the page. `typical` are runs at the number and beyond it. */
export const capacityPage = (
  capacity: Capacity,
  bottleneck: Bottleneck | null,
  typical: ReadonlyArray<TypicalRun>
): PageContent => {
  const { loaded } = capacity.situation
  return {
    title: `${loaded.scenario.name}: capacity`,
    subtitle: subtitleOf(capacity),
    headline: headlineOf(capacity, bottleneck),
    sections: [
      {
        title: "How often a run holds",
        drawings: [{
          svg: capacitySvg(capacity),
          caption: "One seed is one morning: the same people at the same machines."
        }],
        blocks: curveBlocks(capacity)
      },
      ...(bottleneck === null ? [] : section("Limited by", limitBlocks(bottleneck))),
      ...section("What people feel", feelBlocks(capacity)),
      ...typical.map((each) => typicalSection(capacity, each)),
      ...assumptionSection(loaded),
      ...warningSection(loaded.warnings.map(formatFinding))
    ]
  }
}
