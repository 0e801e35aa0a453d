// The proof of a lockup, a part of the result of a run: plain data like the rest of it. Times are simulated nanoseconds.
import type { WaitGraph } from "./wait-graph.ts"

/**
 * How firmly a lack of progress is known: `stall` (no user progress for a while, completions go on), `hang` (no
 * completion for long, with a task in uninterruptible sleep), `deadlock` (proved: no event is left that could free a
 * page or complete a request), `livelock` (requests complete all the time, and nearly all work is reclaim that frees
 * nothing).
 */
export const LOCKUP_KINDS = ["stall", "hang", "deadlock", "livelock"] as const
export type LockupKind = (typeof LOCKUP_KINDS)[number]

/** What starved. */
export const LOCKUP_TAXONOMIES = [
  "tx starvation",
  "rx starvation",
  "request slots",
  "isolated pages",
  "unrelated traffic",
  "dead network",
  "livelock in reclaim",
  "oom-rescued",
  "unclassified"
] as const
export type LockupTaxonomy = (typeof LOCKUP_TAXONOMIES)[number]

/** One task of a client at the moment of a lockup. */
export interface LockupTask {
  readonly task: string
  readonly state: string
  readonly waitQueue: string
  /** What would wake it. */
  readonly wokenBy: string
  readonly sinceNs: number
  readonly why: string
}

/** The allocation that cannot succeed. */
export interface LockupAllocation {
  readonly task: string
  readonly order: number
  readonly gfp: number
  /** Names of the gfp bits. */
  readonly flags: string
  readonly text: string
}

/** A zone at that moment, in pages: free against its watermarks and the floor that the allocation must keep. */
export interface LockupZone {
  readonly name: string
  readonly free: number
  readonly min: number
  readonly low: number
  readonly high: number
  /** The floor of GFP_ATOMIC. */
  readonly atomic: number
  readonly floor: number
  /** On a machine with memory nodes: a policy or a cpuset keeps the request that was refused from this zone. */
  readonly closed?: boolean
}

/** The allocation that failed first, as it was refused: the beginning of the lockup. */
export interface LockupFailure {
  readonly timeNs: number
  /** A task, or "softirq". */
  readonly task: string
  readonly order: number
  readonly gfp: number
  /** Names of the gfp bits, and of the ALLOC_ flags of the slow path. */
  readonly flags: string
  readonly allocFlags: string
  /** The attempt that the task gave up just before this one: SLUB asks for its preferred order first. */
  readonly before: { readonly timeNs: number; readonly order: number; readonly gfp: number } | null
  /** The zones it tried, in pages, the preferred one first. It fails where free is at the floor or below. */
  readonly zones: ReadonlyArray<
    { readonly name: string; readonly free: number; readonly min: number; readonly floor: number }
  >
}

/** The proof of a lockup. */
export interface LockupReport {
  readonly client: string
  readonly kind: LockupKind
  readonly taxonomy: LockupTaxonomy
  /** Which link carries nothing, or which server is away, and why; null where the network works. */
  readonly network: string | null
  /** Who scans and what is freed, for a livelock in reclaim; null otherwise. */
  readonly reclaim: string | null
  /** Faults of the scenario that were on then, possible causes. */
  readonly faults: ReadonlyArray<string>
  readonly atNs: number
  /** Last progress. */
  readonly sinceNs: number
  readonly tasks: ReadonlyArray<LockupTask>
  /** Who needs what, and who gives it. */
  readonly graph: WaitGraph
  /** The wait-for cycle in words, a line a node, then the node it comes back to. */
  readonly cycle: ReadonlyArray<string>
  /** The allocation that cannot succeed now, and the one that failed first. */
  readonly allocation: LockupAllocation | null
  readonly firstFailure: LockupFailure | null
  readonly zones: ReadonlyArray<LockupZone>
  readonly requestsOutstanding: number
  readonly lastCompletionNs: number
  /** All of the above as it is printed. */
  readonly text: string
}
