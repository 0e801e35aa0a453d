// The swap of each client of a scenario.
import { clientsOf, type Scenario } from "@swaplab/cluster"

const PAGE_BYTES = 4096

/** Whole pages only. */
export const swapOf = (
  scenario: Scenario,
  kernel: string
): ReadonlyArray<{ readonly name: string; readonly bytes: number }> =>
  clientsOf(scenario, kernel).map(({ group, name }) => ({
    name,
    bytes: Math.floor(group.swap / PAGE_BYTES) * PAGE_BYTES
  }))
