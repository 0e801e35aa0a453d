// Clients of a scenario one by one: names, kernels and sizes derived from the groups.
import { compareNatural, drawTime } from "@swaplab/config"
import { assert, type Nanoseconds, type Random } from "@swaplab/sim"
import type { KernelConfig } from "./kernels.ts"
import type { ClientGroup } from "./machines.ts"
import type { Scenario } from "./scenario.ts"

/** One client. */
export interface ClientSpec {
  /** Name of its group and its number in it, from 1. */
  readonly name: string
  /** The client whose chance it draws: itself, or one of the group that its own is the same as. */
  readonly chance: string
  readonly group: ClientGroup
  /** Name of its kernel in the scenario. */
  readonly kernel: string
}

/** All clients of one cell, sorted naturally by name. Groups without a kernel of their own get the cell's. */
export const clientsOf = (scenario: Scenario, cellKernel: string): ReadonlyArray<ClientSpec> =>
  scenario.clients
    .flatMap((group) =>
      Array.from({ length: group.count }, (_, i) => ({
        name: `${group.name}-${i + 1}`,
        chance: `${group.sameAs ?? group.name}-${i + 1}`,
        group,
        kernel: group.kernel ?? cellKernel
      }))
    )
    .sort((a, b) => compareNatural(a.name, b.name))

/** When a client starts. It draws from a stream of its own, so that another client changes nothing. */
export const startOf = (
  { clock }: Pick<Scenario, "clock">,
  { chance, group }: ClientSpec,
  stream: (...path: ReadonlyArray<string>) => Random
): Nanoseconds => drawTime(group.start, clock, stream(chance, "start"))

/** The kernel of that name. A name that the scenario does not have is our mistake: users' names are checked on loading. */
export const kernelOf = ({ kernels }: Pick<Scenario, "kernels">, name: string): KernelConfig => {
  assert(Object.hasOwn(kernels, name), `the scenario has no kernel called ${name}`)
  return kernels[name]
}
