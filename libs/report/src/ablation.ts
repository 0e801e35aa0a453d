// The report of an ablation: a table of kernels for each allocator, then what each patch does for this load.
import { formatFinding, plural } from "@swaplab/config"
import {
  type AblationResult,
  type Allocator,
  type PatchEffect,
  type PatchFinding,
  type VariantSummary
} from "@swaplab/experiment"
import {
  type Block,
  type Cell,
  type Document,
  item,
  key,
  left,
  paragraph,
  prose,
  right,
  type Row,
  section,
  table,
  type Tone,
  toned
} from "./document.ts"
import { faultSection, interruption, warningSection } from "./faults.ts"
import { count, decimal, NONE, seconds } from "./format.ts"
import { CODE_WORDS, codeCounts } from "./outcome-codes.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** ` 4 softirq-memalloc`, `-14 nbd-memalloc`, `  + rmem-exemption`. */
const patchLabel = (number: number, name: string, sign = ""): string =>
  `${`${sign}${number === 0 ? "" : number}`.padStart(sign === "" ? 2 : 3)} ${name}`

const nameOf = (result: AblationResult, { variant }: VariantSummary): string => {
  switch (variant.change) {
    case "all":
      return result.plan.base
    case "vanilla":
      return result.plan.vanilla
    default:
      return patchLabel(variant.number, variant.patch ?? "", variant.change === "without" ? "-" : "+")
  }
}

const interval = ({ completed, completedShare: { high, low }, runs }: VariantSummary): Cell =>
  runs === 0
    ? NONE
    : toned(
      `${completed}/${runs} (${Math.round(low * 100)}-${Math.round(high * 100)} %)`,
      completed === runs ? "good" : completed === 0 ? "bad" : "warn"
    )

/** Codes of what did not complete: `TX8 RX2`. */
const failuresOf = (result: AblationResult, { variant }: VariantSummary): string => {
  const counts = codeCounts(result.runs.filter(({ kernel }) => kernel === variant.kernel))
  return counts.length === 0 ? NONE : counts.map(([code, n]) => `${code}${n}`).join(" ")
}

const COLUMNS = [
  key("kernel"),
  right("completed"),
  left("else"),
  right("after"),
  right("elapsed"),
  right("parked"),
  right("drops"),
  right("filter"),
  right("reserve")
]

const rowOf = (result: AblationResult, summary: VariantSummary): Row => [
  nameOf(result, summary),
  interval(summary),
  failuresOf(result, summary),
  seconds(summary.lockupNs),
  seconds(summary.elapsedNs),
  count(summary.throttles),
  count(summary.drops),
  count(summary.filterDrops),
  summary.lowWater === null ? NONE : `${summary.lowWater.lowestFree}/${summary.lowWater.min}`
]

const share = ({ completedShare: { high, low } }: VariantSummary): string =>
  `${Math.round(low * 100)}-${Math.round(high * 100)} %`

const signed = (value: number): string => `${value > 0 ? "+" : ""}${decimal(value)}`

/** Elapsed time, by seed, where both kernels complete. */
const elapsedText = ({ elapsedDifference: difference }: PatchEffect): string =>
  difference === null || !Number.isFinite(difference.low)
    ? ""
    : `, elapsed ${signed(difference.value)} s (${signed(difference.low)} to ${signed(difference.high)})`

/** What a patch does, in one line without the name of the patch. */
const effectText = (effect: PatchEffect): string => {
  const { changed, equal, reference, seeds, verdict } = effect
  const counts = `${changed.completed}/${changed.runs} complete (${share(changed)})`
  const before = `${reference.completed}/${reference.runs}`
  const classes = changed.classes.map(([name, n]) => `${name} ${n}`).join(", ")
  const why = `${classes === "" ? "" : `; ${classes}`}${changed.stuck === null ? "" : `; stuck: ${changed.stuck}`}`
  switch (verdict) {
    case "not run":
      return "not run"
    case "no effect":
      return `no effect: equal fingerprints in ${equal} of ${plural(seeds, "seed")}`
    case "necessary":
    case "helps":
    case "harms":
    case "undecided":
      return `${verdict}: ${counts} instead of ${before}${why}`
    case "sufficient":
      return `sufficient: ${counts} instead of ${before}`
    case "not needed":
      return `not needed: ${counts}${elapsedText(effect)}`
    case "not enough":
      return `not enough: ${counts}${why}`
    case "nothing to show":
      return `nothing to show: ${counts}, ${before} before${elapsedText(effect)}`
  }
}

/** What of a verdict a reader should see at once. */
const VERDICT_TONES: Readonly<Partial<Record<PatchEffect["verdict"], Tone>>> = {
  necessary: "strong",
  sufficient: "good",
  helps: "good",
  harms: "bad",
  undecided: "warn"
}

const EFFECTS = [key(""), prose("")]

const patchTable = (findings: ReadonlyArray<PatchFinding>, side: "without" | "alone"): ReadonlyArray<Block> => {
  const rows = findings.flatMap((finding): ReadonlyArray<Row> => {
    const effect = finding[side]
    return effect === null
      ? []
      : [[
        patchLabel(finding.number, finding.patch),
        toned(effectText(effect), VERDICT_TONES[effect.verdict] ?? null)
      ]]
  })
  return rows.length === 0 ? [] : [table(EFFECTS, rows)]
}

/** Verdicts by patch: `slab-micro-opt, throttle-counter`. */
const namesOf = (findings: ReadonlyArray<PatchFinding>, side: "without" | "alone", verdict: string): string =>
  findings.filter((finding) => finding[side]?.verdict === verdict).map(({ patch }) => patch).join(", ")

/** The answer in a few lines: what is necessary, what is sufficient, what does nothing. */
const summaryLines = (result: AblationResult, allocator: Allocator): ReadonlyArray<Block> => {
  const { base, vanilla } = result.plan
  const findings = result.findings.filter((finding) => finding.allocator === allocator)
  const line = (words: string, names: string): ReadonlyArray<Block> =>
    names === "" ? [] : [item(`  ${allocator}: ${words}: ${names}`)]
  return [
    ...line(`necessary in ${base}`, namesOf(findings, "without", "necessary") || "none"),
    ...line(`helps in ${base}`, namesOf(findings, "without", "helps")),
    ...line(`undecided in ${base}, more seeds would tell`, namesOf(findings, "without", "undecided")),
    ...line(`does harm in ${base}`, namesOf(findings, "without", "harms")),
    ...line(`no effect in ${base}`, namesOf(findings, "without", "no effect")),
    ...(findings.some(({ alone }) => alone !== null)
      ? [
        ...line(`sufficient on ${vanilla}`, namesOf(findings, "alone", "sufficient") || "none"),
        ...line(`helps on ${vanilla}`, namesOf(findings, "alone", "helps")),
        ...line(`undecided on ${vanilla}`, namesOf(findings, "alone", "undecided")),
        ...line(`does harm on ${vanilla}`, namesOf(findings, "alone", "harms")),
        ...line(`no effect on ${vanilla}`, namesOf(findings, "alone", "no effect"))
      ]
      : [])
  ]
}

const LEGEND =
  "Times in simulated seconds. after: last progress before the lockup. parked: pgscan_direct_throttle. drops: packets "
  + "lost on the client for want of memory or of a descriptor. filter: packets made of the reserve that sk_filter "
  + "discarded. reserve: least free pages of the zone that went deepest, and its min watermark. Medians over seeds, for "
  + "reserve the least."

const legend = (result: AblationResult): Document => {
  const codes = codeCounts(result.runs).map(([code]) => `${code} ${CODE_WORDS.get(code)}`).join(", ")
  const words = codes === "" ? "" : `else: ${codes}. `
  return section(null, [
    paragraph(`In brackets: 95 % interval (Wilson) of the share of runs that complete. ${words}${LEGEND}`)
  ])
}

const allocatorSections = (result: AblationResult, allocator: Allocator): Document => {
  const { base, vanilla } = result.plan
  const summaries = result.summaries.filter(({ variant }) => variant.allocator === allocator)
  const findings = result.findings.filter((finding) => finding.allocator === allocator)
  const name = allocator.toUpperCase()
  return [
    ...section(`Kernels with ${name}`, [table(COLUMNS, summaries.map((summary) => rowOf(result, summary)))]),
    ...section(`Each patch taken out of ${base}, ${name}`, patchTable(findings, "without")),
    ...section(`Each patch alone on ${vanilla}, ${name}`, patchTable(findings, "alone"))
  ]
}

/** What the report of an ablation says. */
const ablationDocument = (result: AblationResult): Document => {
  const { failures, interrupted, plan, runs } = result
  const { name } = plan.loaded.scenario
  const seeds = plan.seeds.length === 1 ? "seed" : "seeds"
  const plus = plan.variants.some(({ change }) => change === "with") ? ", each patch put on it" : ""
  return [
    ...section(null, [
      item(`${name} (${plan.loaded.file})`, "strong"),
      item(
        `  ${plan.variants.length} kernels x ${plan.seeds.length} ${seeds}: ${plan.base}, each patch taken out of it, ${plan.vanilla}${plus}`
      )
    ]),
    ...(interrupted ? interruption(runs.length, plan.jobs.length) : []),
    ...plan.allocators.flatMap((allocator) => allocatorSections(result, allocator)),
    ...legend(result),
    ...section("Necessary and sufficient", plan.allocators.flatMap((allocator) => summaryLines(result, allocator))),
    ...faultSection(runs, failures),
    ...warningSection(plan.loaded.warnings.map(formatFinding))
  ]
}

/** The report of an ablation as text; it ends with a line feed. */
export const renderAblation = (result: AblationResult, sheet: Sheet = PLAIN): string =>
  drawText(ablationDocument(result), sheet)
