// A scenario with as few lines as it needs: what stands at its default is left out.
import { isMapping, type Mapping } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import { Schema } from "effect"
import { scenarioSchema } from "./scenario.ts"

/** A scenario with every default, as a file would write it. */
const written = (given: unknown, workloads?: WorkloadTable): Mapping => {
  const schema = scenarioSchema(workloads)
  return Schema.encodeSync(schema)(Schema.decodeUnknownSync(schema)(given)) as unknown as Mapping
}

/** What an empty scenario becomes. */
const defaults = (workloads?: WorkloadTable): Mapping => written({ name: "x", kernels: {}, clients: [{}] }, workloads)

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** `given` without what is equal in `usual`; undefined when nothing is left. */
const without = (given: unknown, usual: unknown): unknown => {
  if (same(given, usual)) return undefined
  if (!isMapping(given) || !isMapping(usual)) return given
  const left = Object.entries(given).flatMap(([key, value]) => {
    const rest = without(value, usual[key])
    return rest === undefined ? [] : [[key, rest] as const]
  })
  return left.length === 0 ? undefined : Object.fromEntries(left)
}

/** The same scenario, without every value that is its default. It must be one that decodes. */
export const pruneScenario = (given: Mapping, workloads?: WorkloadTable): Mapping => {
  const { clients: [group], kernels: _kernels, name: _name, ...usual } = defaults(workloads) as Mapping & {
    readonly clients: ReadonlyArray<unknown>
  }
  const { clients, kernels, name, ...rest } = written(given, workloads) as Mapping & {
    readonly clients: ReadonlyArray<unknown>
    readonly kernels: Mapping
  }
  const { description, duration, seeds, ...others } = (without(rest, usual) ?? {}) as Mapping
  const head = Object.entries({ name, description, seeds, duration }).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(head),
    kernels: Object.fromEntries(
      Object.entries(kernels).map(([key, value]) => [key, without(value, { patches: {} }) ?? value])
    ),
    clients: clients.map((item) => without(item, group) ?? {}),
    ...others
  }
}
