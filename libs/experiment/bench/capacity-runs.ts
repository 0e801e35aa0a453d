// How many runs a search of class-start takes: 200 searches made in thought for several N* and spreads of the seeds, as a table.
// node out-tsc/spec/bench/capacity-runs.js
import { searchesOf } from "../test/capacity/searches.ts"

const SEARCHES = 200

for (const [holds, sure] of [[0.8, 0.8], [0.95, 0.95]]) {
  console.log(`\nholds ${holds * 100} %, sure ${sure * 100} %: runs of ${SEARCHES} searches`)
  console.log("N* near  spread  median   p95  most")
  for (const middle of [12, 24, 40, 80]) {
    for (const spread of [0.03, 0.05, 0.1]) {
      const { median, most, p95 } = searchesOf({ middle, spread, holds, sure, searches: SEARCHES })
      console.log(
        `${String(middle).padStart(7)}  ${`${spread * 100} %`.padStart(6)}  ${String(median).padStart(6)}  ${
          String(p95).padStart(4)
        }  ${String(most).padStart(4)}`
      )
    }
  }
}
const seconds = process.cpuUsage().user / 1e6
console.log(JSON.stringify({ bench: "capacity-runs", opsPerCpuSecond: Math.round(2 * 12 * SEARCHES / seconds) }))
