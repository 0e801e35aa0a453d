// Rows of a room of 100 clients that a history takes: npx tsc -b libs/live, then
// node --max-semi-space-size=64 libs/live/out-tsc/spec/bench/history.js
import { CLIENT_FIGURES, SERVER_FIGURES } from "@swaplab/cluster"
import { type Batch, History } from "@swaplab/live"
import process from "node:process"

const CLIENTS = 100
const ROWS = 20
const BATCHES = 2000

const batchAt = (from: number): Batch => ({
  timesNs: Float64Array.from({ length: ROWS }, (_, i) => from + i),
  clients: new Float32Array(ROWS * CLIENTS * CLIENT_FIGURES.length).fill(from),
  servers: new Float64Array(ROWS * SERVER_FIGURES.length)
})

const batches = Array.from({ length: BATCHES }, (_, i) => batchAt(i * ROWS))
const history = new History(CLIENTS, 1)
const start = process.cpuUsage()
for (const batch of batches) history.add(batch)
const { system, user } = process.cpuUsage(start)
console.log(
  JSON.stringify({ bench: "history rows", opsPerCpuSecond: Math.round(BATCHES * ROWS / (user + system) * 1e6) })
)
