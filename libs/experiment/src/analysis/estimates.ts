// The estimates of a scenario: defaults in force whose source the schema calls assumed, or measured on other machines, each
// with the range in which it may lie. They are found in the schema itself, so that a new default with a source takes part.
import { type LoadedScenario, scenarioJsonSchema, scenarioSchema } from "@swaplab/cluster"
import { formatPath, isMapping, type Mapping } from "@swaplab/config"
import { Schema } from "effect"

/** A default that may be wrong. */
export interface EstimatedDefault {
  readonly path: string
  readonly value: string
  /** Ends of its range, as a file has them. */
  readonly low: string
  readonly high: string
  readonly basis: string
  /** What the schema says about it. */
  readonly meaning: string
}

/** The estimates of a scenario, and what is known of its other defaults. */
export interface EstimatesFound {
  readonly estimates: ReadonlyArray<EstimatedDefault>
  /** Paths of estimates whose value the file gives: it is the user's then. */
  readonly given: ReadonlyArray<string>
}

type Path = ReadonlyArray<string | number>

const at = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[key] : undefined,
    root
  )

/** The schema that a reference of the JSON Schema stands for. */
const resolved = (schema: Mapping, definitions: Mapping): Mapping => {
  const { $ref } = schema
  if (typeof $ref !== "string") return schema
  const target = definitions[$ref.replace("#/$defs/", "")]
  return isMapping(target) ? { ...target, ...schema } : schema
}

/** Keys below a mapping of the schema, with the places in the scenario that they stand for. */
const below = (schema: Mapping, path: Path, value: unknown): ReadonlyArray<readonly [path: Path, schema: Mapping]> => {
  const { items, properties } = schema
  if (isMapping(properties)) {
    return Object.entries(properties).flatMap(([key, inner]) =>
      isMapping(inner) ? [[[...path, key], inner] as const] : []
    )
  }
  // lists that are not there have no entries
  if (isMapping(items) && Array.isArray(value)) return value.map((_, i) => [[...path, i], items] as const)
  return []
}

/** The estimates of a scenario. */
export const estimatesOf = ({ given, scenario, workloads }: LoadedScenario): EstimatesFound => {
  const schema = scenarioJsonSchema(workloads) as Mapping
  const definitions = isMapping(schema.$defs) ? schema.$defs : {}
  // with every default filled in: what is not there does not exist, such as a root image that no client has
  const whole: unknown = Schema.encodeSync(scenarioSchema(workloads))(scenario)
  const estimates: Array<EstimatedDefault> = []
  const own: Array<string> = []
  const visit = (raw: Mapping, path: Path): void => {
    if (at(whole, path) === undefined) return
    const part = resolved(raw, definitions)
    const source = part["x-source"]
    if (isMapping(source) && source.low !== undefined) {
      if (at(given, path) !== undefined) own.push(formatPath(path))
      else {
        estimates.push({
          path: formatPath(path),
          value: String(at(whole, path)),
          low: String(source.low),
          high: String(source.high),
          basis: String(source.basis),
          meaning: typeof part.description === "string" ? part.description : ""
        })
      }
    }
    for (const [inner, schemaOf] of below(part, path, at(whole, path))) visit(schemaOf, inner)
  }
  visit(schema, [])
  return { estimates, given: own }
}
