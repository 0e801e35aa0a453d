// Rate at which results cross from a worker to the main thread: one result with a series of 10,000 samples, packed and
// unpacked.
// node --max-semi-space-size=64 out-tsc/spec/bench/experiment.js
import type { RunResult } from "@swaplab/cluster"
import { packResult, unpackResult } from "@swaplab/experiment"
import { fakeResult } from "../test/fake.ts"

const ROUND_TRIPS = 300
const SAMPLES = 10_000
const COLUMNS = 12

const column = (step: number): Float64Array => Float64Array.from({ length: SAMPLES }, (_, i) => i * step)

const result: RunResult = {
  ...fakeResult("slab-series", 1),
  series: {
    timesNs: column(1e8),
    columns: Array.from({ length: COLUMNS }, (_, i) => ({ name: `client-1.column-${i}`, values: column(i + 0.5) }))
  }
}

const run = (): number => {
  let samples = 0
  const start = process.cpuUsage().user
  for (let i = 0; i < ROUND_TRIPS; i++) samples += unpackResult(packResult(result)).series.timesNs.length
  const micros = process.cpuUsage().user - start
  if (samples !== ROUND_TRIPS * SAMPLES) throw new Error("samples were lost")
  return micros
}

run()
const micros = Math.min(run(), run(), run())
console.log(JSON.stringify({ bench: "experiment", opsPerCpuSecond: Math.round(ROUND_TRIPS / micros * 1e6) }))
