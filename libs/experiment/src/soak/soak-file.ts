// The file of a soak test: what its swarm is narrowed to, and which findings are expected.
import { type LoadedScenario, loadScenario } from "@swaplab/cluster"
import {
  decodeTree,
  type Expected,
  field,
  type Files,
  type MappingNode,
  maybe,
  readWithIncludes,
  text
} from "@swaplab/config"
import { choice, type ConfigError, type Mapping, mistake } from "@swaplab/config"
import { Effect, Either, Schema } from "effect"
import { DIMENSIONS } from "./dimensions.ts"

/** Name of the kernel in the scenarios of a soak test. */
export const DRAWN_KERNEL = "drawn"

const values = Schema.Array(Schema.Unknown).pipe(
  Schema.minItems(1, { title: "a list of at least one value", jsonSchema: { minItems: 1 } })
)

const Swarm = Schema.Struct(
  Object.fromEntries([...DIMENSIONS].map(([name, { meaning }]) => [name, maybe(values, meaning)]))
) as unknown as Schema.Schema<Readonly<Record<string, ReadonlyArray<unknown>>>, unknown>

const Tolerated = Schema.Struct({
  finding: text.annotations({
    description: "Words of its signature: `lockup`, `lockup tx starvation`, `by client-# nbd-client`."
  }),
  kernels: field(
    choice("all", "without-series"),
    "all",
    "Of which kernels. without-series: those that lack a patch of the merged series or have another form of one."
  ),
  why: text.annotations({ description: "Why it is no surprise." })
})
/** Findings that are expected. */
export interface Tolerated extends Schema.Schema.Type<typeof Tolerated> {}

const SoakFile = Schema.Struct({
  $schema: maybe(text, "Where an editor finds the schema of this file."),
  name: text.annotations({ description: "Name of the soak test." }),
  description: field(text, "", "What it is about."),
  swarm: Schema.optionalWith(Swarm, { exact: true, default: () => ({}) }),
  tolerate: maybe(
    Schema.Array(Tolerated),
    "Findings that are expected. Without it: what kernels without the series do, and an nbd-client that finds no memory."
  )
})

/** What a soak test draws, and what it expects. */
export interface SoakPlan {
  readonly file: string
  readonly name: string
  /** Values by dimension: those of the file, else those of the table. */
  readonly swarm: ReadonlyMap<string, ReadonlyArray<unknown>>
  readonly tolerate: ReadonlyArray<Tolerated>
  /** The scenario that is run with one seed after the other, as a file has it; null: each seed draws one of its own. */
  readonly scenario: Mapping | null
  /** One run in a hundred fails by design, see canary.ts. */
  readonly canary: boolean
}

const TOLERATED: ReadonlyArray<Tolerated> = [
  { finding: "lockup", kernels: "without-series", why: "kernels without the series are known to lock up" },
  {
    finding: "no progress after the faults",
    kernels: "without-series",
    why: "kernels without the series are known to lock up, with packets of others too slowly for a proof"
  },
  {
    finding: "by client-# nbd-client",
    kernels: "all",
    why: "nbd-client needs memory to connect again, and what would free some waits for that connection"
  }
]

const planOf = (
  file: string,
  { name, swarm, tolerate = TOLERATED }: Schema.Schema.Type<typeof SoakFile>
): SoakPlan => ({
  file,
  name,
  scenario: null,
  canary: false,
  swarm: new Map([...DIMENSIONS].map(([key, { choices }]) => [key, swarm[key] ?? choices])),
  tolerate
})

/** Everything, as it stands in the table. */
export const EVERYTHING: SoakPlan = planOf("the whole swarm", { name: "soak", description: "", swarm: {} })

const EXPECTED: Expected = { what: "a soak test", top: "a soak test: a mapping with name, swarm and tolerate" }
const MAX_BYTES = 1024 * 1024

/** The plan of a file as a tree. */
const decodeSoak = (file: string, tree: MappingNode): Either.Either<SoakPlan, ConfigError> =>
  Either.map(decodeTree(SoakFile, [], tree), (decoded) => planOf(file, decoded))

/** The plan that runs a scenario again and again, with its one kernel. */
const planOfScenario = (file: string, { given }: LoadedScenario): Either.Either<SoakPlan, ConfigError> => {
  const kernels = Object.entries(given.kernels as Mapping)
  if (kernels.length !== 1) {
    return Either.left(mistake(`${file}: kernels`, "a soak test runs a scenario with one kernel"))
  }
  const { compare: _compare, expect: _expect, map: _map, ...rest } = given
  return Either.right({
    ...EVERYTHING,
    file,
    name: String(given.name),
    scenario: { ...rest, kernels: { [DRAWN_KERNEL]: kernels[0][1] }, expect: { default: "any" } }
  })
}

/** Loads the file of a soak test: what its swarm is narrowed to, or a scenario, which has clients. */
export const loadSoak = (file: string): Effect.Effect<SoakPlan, ConfigError, Files> =>
  Effect.flatMap(
    readWithIncludes(file, { expected: EXPECTED, maxBytes: MAX_BYTES, own: ["$schema", "include"] }),
    (tree) =>
      tree.entries.has("clients")
        ? Effect.flatMap(loadScenario(file), (loaded) => planOfScenario(file, loaded))
        : decodeSoak(file, tree)
  )
