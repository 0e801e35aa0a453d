// How processes of a workload end.

/** What each exit means, worst first. A client is judged by its worst one. */
const EXITS = {
  corruption: "a page did not hold what was written to it",
  "lost-swap": "a page that had been swapped out read as zeroes, because the server had forgotten it",
  sigbus: "a page could not be read back from swap",
  killed: "SIGKILL, as a rule from the OOM killer",
  completed: "it has done what it was to do"
} as const satisfies Record<string, string>

/** How a process ended. */
export type ProcessExit = keyof typeof EXITS

/** The worst of some exits; `completed` when there are none. */
export const worstExit = (exits: ReadonlyArray<ProcessExit>): ProcessExit => {
  const order = Object.keys(EXITS) as ReadonlyArray<ProcessExit>
  return order.find((exit) => exits.includes(exit)) ?? "completed"
}
