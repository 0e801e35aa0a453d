// Two letters for each way in which a run does not complete, for maps and narrow tables.
import type { LockupTaxonomy, Outcome } from "@swaplab/cluster"
import { type CellResult, endedRuns } from "@swaplab/experiment"

/** Classes of lockup first, in the order of their severity to read; then the other outcomes. */
const CLASS_CODES = {
  "tx starvation": "TX",
  "rx starvation": "RX",
  "request slots": "RQ",
  "isolated pages": "IS",
  "unrelated traffic": "UN",
  "dead network": "DN",
  "livelock in reclaim": "LL",
  "oom-rescued": "OR",
  unclassified: "LU"
} as const satisfies Readonly<Record<LockupTaxonomy, string>>

const OUTCOME_CODES = {
  corruption: "WP",
  "lost-swap": "LS",
  sigbus: "IO",
  oom: "OOM",
  timeout: "TO",
  stopped: "--"
} as const satisfies Readonly<Record<Exclude<Outcome, "completed" | "lockup">, string>>

/** Every code but that of stopped runs. */
export type EndedCode =
  | (typeof CLASS_CODES)[LockupTaxonomy]
  | Exclude<(typeof OUTCOME_CODES)[keyof typeof OUTCOME_CODES], "--">

/** What a code stands for. */
export const CODE_WORDS: ReadonlyMap<string, string> = new Map<string, string>([
  ...Object.entries(CLASS_CODES).map(([words, code]) => [code, words] as const),
  [OUTCOME_CODES.corruption, "wrong page"],
  [OUTCOME_CODES["lost-swap"], "lost swap"],
  [OUTCOME_CODES.sigbus, "SIGBUS"],
  [OUTCOME_CODES.oom, "OOM kill"],
  [OUTCOME_CODES.timeout, "time-out"],
  [OUTCOME_CODES.stopped, "stopped"]
])

/** Code of a run; null for one that completed. */
const codeOf = (run: CellResult): string | null => {
  switch (run.outcome) {
    case "completed":
      return null
    case "lockup":
      return CLASS_CODES[run.lockup?.taxonomy ?? "unclassified"]
    case "timeout":
      return run.lockup === null ? OUTCOME_CODES.timeout : CLASS_CODES[run.lockup.taxonomy]
    default:
      return OUTCOME_CODES[run.outcome]
  }
}

/** Codes of runs with their counts, in the order of the legend. */
export const codeCounts = (runs: ReadonlyArray<CellResult>): ReadonlyArray<readonly [code: string, count: number]> => {
  const counts = new Map<string, number>()
  for (const run of runs) {
    const code = codeOf(run)
    if (code !== null) counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  return [...CODE_WORDS.keys()].flatMap((code) => {
    const count = counts.get(code)
    return count === undefined ? [] : [[code, count] as const]
  })
}

/** What became of the runs of a field of a map. */
export interface FieldCounts {
  readonly completed: number
  /** Runs that came to their own end: what the share of completed runs is taken of. */
  readonly ended: number
  /** Codes of those that did not complete with their counts; the count of a code that is all of them is null. */
  readonly codes: ReadonlyArray<readonly [code: string, count: number | null]>
}

/** Counts the runs of a field. Stopped ones are among the codes only. */
export const fieldCounts = (runs: ReadonlyArray<CellResult>): FieldCounts => {
  const ended = endedRuns(runs)
  return {
    completed: ended.filter(({ outcome }) => outcome === "completed").length,
    ended: ended.length,
    codes: codeCounts(runs).map(([code, n]) => [code, n === ended.length && code !== OUTCOME_CODES.stopped ? null : n])
  }
}

/** Runs in a field of a map: `5/5`, `1/5 TX3 RX1`, `1/1 --2`; a dot where nothing was run. */
export const cellText = (runs: ReadonlyArray<CellResult>): string => {
  if (runs.length === 0) return "."
  const { codes, completed, ended } = fieldCounts(runs)
  return [`${completed}/${ended}`, ...codes.map(([code, n]) => `${code}${n ?? ""}`)].join(" ")
}

/** The codes that occur, in words: `TX tx starvation, TO time-out`. */
export const codeLegend = (runs: ReadonlyArray<CellResult>): string =>
  codeCounts(runs).map(([code]) => `${code} ${CODE_WORDS.get(code)}`).join(", ")
