// @ts-check
// Writes docs/reference/scenario.md: every key of a scenario, from the JSON Schema, with the patches and the metrics from
// the tables that the code itself uses. Run it after a build: `npx tsc -b && node tools/src/scenario-reference.mjs`.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { sections, table, TYPES } from "./schema-tables.mjs"
import { read, root } from "./workspace.mjs"

export const REFERENCE = "docs/reference/scenario.md"

/** The built modules with the tables. */
export const BUILT = {
  patches: "libs/kernel/dist/patches/patches.js",
  metrics: "libs/cluster/dist/run/metrics.js",
  faults: "libs/cluster/dist/faults/faults.js",
  distributions: "libs/config/dist/distributions.js"
}

/** @typedef {import("./schema-tables.mjs").Json} Json */
/** @typedef {{ number: number, kind: string, name: string, meaning: string, commit: string, commitSeen: boolean }} Patch */
/** @typedef {{ scope: string, unit: { identifier: string } | null, meaning: string }} Metric */
/** @typedef {{ parameters: ReadonlyArray<{ name: string, kind: string }>, meaning: string, example: string }} Distribution */
/** @typedef {{ on: string, meaning: string, hits: string, sets: string, parts?: unknown, options: object }} Fault */
/**
 * @typedef {{
 *   faults: Readonly<Record<string, Fault>>, distributions: Readonly<Record<string, Distribution>>, schema: Json,
 *   patches: ReadonlyArray<Patch>, metrics: Readonly<Record<string, Metric>>
 * }} Sources
 */

/** Mappings and lists that are absent unless given; all others have a default in each of their keys. */
const OPTIONAL = ["compare", "map", "map.x", "map.y", "prices", "servers"]

/** Mappings with the keys of another one, which are not told twice. */
const LIKE = /** @type {Readonly<Record<string, string>>} */ ({
  "servers[]": "server",
  "server.sysctl": "clients[].sysctl",
  "applications.sysctl": "clients[].sysctl"
})

/** @typedef {{ path: string, rows: ReadonlyArray<ReadonlyArray<string>>, after: ReadonlyArray<string> }} Part */

/** A part of the page for each mapping. @type {(schema: Json) => ReadonlyArray<Part>} */
const partsOf = (schema) => {
  const all = sections(schema, "", schema.else.required, OPTIONAL)
  return all.filter(({ path }) => !Object.keys(LIKE).some((list) => path.startsWith(`${list}.`))).map(
    ({ path, rows }) => {
      const other = all.find((part) => part.path === LIKE[path])
      if (other === undefined) return { path, rows, after: [] }
      const known = new Set(other.rows.map(([key]) => key))
      const own = rows.filter(([key]) => !known.has(key))
      return { path, rows: own, after: [`${own.length === 0 ? "Every" : "And every"} key of \`${other.path}\`.`, ""] }
    }
  )
}

/** Keys that nothing describes. @type {(schema: Json) => ReadonlyArray<string>} */
export const undescribed = (schema) =>
  sections(schema, "", schema.else.required, OPTIONAL).flatMap(({ missing }) => missing)

/** The page. @type {(sources: Sources) => string} */
export const scenarioReference = ({ distributions, faults, metrics, patches, schema }) => {
  const units = /** @type {ReadonlyArray<readonly [string, string]>} */ ([
    ["Size", "`64 MiB`"],
    ["Time", "`10 ms`"],
    ["Rate", "`1 Gbit`"],
    ["Share", "`5 %`"]
  ]).map(([name, example]) => [TYPES[name], example, schema["$defs"][name].description])
  const parts = partsOf(schema)
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
    "## Distributions",
    "",
    "A time that may be a distribution is drawn anew for each client, from a stream of chance of its own: another client",
    "changes nothing. A parameter that is a moment counts from the start of the run. Where the scenario has a `clock`, such a",
    "parameter of `clients[].start` may be a time of day: `normal(09:00, 90 s)`.",
    "",
    table(
      ["written", "parameters", "meaning"],
      Object.values(distributions).map(({ example, meaning, parameters }) => [
        `\`${example}\``,
        parameters.map(({ kind, name }) => `${name} (${kind})`).join(", "),
        meaning
      ])
    ),
    "",
    ...parts.flatMap(({ after, path, rows }) => [
      path === "" ? "## Top of the file" : `## \`${path}\``,
      "",
      ...(rows.length === 0 ? [] : [table(["key", "value", "default", "meaning and reason"], rows), ""]),
      ...after
    ]),
    "## Kinds of faults",
    "",
    "`what` of an entry of `faults`. Two faults that set the same at one machine contradict each other. Where a kind sets it for",
    "each direction or for each command, two of different ones do not. A warning names one that hit nothing.",
    "Keys of all kinds: `faults[]`; of one kind: `faults[] what: …`.",
    "",
    table(
      ["what", "where", "what happens", "sets", "hit something if it counts"],
      Object.entries(faults).map(([name, { hits, meaning, on, options, parts, sets }]) => [
        `\`${name}\``,
        on,
        meaning,
        parts === undefined ? sets : `${sets}, for each ${"direction" in options ? "direction" : "command"}`,
        hits
      ])
    ),
    "",
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
    "of groups for every group of clients, one of `server` for every NBD server, the others for every run.",
    "`client.vmstat.NAME` exists for every counter of `/proc/vmstat`.",
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
  const { DISTRIBUTIONS } = await built(BUILT.distributions)
  const { FAULTS } = await built(BUILT.faults)
  const schema = JSON.parse(read("scenarios/scenario.schema.json"))
  writeFileSync(
    join(root, REFERENCE),
    scenarioReference({ distributions: DISTRIBUTIONS, faults: FAULTS, schema, patches: PATCHES, metrics: metricsOf() })
  )
}
