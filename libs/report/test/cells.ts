// Reduced runs that are made up, and maps and ablations of them.
import { decodeScenario, type LockupTaxonomy, type Outcome } from "@swaplab/cluster"
import {
  type AblationOptions,
  type AblationResult,
  type CellResult,
  concludeAblation,
  makeAblation,
  type OutcomeMap
} from "@swaplab/experiment"
import { Either } from "effect"

/** A run: `c` completed, `o` OOM, `t` time-out, `s` stopped, anything else a lockup of that class. */
export const cell = (seed: number, code: string, kernel = "slub", changes: Partial<CellResult> = {}): CellResult => {
  const outcomes: Readonly<Record<string, Outcome>> = { c: "completed", o: "oom", t: "timeout", s: "stopped" }
  const outcome = outcomes[code] ?? "lockup"
  return {
    kernel,
    seed,
    fingerprint: `${code}${seed}`,
    outcome,
    simulatedNs: 6e9,
    events: 1000,
    elapsedNs: (5 + seed) * 1e9,
    sysNs: 1e9,
    lockup: outcome !== "lockup" ? null : {
      client: "client-1",
      kind: "deadlock",
      taxonomy: code as LockupTaxonomy,
      sinceNs: seed * 1e8,
      allocation: `order:0, mode:0x10 (GFP_NOIO), DMA32 free ${100 + seed} <= floor 191 by client-1 nbd0`,
      firstFailure: code === "rx starvation"
        ? null
        : `order:3, mode:0x20 (GFP_ATOMIC), DMA32 free 9 <= floor 71 by softirq`
    },
    throttles: 2,
    drops: seed,
    filterDrops: 0,
    retransmits: 0,
    failedAllocations: 0,
    firstFailedAllocation: null,
    lowWater: { zone: "DMA32", lowestFree: 20 + seed, min: 191 },
    metrics: {},
    steady: { applied: false, reason: "made up" },
    brokenLaws: [],
    ...changes
  }
}

/** Rows of fields, each a list of codes, for one kernel. */
export const mapOfCodes = (
  rows: ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>>,
  names: { readonly xs: ReadonlyArray<string>; readonly ys: ReadonlyArray<string> | null; readonly kernel?: string }
): OutcomeMap => {
  const { kernel = "slub", xs, ys } = names
  return {
    plan: {
      x: { path: "clients.0.background.packetsPerSecond", values: xs },
      y: ys === null ? null : { path: "clients.0.nic.driver", values: ys },
      kernels: [kernel],
      seeds: [1, 2, 3]
    },
    cells: rows.flatMap((row, y) =>
      row.map((codes, x) => ({ kernel, x, y, runs: codes.map((code, i) => cell(i + 1, code, kernel)) }))
    )
  }
}

/** An ablation whose runs are made by `code`, from kernel and seed. */
export const ablationOf = (
  code: (kernel: string, seed: number) => string,
  options: Partial<AblationOptions> = {},
  interrupted = false
): AblationResult => {
  const loaded = Either.getOrThrow(
    decodeScenario(
      "fake.yaml",
      { name: "fake", seeds: 10, kernels: { a: { allocator: "slub", base: "v3.6" } }, clients: [{}] }
    )
  )
  const plan = Either.getOrThrow(
    makeAblation(loaded, { allocators: [], patches: [], base: "v3.6", vanilla: "v3.5", plus: true, ...options })
  )
  const results = new Map(plan.jobs.map(({ id, kernel, seed }) => [id, cell(seed, code(kernel, seed), kernel)]))
  return concludeAblation(plan, { results, found: 0, failures: [], interrupted })
}
