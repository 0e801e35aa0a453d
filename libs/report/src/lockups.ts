// The proof of lockups: in full once a kernel, as counts for the other seeds.
import { type LockupReport, type RunResult } from "@swaplab/cluster"
import { plural } from "@swaplab/config"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { BLANK, type Block, item, lines } from "./document.ts"
import { seconds } from "./format.ts"

const reportsOf = (run: RunResult): ReadonlyArray<LockupReport> =>
  run.clients.flatMap((client) => (client.lockup === null ? [] : [client.lockup]))

/** Counts of equal words, the most frequent first: `deadlock 8, hang 2`. */
const counts = (words: ReadonlyArray<string>): string => {
  const found = new Map<string, number>()
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1)
  return [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word, n]) => `${word} ${n}`).join(", ")
}

/** The text of a lockup; its first line, which names the class, stands out. */
export const lockupLines = ({ text }: LockupReport, indent: number): ReadonlyArray<Block> => {
  const [first, ...rest] = text.trimEnd().split("\n")
  return [item(" ".repeat(indent) + first, "bad"), ...(rest.length === 0 ? [] : lines(rest.join("\n"), indent))]
}

const ofKernel = (kernel: string, runs: ReadonlyArray<RunResult>): ReadonlyArray<Block> => {
  const locked = runs.filter((run) => reportsOf(run).length > 0)
  if (locked.length === 0) return []
  const reports = locked.flatMap(reportsOf)
  const first = locked[0]
  const shown = reportsOf(first)[0]
  return [
    item(
      `  ${kernel}: lockups in ${locked.length} of ${plural(runs.length, "run")}, last progress after ${
        seconds(medianOf(reports.map((report) => report.sinceNs)))
      } s (median). ${counts(reports.map((report) => report.kind))}; ${
        counts(reports.map((report) => report.taxonomy))
      }`
    ),
    BLANK,
    item(`  Seed ${first.seed}, ${shown.client}:`),
    ...lockupLines(shown, 4),
    BLANK
  ]
}

/** Cycles that the OOM killer has broken: counts, and the first one in full. */
const rescuesOf = (kernel: string, runs: ReadonlyArray<RunResult>): ReadonlyArray<Block> => {
  const rescued = runs.flatMap((run) => run.clients.flatMap(({ rescue }) => (rescue === null ? [] : [{ run, rescue }])))
  if (rescued.length === 0) return []
  const [{ rescue, run }] = rescued
  const count = new Set(rescued.map((item) => item.run)).size
  return [
    item(
      `  ${kernel}: a cycle broken by the OOM killer in ${count} of ${
        plural(runs.length, "run")
      }. Seed ${run.seed}, ${rescue.client}:`
    ),
    ...lockupLines(rescue, 4),
    BLANK
  ]
}

/** Windows in which reclaim scanned and freed next to nothing: counts, and the first one in full. */
const livelocksOf = (kernel: string, runs: ReadonlyArray<RunResult>): ReadonlyArray<Block> => {
  const found = runs.flatMap((run) =>
    run.clients.flatMap(({ livelock, outcome }) => (livelock === null ? [] : [{ run, livelock, outcome }]))
  )
  if (found.length === 0) return []
  const [{ livelock, run }] = found
  const count = new Set(found.map((entry) => entry.run)).size
  const late = new Set(found.filter(({ outcome }) => outcome === "timeout").map((entry) => entry.run)).size
  return [
    item(
      `  ${kernel}: livelock in reclaim in ${count} of ${
        plural(runs.length, "run")
      }, ${late} of them not done when the time was up. Seed ${run.seed}, ${livelock.client}:`
    ),
    ...lockupLines(livelock, 4),
    BLANK
  ]
}

/** Closed cycles in which clients stood when the time was up: counts, and the first one in full. */
const standstillsOf = (kernel: string, runs: ReadonlyArray<RunResult>): ReadonlyArray<Block> => {
  const found = runs.flatMap((run) =>
    run.clients.flatMap(({ standstill }) => (standstill === null ? [] : [{ run, standstill }]))
  )
  if (found.length === 0) return []
  const [{ run, standstill }] = found
  const count = new Set(found.map((entry) => entry.run)).size
  return [
    item(
      `  ${kernel}: a closed cycle when the time was up, too short for a proof, in ${count} of ${
        plural(runs.length, "run")
      }. Seed ${run.seed}, ${standstill.client}:`
    ),
    ...lockupLines(standstill, 4),
    BLANK
  ]
}

/** Lockups of every kernel that has any. */
export const lockupSection = (result: ExperimentResult): ReadonlyArray<Block> =>
  result.plan.kernels.flatMap((kernel) => {
    const runs = runsOf(result.runs, kernel)
    return [
      ...ofKernel(kernel, runs),
      ...livelocksOf(kernel, runs),
      ...standstillsOf(kernel, runs),
      ...rescuesOf(kernel, runs)
    ]
  }).slice(0, -1)
