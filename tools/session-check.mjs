// @ts-check
// The model of a session beside the measurement that it was made from: `node tools/session-check.mjs [SEED]`. A row is inside
// when the median of the model lies within the measured range.
import { compared, share } from "./src/session-check.mjs"

const seed = Number(process.argv[2] ?? 1)
if (!Number.isSafeInteger(seed) || seed < 0) {
  console.error(`${process.argv[2]} is no seed: expected an integer from 0 on`)
  process.exit(2)
}
const rows = await compared(seed)
const number = (/** @type {number | null} */ value) =>
  value === null ? "-" : value < 10 ? value.toFixed(2) : Math.round(value).toString()
for (const kind of new Set(rows.map((row) => row.kind))) {
  const some = rows.filter((row) => row.kind === kind)
  console.log(`${kind}: ${share(some)}`)
  for (const { inside, least, median, model, most, program, unit, what, window } of some) {
    const range = `${number(median)} [${number(least)}-${number(most)}]`
    const name = `${what} ${program} ${window}`
    console.log(`  ${inside ? " " : "x"} ${name.padEnd(30)} ${number(model).padStart(7)} ${range.padStart(21)} ${unit}`)
  }
}
console.log(`all: ${share(rows)}`)
