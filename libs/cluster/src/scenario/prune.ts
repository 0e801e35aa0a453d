// A scenario with as few lines as it needs: what stands at its default is left out.
import { isMapping, type Mapping } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import { Either, Schema } from "effect"
import { FaultEntry } from "./faults.ts"
import { scenarioSchema } from "./scenario.ts"
import { defaultServer } from "./servers.ts"

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

/** A fault without the keys that change nothing. */
const prunedFault = (fault: Mapping): Mapping => {
  const whole = (given: Mapping): unknown => {
    const decoded = Schema.decodeUnknownEither(FaultEntry)(given)
    return Either.isLeft(decoded) ? undefined : Schema.encodeSync(FaultEntry)(decoded.right)
  }
  return Object.keys(fault).reduce<Mapping>((least, key) => {
    const { [key]: _, ...less } = least
    return same(whole(less), whole(least)) ? less : least
  }, fault)
}

/** The same scenario, without every value that is its default. It must be one that decodes. */
export const pruneScenario = (given: Mapping, workloads?: WorkloadTable): Mapping => {
  const { clients: [group], kernels: _kernels, name: _name, ...usual } = defaults(workloads) as Mapping & {
    readonly clients: ReadonlyArray<unknown>
  }
  const { clients, kernels, name, server, servers, ...rest } = written(given, workloads) as Mapping & {
    readonly clients: ReadonlyArray<unknown>
    readonly kernels: Mapping
    readonly servers?: ReadonlyArray<unknown>
  }
  const one = without(server, defaultServer())
  const { description, duration, seeds, ...others } = (without(rest, usual) ?? {}) as Mapping
  const head = Object.entries({ name, description, seeds, duration }).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(head),
    kernels: Object.fromEntries(
      Object.entries(kernels).map(([key, value]) => [key, without(value, { patches: {} }) ?? value])
    ),
    clients: clients.map((item) => without(item, group) ?? {}),
    ...(one === undefined ? {} : { server: one }),
    ...(servers === undefined ? {} : { servers: servers.map((item) => without(item, defaultServer()) ?? {}) }),
    ...others,
    ...(Array.isArray(others.faults) && { faults: (others.faults as ReadonlyArray<Mapping>).map(prunedFault) })
  }
}
