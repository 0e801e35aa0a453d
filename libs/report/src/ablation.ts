// The report of an ablation: a table of kernels for each allocator, then what each patch does for this load.
import {
  type AblationResult,
  type Allocator,
  type PatchEffect,
  type PatchFinding,
  type VariantSummary
} from "@swaplab/experiment"
import { count, decimal, NONE, seconds } from "./format.ts"
import { CODE_WORDS, codeCounts } from "./outcome-codes.ts"
import { fold, left, right, type Row, section, table, wrap } from "./table.ts"

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

const interval = ({ completed, completedShare: { high, low }, runs }: VariantSummary): string =>
  runs === 0 ? NONE : `${completed}/${runs} (${Math.round(low * 100)}-${Math.round(high * 100)} %)`

/** Codes of what did not complete: `TX8 RX2`. */
const failuresOf = (result: AblationResult, { variant }: VariantSummary): string => {
  const counts = codeCounts(result.runs.filter(({ kernel }) => kernel === variant.kernel))
  return counts.length === 0 ? NONE : counts.map(([code, n]) => `${code}${n}`).join(" ")
}

const COLUMNS = [
  left("kernel"),
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
      return `no effect: equal fingerprints in ${equal} of ${seeds} seeds`
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

const patchLines = (findings: ReadonlyArray<PatchFinding>, side: "without" | "alone"): ReadonlyArray<string> =>
  findings.flatMap((finding) => {
    const effect = finding[side]
    return effect === null
      ? []
      : fold(`  ${patchLabel(finding.number, finding.patch).padEnd(24)} ${effectText(effect)}`)
  })

/** Verdicts by patch: `slab-micro-opt, throttle-counter`. */
const namesOf = (findings: ReadonlyArray<PatchFinding>, side: "without" | "alone", verdict: string): string =>
  findings.filter((finding) => finding[side]?.verdict === verdict).map(({ patch }) => patch).join(", ")

/** The answer in a few lines: what is necessary, what is sufficient, what does nothing. */
const summaryLines = (result: AblationResult, allocator: Allocator): ReadonlyArray<string> => {
  const { base, vanilla } = result.plan
  const findings = result.findings.filter((finding) => finding.allocator === allocator)
  const line = (words: string, names: string): ReadonlyArray<string> =>
    names === "" ? [] : fold(`  ${allocator}: ${words}: ${names}`)
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

const LEGEND = (
  "Times in simulated seconds. after: last progress before the lockup. parked: pgscan_direct_throttle. drops: packets "
  + "lost on the client for want of memory or of a descriptor. filter: packets made of the reserve that sk_filter "
  + "discarded. reserve: least free pages of the zone that went deepest, and its min watermark. Medians over seeds, for "
  + "reserve the least."
).split(" ")

const legend = (result: AblationResult): ReadonlyArray<string> => {
  const codes = codeCounts(result.runs).map(([code]) => `${code} ${CODE_WORDS.get(code)}`).join(", ")
  return wrap([
    ..."In brackets: 95 % interval (Wilson) of the share of runs that complete.".split(" "),
    ...(codes === "" ? [] : `else: ${codes}.`.split(" ")),
    ...LEGEND
  ])
}

const allocatorSections = (result: AblationResult, allocator: Allocator): ReadonlyArray<string> => {
  const { base, vanilla } = result.plan
  const summaries = result.summaries.filter(({ variant }) => variant.allocator === allocator)
  const findings = result.findings.filter((finding) => finding.allocator === allocator)
  return [
    ...section(`Kernels with ${allocator.toUpperCase()}`, table(COLUMNS, summaries.map((item) => rowOf(result, item)))),
    ...section(`Each patch taken out of ${base}, ${allocator.toUpperCase()}`, patchLines(findings, "without")),
    ...section(`Each patch alone on ${vanilla}, ${allocator.toUpperCase()}`, patchLines(findings, "alone"))
  ]
}

const faults = (result: AblationResult): ReadonlyArray<string> => [
  ...result.runs.flatMap(({ brokenLaws, kernel, seed }) =>
    brokenLaws.flatMap((law) => fold(`  ${kernel}, seed ${seed}: ${law}`))
  ),
  ...result.failures.flatMap((failure) => fold(`  ${failure.message}`))
]

/** The report, ready to be printed: at most about 100 columns, ends with a line feed. */
export const renderAblation = (result: AblationResult): string => {
  const { interrupted, plan, runs } = result
  const { name } = plan.loaded.scenario
  const lines = [
    `${name} (${plan.loaded.file})`,
    `  ${plan.variants.length} kernels x ${plan.seeds.length} ${
      plan.seeds.length === 1 ? "seed" : "seeds"
    }: ${plan.base}, each patch taken out of it, ${plan.vanilla}${
      plan.variants.some(({ change }) => change === "with") ? ", each patch put on it" : ""
    }`,
    "",
    ...(interrupted ? [`Interrupted: ${runs.length} of ${plan.jobs.length} runs were measured.`, ""] : []),
    ...plan.allocators.flatMap((allocator) => allocatorSections(result, allocator)),
    ...legend(result),
    "",
    ...section("Necessary and sufficient", plan.allocators.flatMap((allocator) => summaryLines(result, allocator))),
    ...section("Broken laws and lost runs: faults of swaplab, please report them", faults(result)),
    ...section("Warnings", plan.loaded.warnings.flatMap((warning) => fold(`  ${warning}`)))
  ]
  return `${lines.join("\n").trimEnd()}\n`
}
