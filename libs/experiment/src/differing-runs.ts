// In what two results of the same runs differ: run by run, and value by value. What the host spent is no part of it.
import { differencesAt, type Differing } from "./compare/scenario-difference.ts"

/** A run that is not the same in both results. */
export interface DifferingRun {
  readonly kernel: string
  readonly seed: number
  /** Its events differ; else only what was made of them. */
  readonly diverges: boolean
  /** Values that differ, by path within the run; at most `MOST`. */
  readonly values: ReadonlyArray<Differing>
}

/** Values of a run that are told. */
const MOST = 10

interface Run extends Readonly<Record<string, unknown>> {
  readonly kernel: string
  readonly seed: number
  readonly fingerprint: string
}

const runsIn = (result: unknown): ReadonlyMap<string, Run> =>
  new Map((result as { readonly runs: ReadonlyArray<Run> }).runs.map((run) => [`${run.kernel} ${run.seed}`, run]))

const withoutHost = ({ cpuSeconds: _cpu, ...run }: Run): Omit<Run, "cpuSeconds"> => run

/** Runs of two contents of result.json that differ; one that only one of them has differs in its events. */
export const differingRuns = (a: unknown, b: unknown): ReadonlyArray<DifferingRun> => {
  const [one, other] = [runsIn(a), runsIn(b)]
  return [...new Map([...one, ...other])].flatMap(([key, { kernel, seed }]) => {
    const [here, there] = [one.get(key), other.get(key)]
    if (here === undefined || there === undefined) {
      const lost = (run: Run | undefined): string => run === undefined ? "lost" : "there"
      return [{ kernel, seed, diverges: true, values: [{ what: "the run", a: lost(here), b: lost(there) }] }]
    }
    const values = differencesAt([], withoutHost(here), withoutHost(there))
    return values.length === 0
      ? []
      : [{ kernel, seed, diverges: here.fingerprint !== there.fingerprint, values: values.slice(0, MOST) }]
  })
}
