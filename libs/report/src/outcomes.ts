// The first table: what became of each kernel.
import type { RunResult } from "@swaplab/cluster"
import { expectationOf, type ExperimentResult, type KernelSummary, summarise } from "@swaplab/experiment"
import { megabytes, NONE, seconds } from "./format.ts"
import { left, right, type Row, table, wrap } from "./table.ts"

const share = ({ lockup, lockupShare, runs }: KernelSummary): string =>
  runs === 0
    ? NONE
    : `${lockup}/${runs} (${Math.round(lockupShare.low * 100)}-${Math.round(lockupShare.high * 100)} %)`

/** Outcomes other than completion and lockup, with their counts. */
const others = (summary: KernelSummary): string => {
  const parts = (["corruption", "sigbus", "oom", "timeout", "stopped"] as const)
    .filter((outcome) => summary[outcome] > 0)
    .map((outcome) => `${outcome} ${summary[outcome]}`)
  return parts.length === 0 ? NONE : parts.join(", ")
}

/** Counts of outcomes over the seeds, and what the completed runs took. */
export const outcomeTable = (result: ExperimentResult): ReadonlyArray<string> => {
  const { scenario } = result.plan.loaded
  const summaries = summarise(result)
  // a column of its own only where there is something to say
  const other = summaries.some((summary) => others(summary) !== NONE)
  const rows = summaries.map((summary): Row => [
    summary.kernel,
    expectationOf(scenario, summary.kernel),
    `${summary.completed}/${summary.runs}`,
    share(summary),
    ...(other ? [others(summary)] : []),
    seconds(summary.lockupNs),
    seconds(summary.elapsedNs),
    seconds(summary.sysNs),
    megabytes(summary.swapInPerSecond),
    megabytes(summary.swapOutPerSecond)
  ])
  const columns = [
    left("kernel"),
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
    ...table(columns, rows),
    "",
    ...wrap([
      ..."Medians over seeds. elapsed, sys: completed runs. after: last progress before the lockup.".split(" "),
      ..."In brackets: 95 % interval (Wilson) of the share of lockups. in, out: swap of all clients.".split(" ")
    ])
  ]
}

/** Fingerprints of all runs of one kernel, by seed. */
export const fingerprintWords = (runs: ReadonlyArray<RunResult>): ReadonlyArray<string> =>
  runs.map((run) => `${run.seed}:${run.fingerprint}`)
