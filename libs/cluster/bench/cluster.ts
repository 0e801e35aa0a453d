// The whole path, measured. The modes are in the README; each prints JSON lines, the first of `quick` is what `npm run bench`
// shows.
// node --max-semi-space-size=64 [--expose-gc] libs/cluster/out-tsc/spec/bench/cluster.js [MODE] [CLIENTS,...]
import { hostMemory } from "./cluster/host-memory.ts"
import { idle } from "./cluster/idle.ts"
import { boot1000, memory, memoryOfGib } from "./cluster/memory.ts"
import { scale } from "./cluster/scale.ts"
import { pageIns, seed2g, seed64m } from "./cluster/speed.ts"
import { turns } from "./cluster/turns.ts"

const [mode = "quick", clients] = process.argv.slice(2)

/** Numbers of clients: those of the command line, or else these. */
const counts = (usual: ReadonlyArray<number>): ReadonlyArray<number> => clients?.split(",").map(Number) ?? usual

const MODES: Readonly<Record<string, () => void>> = {
  quick: () => pageIns(3),
  "page-ins": () => pageIns(10),
  "seed-64m": seed64m,
  "seed-2g": seed2g,
  memory,
  "memory-1g": memoryOfGib,
  "boot-1000": boot1000,
  idle,
  scale: () => scale(counts([1, 10, 100, 1000])),
  "host-memory": hostMemory,
  turns: () => turns(counts([1, 10, 100]))
}

const run = MODES[mode]
if (run === undefined) {
  console.error(`unknown mode ${mode}; one of ${Object.keys(MODES).join(", ")}`)
  process.exitCode = 2
} else run()
