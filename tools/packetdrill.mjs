// @ts-check
// Runs scripts of packetdrill, Google's tool for tests of TCP, on the TCP of libs/tcp: see docs/packetdrill.md.
import { readFileSync } from "node:fs"
import { SyntaxProblem } from "./src/packetdrill/cursor.mjs"
import { model } from "./src/packetdrill/model.mjs"
import { formatRow, rowsOf, sums } from "./src/packetdrill/results.mjs"
import { parseScript } from "./src/packetdrill/script.mjs"
import { scriptsOf } from "./src/packetdrill/scripts.mjs"

const HELP = `usage: node tools/packetdrill.mjs FILE|FOLDER...

Runs packetdrill scripts (*.pkt) on the TCP of this emulator, in virtual time.

  passed            everything happened as the script says
  known difference  it failed where known-differences.json of its folder says
  not supported     it needs something that the model does not have
  failed            expected and actual packet, or result, are shown

Exit status: 0 none failed, 99 some failed, 2 a mistake in a script or here.
The language and its limits: docs/packetdrill.md`

/** @param {string} message */
const mistake = (message) => {
  console.error(message)
  return process.exit(2)
}

const paths = process.argv.slice(2)
if (paths.some((path) => path === "--help" || path === "-h")) {
  console.log(HELP)
  process.exit(0)
}
const option = paths.find((path) => path.startsWith("-"))
if (option !== undefined) mistake(`${option}: expected a file, a folder or --help`)
if (paths.length === 0) mistake(`expected a file or a folder of scripts\n\n${HELP}`)
const found = scriptsOf(paths)
/** @param {string} path */
const read = (path) => {
  try {
    return parseScript(path, readFileSync(path, "utf8"))
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message
    throw error
  }
}
const scripts = typeof found === "string" ? mistake(found) : found.map(read)
const problems = scripts.flatMap((script) => typeof script === "string" ? [script] : [])
if (problems.length > 0) mistake(problems.join("\n"))
const rows = rowsOf(await model(), scripts.flatMap((script) => typeof script === "string" ? [] : [script]))
for (const row of rows) console.log(formatRow(row).join("\n"))
console.log(sums(rows))
process.exitCode = rows.some(({ sort }) => sort === "failed") ? 99 : 0
