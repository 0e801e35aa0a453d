// What a run of a soak test costs, and what its checks add to that: default runs from a seed on, each with its checks and without,
// one after the other. CPU seconds a run, the share of the checks, runs an hour on two cores, and how many runs were cut short.
// node --max-semi-space-size=96 libs/experiment/out-tsc/spec/bench/soak.js [RUNS [SEED]]
import { soakJob } from "#src/soak/soak.ts"
import { NO_HOOKS, runCluster } from "@swaplab/cluster"
import { type Drawn, drawScenario, EVERYTHING } from "@swaplab/experiment"
import { Either } from "effect"

const [runs = 100, first = 1] = process.argv.slice(2).map(Number)

let cut = 0
let events = 0

/** CPU seconds of a run. */
const costOf = (drawn: Drawn, checked: boolean): number => {
  const { earlyStop, kernel } = soakJob(EVERYTHING, drawn)
  const { user } = process.cpuUsage()
  const run = runCluster(drawn.loaded.scenario, kernel, drawn.seed, {
    ...NO_HOOKS,
    checked,
    ...(earlyStop && { earlyStop })
  })
  if (checked) {
    events += run.events
    if (run.endedEarly !== undefined) cut++
  }
  return (process.cpuUsage().user - user) / 1e6
}

const of = (seed: number): Drawn => Either.getOrThrow(drawScenario(EVERYTHING, seed))

// what is compiled on the way is no cost of a run
for (let seed = 0; seed < 5; seed++) costOf(of(seed), true)
cut = 0
events = 0
const costs: Array<number> = []
let drawing = 0
let without = 0
for (let i = 0; i < runs; i++) {
  const { user } = process.cpuUsage()
  const drawn = of(first + i)
  drawing += (process.cpuUsage().user - user) / 1e6
  // whoever comes first finds the caches cold
  const order = i % 2 === 0 ? [true, false] : [false, true]
  for (const checked of order) {
    const cost = costOf(drawn, checked)
    if (checked) costs.push(cost)
    else without += cost
  }
}
const sum = costs.reduce((a, b) => a + b, 0)
const sorted = costs.toSorted((a, b) => a - b)
const at = (share: number): number => Number(sorted[Math.floor(share * (runs - 1))].toFixed(3))
console.log(JSON.stringify({
  bench: "soak",
  opsPerCpuSecond: Math.round(events / sum),
  runs,
  cpuSecondsPerRun: Number(((sum + drawing) / runs).toFixed(3)),
  median: at(0.5),
  p90: at(0.9),
  longest: at(1),
  checks: `${(100 * (sum / without - 1)).toFixed(1)} %`,
  runsPerHourOnTwoCores: Math.round(2 * 3600 * runs / (sum + drawing)),
  cutShort: cut,
  eventsPerRun: Math.round(events / runs)
}))
