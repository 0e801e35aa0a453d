// Rate of reports: the whole text of an experiment of 40 runs, four kernels with ten seeds each.
// node --max-semi-space-size=64 out-tsc/spec/bench/report.js
import { renderReport } from "@swaplab/report"
import { fakeExperiment } from "../test/fake.ts"

const REPORTS = 20

const experiment = fakeExperiment({
  seeds: 10,
  kernels: {
    "slab-vanilla": { allocator: "slab", base: "v3.5" },
    "slab-series": { allocator: "slab", base: "v3.6" },
    "slub-vanilla": { allocator: "slub", base: "v3.5" },
    "slub-series": { allocator: "slub", base: "v3.6" }
  }
})
if (experiment.runs.length !== 40) throw new Error(`${experiment.runs.length} runs, not 40`)

const run = (): number => {
  let characters = 0
  const start = process.cpuUsage().user
  for (let i = 0; i < REPORTS; i++) characters += renderReport(experiment).length
  const micros = process.cpuUsage().user - start
  if (characters === 0) throw new Error("nothing was rendered")
  return micros
}

run()
const micros = Math.min(run(), run(), run())
console.log(JSON.stringify({ bench: "report", opsPerCpuSecond: Math.round(REPORTS / micros * 1e6) }))
