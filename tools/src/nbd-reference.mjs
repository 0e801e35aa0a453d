// @ts-check
// Writes the tables of docs/nbd-server/reference.md: each that stands below a comment `<!-- table: NAME -->`, from the JSON
// Schema of configurations, the table of commands and the exit codes. The text around them is written by hand. Run it after a
// build: `npx tsc -b && node tools/src/nbd-reference.mjs`.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { sections, table } from "./schema-tables.mjs"
import { read, root } from "./workspace.mjs"

export const NBD_REFERENCE = "docs/nbd-server/reference.md"

/** The built modules with the tables. */
export const NBD_BUILT = {
  schema: "apps/nbd-server/dist/config/schema.js",
  commands: "apps/nbd-server/dist/commands.js",
  fixedLimits: "apps/nbd-server/dist/reference/fixed-limits.js",
  logEvents: "apps/nbd-server/dist/ops/log-events.js",
  tables: "libs/command/dist/index.js"
}

/** @typedef {import("./schema-tables.mjs").Json} Json */
/** @typedef {{ commands: Readonly<Record<string, object>>, exitCodes: ReadonlyArray<readonly [number, string]> }} Program */
/** @typedef {ReadonlyArray<string>} Row */
/**
 * The tables of the server, and what makes text of the table of commands.
 * @typedef {{ program: Program, commandsTable: (program: any) => string, optionsTable: (row: any) => string, FIXED_LIMITS: ReadonlyArray<Row>, LOG_ROWS: ReadonlyArray<Row> }} Commands
 */

/** Rows by the path of their mapping. @type {(schema: Json) => ReadonlyMap<string, ReadonlyArray<Row>>} */
const rowsOf = (schema) => new Map(sections(schema, "", [], []).map(({ path, rows }) => [path, rows]))

/** Keys that nothing describes. @type {(schema: Json) => ReadonlyArray<string>} */
export const undescribedKeys = (schema) => sections(schema, "", [], []).flatMap(({ missing }) => missing)

/** All tables by name. @type {(schema: Json, commands: Commands) => Readonly<Record<string, string>>} */
export const nbdTables = (schema, { commandsTable, FIXED_LIMITS, LOG_ROWS, optionsTable, program }) => {
  const rows = rowsOf(schema)
  const at = (/** @type {string} */ path) => rows.get(path) ?? []
  // what every export has, static or not
  const [ofExports, ofTemplates] = [at("exports.<name>"), at("swap.<name>")]
  const isIn = (/** @type {ReadonlyArray<Row>} */ list, /** @type {Row} */ [key, , , meaning]) =>
    list.some((row) => row[0] === key && row[3] === meaning)
  /** @type {(list: ReadonlyArray<Row>) => string} */
  const keys = (list) => table(["key", "value", "default", "meaning"], list)
  return {
    commands: commandsTable(program),
    "options of the server": optionsTable(program.commands[""]),
    "options of status": optionsTable(program.commands["status"]),
    "options of faults": optionsTable(program.commands["faults"]),
    top: keys(at("")),
    "every export": keys(ofExports.filter((row) => isIn(ofTemplates, row))),
    "static exports": keys(ofExports.filter((row) => !isIn(ofTemplates, row))),
    templates: keys(ofTemplates.filter((row) => !isIn(ofExports, row))),
    faults: keys(at("exports.<name>.faults")),
    "errors of faults": keys(at("exports.<name>.faults.errors[]")),
    tls: keys(at("tls")),
    limits: keys(at("limits")),
    "fixed limits": table(["what", "limit", "beyond it"], FIXED_LIMITS),
    log: table(
      ["line", "facts", "level", "meaning"],
      LOG_ROWS.map(([name, facts, level, meaning]) => [`\`${name}\``, facts, level, meaning])
    ),
    control: keys(at("control")),
    record: keys(at("record")),
    "exit codes": table(["code", "when"], program.exitCodes.map(([code, meaning]) => [String(code), meaning]))
  }
}

/** The page with its tables as they should be. @type {(page: string, tables: Readonly<Record<string, string>>) => string} */
export const withTables = (page, tables) => {
  const left = new Set(Object.keys(tables))
  const done = page.replace(/^<!-- table: (.*) -->\n\n(?:\|.*\n)*/gm, (_all, /** @type {string} */ name) => {
    if (!left.delete(name)) throw new Error(`${NBD_REFERENCE}: there is no table "${name}", or it stands there twice`)
    return `<!-- table: ${name} -->\n\n${tables[name]}\n`
  })
  if (left.size > 0) throw new Error(`${NBD_REFERENCE}: has no place for ${[...left].join(", ")}`)
  return done
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = (/** @type {string} */ path) => import(pathToFileURL(join(root, path)).href)
  const { configJsonSchema } = await built(NBD_BUILT.schema)
  const { NBD_SERVER } = await built(NBD_BUILT.commands)
  const { commandsTable, optionsTable } = await built(NBD_BUILT.tables)
  const { FIXED_LIMITS } = await built(NBD_BUILT.fixedLimits)
  const { LOG_ROWS } = await built(NBD_BUILT.logEvents)
  const made = { program: NBD_SERVER, commandsTable, optionsTable, FIXED_LIMITS, LOG_ROWS }
  const tables = nbdTables(configJsonSchema(), made)
  writeFileSync(join(root, NBD_REFERENCE), withTables(read(NBD_REFERENCE), tables))
}
