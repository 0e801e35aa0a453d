// Advice: what a user should know about a scenario that can be run. Most of it is about settings without effect.
import { type Finding, nodeAt, type Path, type Place, placeAt, quote, type Tree } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import type { Scenario } from "../scenario.ts"

/** A scenario, and what of it the user has written: a default that has no effect is not held against anybody. */
export interface Given {
  readonly scenario: Scenario
  readonly tree: Tree
  /** What its clients can run. */
  readonly workloads: WorkloadTable
}

/** A named piece of advice. */
export interface Advice {
  readonly name: string
  readonly of: (given: Given) => ReadonlyArray<Finding>
}

/** Whether something was written at a path. */
export const isGiven = ({ tree }: Given, path: Path): boolean => nodeAt(tree, path) !== undefined

/** Says that what stands at a path has no effect. */
export const noEffect = ({ tree }: Given, path: Path, reason: string): Finding => ({
  path,
  text: `${quote(nodeAt(tree, path))} has no effect: ${reason}`
})

/** A setting that has no effect under a condition; nothing is said where it was not written. */
export interface IdleRow<A> {
  /** From the value that the row is about. */
  readonly path: Path
  readonly idle: (value: A) => boolean
  readonly reason: string
}

/** What rows have to say about a value at a path. */
export const idleFindings = <A>(
  rows: ReadonlyArray<IdleRow<A>>,
  given: Given,
  at: Path,
  value: A
): ReadonlyArray<Finding> =>
  rows.flatMap(({ idle, path, reason }) => {
    const full = [...at, ...path]
    return isGiven(given, full) && idle(value) ? [noEffect(given, full, reason)] : []
  })

/** A finding with its place. */
export const placed = ({ tree }: Given, finding: Finding): Finding & { readonly place: Place } => ({
  ...finding,
  place: placeAt(tree, finding.path)
})
