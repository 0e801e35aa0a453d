// What becomes of a client in a replay with other patches, against the run without.
import type { ClientResult, PatchName, RunResult } from "@swaplab/cluster"
import type { SavedLockup } from "./saved-result.ts"

/** What became of the client with other patches. */
export type Fate =
  /** Its workload ran to its end, and no cycle closed. */
  | "saved"
  /** It locked up, later than without. */
  | "later"
  /** It locked up at the same time. */
  | "locked up"
  /** Its workload ran to its end after the OOM killer had broken a cycle, as it does without the patches. */
  | "rescued"
  /** A process was killed for lack of memory. */
  | "oom"
  /** A page could not be read back, which killed a process. */
  | "sigbus"
  /** The server had forgotten what a process had swapped out. */
  | "lost-swap"
  /** A page came back with another content. */
  | "corruption"
  /** It still ran when the time was up. */
  | "alive"
  /** Not run: the patch cannot matter here, or only a boot exchanges it. */
  | "not tried"

/** A replay with patches switched on. */
export interface Counterfactual {
  readonly patches: ReadonlyArray<PatchName>
  readonly fate: Fate
  /** End of the run, or the last progress before the other lockup; null where there is none. */
  readonly ns: number | null
  /** Why it was not tried, or how it locked up; empty otherwise. */
  readonly reason: string
  /** Not one event differs from the run without. */
  readonly unchanged: boolean
}

/** What the outcome of a client without a lockup says. Nothing that is as without the patches is their merit. */
const withoutLockup = ({ outcome, rescue }: ClientResult, unchanged: boolean): Fate => {
  switch (outcome) {
    case "completed":
      return rescue !== null || unchanged ? "rescued" : "saved"
    case "oom":
    case "sigbus":
    case "lost-swap":
    case "corruption":
      return outcome
    default:
      return "alive"
  }
}

/** What became of the client of a lockup in `run`, against `base`, the run without the patches. */
export const fateOf = (
  run: RunResult,
  base: RunResult,
  { client, sinceNs }: Pick<SavedLockup, "client" | "sinceNs">,
  patches: ReadonlyArray<PatchName>
): Counterfactual => {
  const found = run.clients.find(({ name }) => name === client)
  const unchanged = run.fingerprint === base.fingerprint
  if (found === undefined) return { patches, fate: "alive", ns: null, reason: "", unchanged }
  const { lockup, outcome } = found
  // a wrong page outweighs a lockup, as it does in the outcome of a client
  if (lockup !== null && outcome !== "corruption") {
    return {
      patches,
      fate: lockup.sinceNs > sinceNs ? "later" : "locked up",
      ns: lockup.sinceNs,
      reason: lockup.taxonomy,
      unchanged
    }
  }
  const fate = withoutLockup(found, unchanged)
  return { patches, fate, ns: fate === "alive" ? null : run.simulatedNs, reason: "", unchanged }
}
