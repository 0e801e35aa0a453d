// The first table: what became of each kernel.
import type { RunResult } from "@swaplab/cluster"
import { expectationOf, type ExperimentResult, judge, type KernelSummary, summarise } from "@swaplab/experiment"
import { BLANK, type Block, type Cell, key, left, paragraph, right, type Row, table, toned } from "./document.ts"
import { megabytes, NONE, seconds } from "./format.ts"

const share = ({ lockup, lockupShare, runs }: KernelSummary): Cell =>
  runs === 0
    ? NONE
    : toned(
      `${lockup}/${runs} (${Math.round(lockupShare.low * 100)}-${Math.round(lockupShare.high * 100)} %)`,
      lockup > 0 ? "bad" : null
    )

/** Outcomes other than completion and lockup, with their counts. */
const others = (summary: KernelSummary): string => {
  const parts = (["corruption", "lost-swap", "sigbus", "oom", "timeout", "stopped"] as const)
    .filter((outcome) => summary[outcome] > 0)
    .map((outcome) => `${outcome} ${summary[outcome]}`)
  return parts.length === 0 ? NONE : parts.join(", ")
}

/** Counts of outcomes over the seeds, and what the completed runs took. */
export const outcomeTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const { scenario } = result.plan.loaded
  const summaries = summarise(result)
  const missed = new Set(judge(result).findings.filter(({ kind }) => kind !== "law").map(({ kernel }) => kernel))
  // a column of its own only where there is something to say
  const other = summaries.some((summary) => others(summary) !== NONE)
  const rows = summaries.map((summary): Row => {
    const all = summary.completed === summary.runs && summary.runs > 0
    return [
      summary.kernel,
      toned(expectationOf(scenario, summary.kernel), missed.has(summary.kernel) ? "bad" : null),
      toned(`${summary.completed}/${summary.runs}`, all ? "good" : null),
      share(summary),
      ...(other ? [toned(others(summary), others(summary) === NONE ? null : "warn")] : []),
      seconds(summary.lockupNs),
      seconds(summary.elapsedNs),
      seconds(summary.sysNs),
      megabytes(summary.swapInPerSecond),
      megabytes(summary.swapOutPerSecond)
    ]
  })
  const columns = [
    key("kernel"),
    left("expected"),
    right("completed"),
    right("locked up"),
    ...(other ? [left("other")] : []),
    right("after s"),
    right("elapsed s"),
    right("sys s"),
    right("in MB/s"),
    right("out MB/s")
  ]
  return [
    table(columns, rows),
    BLANK,
    paragraph(
      "Medians over seeds. elapsed, sys: completed runs (sys of time-outs where none completed). after: last progress before the lockup. "
        + "In brackets: 95 % interval (Wilson) of the share of lockups. in, out: swap of all clients."
    )
  ]
}

/** Fingerprints of all runs of one kernel, by seed. */
export const fingerprintWords = (runs: ReadonlyArray<RunResult>): ReadonlyArray<string> =>
  runs.map((run) => `${run.seed}:${run.fingerprint}`)
