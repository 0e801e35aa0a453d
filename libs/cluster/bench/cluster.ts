// The whole path, measured. The modes are in the README; each prints JSON lines, the first of `quick` is what `npm run bench`
// shows.
// node --max-semi-space-size=64 [--expose-gc] out-tsc/spec/bench/cluster.js [MODE]
import { boot1000, memory } from "./cluster/memory.ts"
import { scale } from "./cluster/scale.ts"
import { pageIns, seed2g, seed64m } from "./cluster/speed.ts"

const MODES: Readonly<Record<string, () => void>> = {
  quick: () => pageIns(3),
  "page-ins": () => pageIns(10),
  "seed-64m": seed64m,
  "seed-2g": seed2g,
  memory,
  "boot-1000": boot1000,
  scale: () => scale((process.argv[3] ?? "1,10").split(",").map(Number))
}

const [mode = "quick"] = process.argv.slice(2)
const run = MODES[mode]
if (run === undefined) {
  console.error(`unknown mode ${mode}; one of ${Object.keys(MODES).join(", ")}`)
  process.exitCode = 2
} else run()
