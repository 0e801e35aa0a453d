// How what is kept of a run is written to a file: a reduced run as JSON, which people can read, a whole one with its time
// series as MessagePack.
import { clientsOf, formatThreshold, type RunResult } from "@swaplab/cluster"
import type { CellResult } from "./cell.ts"
import { packResult, unpackResult } from "./codec.ts"
import type { Job } from "./plan.ts"

/** A way to write results of jobs. */
export interface Form<A> {
  /** Ends the names of its files. */
  readonly suffix: string
  /** Names that the result has in it, so that a run under another name is another one; null: it has none. */
  readonly namesOf: (job: Job) => ReadonlyArray<string> | null
  readonly pack: (result: A) => Uint8Array
  /** The result in such a file, or null where the file is damaged. */
  readonly unpack: (content: Uint8Array, job: Job) => A | null
}

const attempt = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}

const isCell = (value: unknown): value is CellResult =>
  typeof value === "object" && value !== null && "fingerprint" in value && "metrics" in value

/** Reduced runs. */
export const CELL_FORM: Form<CellResult> = {
  suffix: "json",
  // what a run was ended for is part of what it is
  namesOf: ({ earlyStop, loaded }) =>
    earlyStop === undefined
      ? null
      : [
        ...(earlyStop.lockup ? ["lockup"] : []),
        ...earlyStop.thresholds.map((threshold) => formatThreshold(threshold, loaded.workloads))
      ],
  pack: (cell) => new TextEncoder().encode(`${JSON.stringify(cell)}\n`),
  unpack: (content, { kernel }) => {
    const cell: unknown = attempt(() => JSON.parse(new TextDecoder().decode(content)))
    // the same kernel may have had another name
    return isCell(cell) ? { ...cell, kernel } : null
  }
}

/** Whole runs. */
export const RUN_FORM: Form<RunResult> = {
  suffix: "msgpack",
  namesOf: ({ kernel, loaded: { scenario } }) => [
    scenario.name,
    kernel,
    ...clientsOf(scenario, kernel).map((client) => client.kernel)
  ],
  pack: packResult,
  unpack: (content) => {
    const run = attempt(() => unpackResult(content))
    return run !== null && typeof run === "object" && "fingerprint" in run ? run : null
  }
}
