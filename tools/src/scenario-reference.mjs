// @ts-check
// Writes docs/reference/scenario.md: every key of a scenario, from the JSON Schema, with the patches and the metrics from
// the tables that the code itself uses. Run it after a build: `npx tsc -b && node tools/src/scenario-reference.mjs`.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { read, root } from "./workspace.mjs"

export const REFERENCE = "docs/reference/scenario.md"

/** The built modules with the tables. */
export const BUILT = { patches: "libs/kernel/dist/patches/patches.js", metrics: "libs/cluster/dist/run/metrics.js" }

/** @typedef {{ [key: string]: any }} Json */
/** @typedef {{ number: number, kind: string, name: string, meaning: string, commit: string, commitSeen: boolean }} Patch */
/** @typedef {{ scope: string, unit: { identifier: string } | null, meaning: string }} Metric */
/** @typedef {{ schema: Json, patches: ReadonlyArray<Patch>, metrics: Readonly<Record<string, Metric>> }} Sources */

/** Mappings and lists that are absent unless given; all others have a default in each of their keys. */
const OPTIONAL = ["compare", "map", "map.x", "map.y"]

/** Units by their names in the schema. @type {Readonly<Record<string, string>>} */
const TYPES = { Size: "size", Time: "time", Rate: "rate", Share: "percentage", WorkloadSize: "size, or `4x RAM`" }

const code = (/** @type {unknown} */ value) =>
  `\`${typeof value === "string" ? (value === "" ? "\"\"" : value) : JSON.stringify(value)}\``

/** The type of a property in a few words. @type {(property: Json) => string} */
const typeOf = (property) => {
  if (property["$ref"] !== undefined) return TYPES[property["$ref"].split("/").pop()] ?? "text"
  if (Array.isArray(property.enum)) return property.enum.map(code).join(", ")
  if (property.allOf !== undefined) {
    const range = /, (at (?:least|most) .*)$/.exec(property.title ?? "")
    return typeOf(property.allOf[0]) + (range === null ? "" : `, ${range[1]}`)
  }
  if (property.anyOf !== undefined) return [...new Set(property.anyOf.map(typeOf))].join(" or ")
  switch (property.type) {
    case "integer":
      return `${property.minimum} to ${property.maximum === 2 ** 53 - 1 ? "2^53 - 1" : property.maximum}`
    case "number":
      return property.title?.replace(/^a number from/, "number from") ?? "number"
    case "boolean":
      return "`true`, `false`"
    case "array":
      return `list of ${typeOf(property.items)}`
    case "object":
      return "mapping"
    default:
      return "text"
  }
}

const cell = (/** @type {string} */ text) => text.replaceAll("|", "\\|")

/** A table in dprint's format. @type {(head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) => string} */
const table = (head, rows) => {
  const all = [head, ...rows.map((row) => row.map(cell))]
  const width = head.map((_, i) => Math.max(3, ...all.map((row) => row[i].length)))
  const line = (/** @type {ReadonlyArray<string>} */ row) =>
    `| ${row.map((text, i) => text.padEnd(width[i])).join(" | ")} |`
  return [line(head), line(width.map((n) => "-".repeat(n))), ...all.slice(1).map(line)].join("\n")
}

/** The mapping inside a property, if there is one, and how its path goes on. @type {(property: Json) => [Json, string] | null} */
const inner = (property) => {
  if (property.type === "object" && Object.keys(property.properties ?? {}).length > 0) return [property, ""]
  if (property.type === "array" && property.items.type === "object") return [property.items, "[]"]
  if (property.type === "object" && property.additionalProperties?.type === "object") {
    return [property.additionalProperties, ".<name>"]
  }
  const list = property.anyOf?.find((/** @type {Json} */ part) => part.type === "array" && part.items.type === "object")
  if (list !== undefined) return [list.items, "[]"]
  const mapping = property.anyOf?.find((/** @type {Json} */ part) =>
    part.type === "object" && part.properties !== undefined
  )
  return mapping === undefined ? null : [mapping, ""]
}

/**
 * Rows of one mapping and of those inside it. `required` are the keys that must be there.
 * @type {(schema: Json, path: string, required: ReadonlyArray<string>) => ReadonlyArray<{ path: string, rows: ReadonlyArray<ReadonlyArray<string>>, missing: ReadonlyArray<string> }>}
 */
const sections = (schema, path, required) => {
  /** @type {Array<ReadonlyArray<string>>} */
  const rows = []
  /** @type {Array<string>} */
  const missing = []
  const below = []
  for (const [key, property] of Object.entries(/** @type {Record<string, Json>} */ (schema.properties))) {
    const full = path === "" ? key : `${path}.${key}`
    const into = full.endsWith(".patches") ? null : inner(property)
    const words = property.description ?? ""
    if (words === "") missing.push(full)
    const fallback = property.default !== undefined
      ? code(property.default)
      : required.includes(key)
      ? "required"
      : into === null || OPTIONAL.includes(full)
      ? "-"
      : "below"
    const others = property.anyOf?.filter((/** @type {Json} */ part) => into !== null && part.enum !== undefined) ?? []
    const type = into === null
      ? typeOf(property)
      : [...others.map(typeOf), `mapping \`${full}${into[1]}\``].join(" or ")
    rows.push([`\`${key}\``, type, fallback, words])
    if (into !== null) below.push(...sections(into[0], full + into[1], into[0].required ?? []))
  }
  return [{ path, rows, missing }, ...below]
}

/** Keys that nothing describes. @type {(schema: Json) => ReadonlyArray<string>} */
export const undescribed = (schema) => sections(schema, "", schema.else.required).flatMap(({ missing }) => missing)

/** The page. @type {(sources: Sources) => string} */
export const scenarioReference = ({ metrics, patches, schema }) => {
  const units = /** @type {ReadonlyArray<readonly [string, string]>} */ ([
    ["Size", "`64 MiB`"],
    ["Time", "`10 ms`"],
    ["Rate", "`1 Gbit`"],
    ["Share", "`5 %`"]
  ]).map(([name, example]) => [TYPES[name], example, schema["$defs"][name].description])
  const parts = sections(schema, "", schema.else.required)
  const unitOf = (/** @type {Metric} */ metric) => metric.unit === null ? "number" : TYPES[metric.unit.identifier]
  return [
    "# Scenario reference",
    "",
    "Every key of a scenario file, with unit, default and reason. This page is generated from the schema that checks the",
    "files (`scenarios/scenario.schema.json`); `node tools/src/scenario-reference.mjs` writes it.",
    "",
    "A scenario is one YAML 1.2 file of at most 10 MiB. An unknown key, a missing unit or a value out of range is an error",
    "with the path and the value; see [the command](command.md). A setting that has no effect in its scenario is a warning.",
    "The [glossary](../glossary.md) explains the words.",
    "",
    "## Quantities",
    "",
    "Every quantity has a unit. A plain number is refused where a unit is needed. Ranges are checked; the error message",
    "names them.",
    "",
    table(["kind", "example", "units"], units),
    "",
    ...parts.flatMap(({ path, rows }) => [
      path === "" ? "## Top of the file" : `## \`${path}\``,
      "",
      table(["key", "value", "default", "meaning and reason"], rows),
      ""
    ]),
    "## Patches",
    "",
    "Names for `kernels.<name>.base` (`v3.6 - nbd-memalloc + readahead-plug`, in which a number will do for a patch of the",
    "series) and for `kernels.<name>.patches`. A number is the place in the series as merged for 3.6, +1 the stream fix that",
    "came with the NFS series. Which base contains which patch, and what of a base nobody could check: `swaplab patches`.",
    "",
    table(
      ["no.", "name", "meaning", "comes from", "commit"],
      patches.map(({ commit, commitSeen, kind, meaning, name, number }) => [
        number > 0 ? String(number) : kind === "stream-fix" ? "+1" : "-",
        `\`${name}\``,
        meaning,
        kind,
        commit === "" ? "-" : `\`${commit}\`${commitSeen ? "" : " *"}`
      ])
    ),
    "",
    "\\* This commit id stood in no source that was read.",
    "",
    "## Metrics",
    "",
    "Names that a threshold can use: `client.faultLatency.p99 < 50 ms`. A metric of clients must hold for every client, one",
    "of the run for every run. `client.vmstat.NAME` exists for every counter of `/proc/vmstat`.",
    "",
    table(
      ["metric", "unit", "meaning"],
      Object.entries(metrics).map(([name, metric]) => [`\`${name}\``, unitOf(metric), metric.meaning])
    ),
    ""
  ].join("\n")
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = (/** @type {string} */ path) => import(pathToFileURL(join(root, path)).href)
  const { PATCHES } = await built(BUILT.patches)
  const { metricsOf } = await built(BUILT.metrics)
  const schema = JSON.parse(read("scenarios/scenario.schema.json"))
  writeFileSync(join(root, REFERENCE), scenarioReference({ schema, patches: PATCHES, metrics: metricsOf() }))
}
