// @ts-check
// Measures the tables again that pages of docs have of more runs than a test can do.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { parseArgs } from "node:util"
import { formatKept, pagesOf, TABLES } from "./src/tables/list.mjs"
import { print } from "./src/tables/printed.mjs"
import { typed } from "./src/typed.mjs"
import { read, root } from "./src/workspace.mjs"

const HELP = `usage: node tools/tables.mjs [--table NAME]... [--fresh] [--only documents] [--out FILE]

Runs the commands behind the tables that stand between "<!-- tables: NAME -->" and "<!-- end of NAME -->" in pages of docs, keeps
what is read of each in FILE (tools/tables/results.json) as it ends, and writes the tables anew. A command that FILE has is not run
again, unless --fresh asks for it. All of them take about an hour of one core.

  --table NAME      this one only; any number of times. Without it: all
  --fresh           runs the commands of these tables again
  --only documents  runs nothing
  --out FILE        where the results are. With another one the pages stay as they are

tables: ${TABLES.map(({ name }) => name).join(", ")}
`
const RECORDED = join(root, "tools/tables/results.json")
const { values } = parseArgs({
  options: {
    table: { type: "string", multiple: true },
    fresh: { type: "boolean", default: false },
    only: { type: "string" },
    out: { type: "string", default: RECORDED },
    help: { type: "boolean", short: "h", default: false }
  }
})
/** @type {(sentence: string) => never} */
const refuse = (sentence) => {
  console.error(`tables: ${sentence}`)
  process.exit(2)
}
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
if (values.only !== undefined && values.only !== "documents") refuse(`--only ${values.only}: expected documents`)
for (const name of values.table ?? []) {
  if (!TABLES.some((it) => it.name === name)) {
    refuse(`--table ${name}: expected one of ${TABLES.map((it) => it.name).join(", ")}`)
  }
}
const tables = values.table === undefined ? TABLES : TABLES.filter(({ name }) => values.table?.includes(name))

/** @type {import("./src/tables/list.mjs").Kept} */
const kept = existsSync(values.out) ? JSON.parse(readFileSync(values.out, "utf8")) : {}
if (values.only === undefined) {
  for (const { name, rows } of tables) {
    for (const row of rows) {
      const key = typed(row.command)
      if (key in kept && !values.fresh) continue
      const printed = print(row.command)
      kept[key] = row.read(printed)
      writeFileSync(`${values.out}.new`, formatKept(kept))
      renameSync(`${values.out}.new`, values.out)
      if (row.picture !== undefined && printed.room !== null) {
        writeFileSync(
          values.out === RECORDED ? join(root, row.picture) : `${values.out}.${basename(row.picture)}`,
          printed.room
        )
      }
      console.log(`${name}: ${key}`)
    }
  }
}
if (values.out === RECORDED) {
  for (const [path, text] of Object.entries(pagesOf(read, kept))) writeFileSync(join(root, path), text)
}
