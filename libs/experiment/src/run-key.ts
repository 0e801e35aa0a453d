// What decides a run, as a name for it: the build of swaplab, the machines and their kernels, the seed. What a scenario
// says about the experiment around the run (names, other kernels, other seeds, expectations, maps) does not.
import { clientsOf, kernelOf, type LoadedScenario, type Scenario, scenarioSchema } from "@swaplab/cluster"
import { Effect, Schema } from "effect"
import type { Job } from "./plan.ts"

/** Keys of a scenario that no single run depends on. */
const AROUND = ["name", "description", "seeds", "kernels", "compare", "expect", "thresholds", "slo", "map", "prices"]

/** A scenario as a file would write it, with what a run depends on only; keys in the order of the schema. */
const machinesOf = ({ scenario, workloads }: LoadedScenario): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(Schema.encodeSync(scenarioSchema(workloads))(scenario)).filter(([key]) => !AROUND.includes(key))
  )

/** The kernels that clients of a cell run, by client: their names do not matter. */
const kernelsOf = (scenario: Scenario, cell: string): ReadonlyArray<unknown> =>
  clientsOf(scenario, cell).map(({ kernel }) => {
    const { allocator, base, patches } = kernelOf(scenario, kernel)
    return [allocator, base, Object.entries(patches).sort(([a], [b]) => (a < b ? -1 : 1))]
  })

/** What all seeds of a place have in common, as text: machines and kernels. Encoding takes some milliseconds. */
interface PlaceText {
  readonly machines: string
  readonly kernels: Map<string, ReadonlyArray<unknown>>
}

const placeText = (loaded: LoadedScenario): PlaceText => {
  const known = PLACES.get(loaded)
  if (known !== undefined) return known
  const text = { machines: JSON.stringify(withoutKernelNames(machinesOf(loaded))), kernels: new Map() }
  PLACES.set(loaded, text)
  return text
}

const PLACES = new WeakMap<LoadedScenario, PlaceText>()

const knownKernels = (loaded: LoadedScenario, cell: string): ReadonlyArray<unknown> => {
  const { kernels } = placeText(loaded)
  const known = kernels.get(cell) ?? kernelsOf(loaded.scenario, cell)
  kernels.set(cell, known)
  return known
}

/** First half of the SHA-256 of a value's JSON, in hex. */
const digest = (value: unknown): Effect.Effect<string> =>
  Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value)))).pipe(
    Effect.map((hash) => Array.from(new Uint8Array(hash, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join(""))
  )

/**
 * Names a run. `engine` names the build of swaplab: another build may give another result. `names` are those that are part
 * of what is kept of it; null where nothing is called by a name there.
 */
export const runKey = (
  engine: string,
  { kernel, loaded, seed }: Job,
  names: ReadonlyArray<string> | null
): Effect.Effect<string> =>
  digest({
    engine,
    machines: placeText(loaded).machines,
    kernels: knownKernels(loaded, kernel),
    seed,
    ...(names === null ? {} : { names })
  })

/** Names a scenario whatever its kernels, seeds and expectations; `also` is what else decides which runs there are. */
export const scenarioKey = (loaded: LoadedScenario, also?: unknown): Effect.Effect<string> =>
  digest(also === undefined ? machinesOf(loaded) : [machinesOf(loaded), also])

const withoutKernelNames = (machines: Readonly<Record<string, unknown>>): unknown => ({
  ...machines,
  clients: (machines.clients as ReadonlyArray<object>).map((group) => ({ ...group, kernel: undefined }))
})
