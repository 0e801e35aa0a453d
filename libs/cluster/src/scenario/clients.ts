// Clients of a scenario one by one: names, kernels and sizes derived from the groups.
import { type Bytes, compareNatural } from "@swaplab/config"
import { assert } from "@swaplab/sim"
import { backgroundBytes } from "./background.ts"
import type { KernelConfig } from "./kernels.ts"
import type { ClientGroup } from "./machines.ts"
import type { Scenario } from "./scenario.ts"

/** One client. */
export interface ClientSpec {
  /** Name of its group and its number in it, from 1. */
  readonly name: string
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
        group,
        kernel: group.kernel ?? cellKernel
      }))
    )
    .sort((a, b) => compareNatural(a.name, b.name))

/** Bytes that usemem maps on a client, all processes together. */
export const usememBytes = (group: ClientGroup): Bytes => {
  const { size } = group.workload.usemem
  return "bytes" in size ? size.bytes : Math.round(size.timesRam * group.ram)
}

/** The largest share of RAM and swap that MMTests lets usemem map. source: MMTests, shellpack-bench-micro */
const USEMEM_SHARE = 0.7

/** Whether the load of a client leaves RAM and swap the room that MMTests wants. */
export const fitsSwap = (group: ClientGroup): boolean => group.swap >= neededSwap(group)

/** Swap that a client needs for its workload and the anonymous memory of its background loads. */
export const neededSwap = (group: ClientGroup): Bytes =>
  Math.max(0, Math.ceil((usememBytes(group) + backgroundBytes(group.background)) / USEMEM_SHARE) - group.ram)

/** The kernel of that name. A name that the scenario does not have is our mistake: users' names are checked on loading. */
export const kernelOf = ({ kernels }: Pick<Scenario, "kernels">, name: string): KernelConfig => {
  assert(Object.hasOwn(kernels, name), `the scenario has no kernel called ${name}`)
  return kernels[name]
}
