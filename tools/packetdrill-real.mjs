// @ts-check
// Runs scripts of packetdrill on the kernel of this machine, by packetdrill itself: see docs/packetdrill.md.
import { existsSync } from "node:fs"
import { release } from "node:os"
import { basename } from "node:path"
import { parseArgs } from "node:util"
import { holdsOn } from "./src/packetdrill/real.mjs"
import { scriptsOf } from "./src/packetdrill/scripts.mjs"

const HELP = `usage: node tools/packetdrill-real.mjs --packetdrill PROGRAM FILE|FOLDER...

Runs packetdrill scripts (*.pkt) on the kernel of this machine, each in a
network namespace of its own, and says which of them hold there. As root.

  --packetdrill PROGRAM  packetdrill, built
  --jobs N               scripts at a time (4); they mostly wait
  --tries N              how often a script is run until it holds (3)
  --tolerance TIME       how late a packet may be, in us (100000)
  --limit SECONDS        when a script is given up (100)

Exit status: 0 when they were run, 2 for a mistake. What a kernel of today does
otherwise is no mistake.`

/** @type {(message: string) => never} */
const mistake = (message) => {
  console.error(`packetdrill-real: ${message}`)
  process.exit(2)
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    packetdrill: { type: "string" },
    jobs: { type: "string", default: "4" },
    tries: { type: "string", default: "3" },
    tolerance: { type: "string", default: "100000" },
    limit: { type: "string", default: "100" },
    help: { type: "boolean", short: "h", default: false }
  }
})
if (values.help || positionals.length === 0) {
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}
/** @param {"jobs" | "tries" | "tolerance" | "limit"} name */
const number = (name) => {
  const value = Number(values[name])
  return Number.isInteger(value) && value > 0
    ? value
    : mistake(`--${name} ${values[name]}: expected a whole number above 0`)
}
const jobs = number("jobs")
const options = { tries: number("tries"), toleranceUs: number("tolerance"), limitMs: 1000 * number("limit") }
const program = values.packetdrill ?? mistake("--packetdrill is missing: expected the program, built")
if (!existsSync(program)) mistake(`--packetdrill ${program}: expected the program, found nothing of that name`)
const scripts = scriptsOf(positionals)
if (typeof scripts === "string") mistake(scripts)
if (process.getuid?.() !== 0 || !existsSync("/dev/net/tun")) {
  mistake("needs root and /dev/net/tun: packetdrill makes a network interface")
}

/** @type {Array<Awaited<ReturnType<typeof holdsOn>>>} */
const rows = []
const left = [...scripts]
await Promise.all(Array.from({ length: jobs }, async () => {
  for (let path = left.shift(); path !== undefined; path = left.shift()) {
    rows.push(await holdsOn(program, path, options))
  }
}))
for (const { holds, path, reason, tries } of rows.toSorted((a, b) => a.path < b.path ? -1 : 1)) {
  const name = basename(path, ".pkt")
  console.log(
    holds ? `${name.padEnd(40)}holds${tries === 1 ? "" : ` (try ${tries})`}` : `${name.padEnd(40)}does not hold`
  )
  if (reason !== null) console.log(`    ${reason}`)
}
const held = rows.filter(({ holds }) => holds).length
console.log(`Linux ${release()}: ${held} of ${rows.length} scripts hold`)
