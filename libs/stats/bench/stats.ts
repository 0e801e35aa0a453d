// What recording a value costs: this histogram, hdr-histogram-js, and a bare addition to a typed array whose index is known.
// The values are latencies from 1 µs to 1 s in nanoseconds, every power of two alike. One line of JSON.
import { Histogram, THREE_DIGITS } from "@swaplab/stats"
import * as hdr from "hdr-histogram-js"

const RECORDS = 4_000_000
const RUNS = 5

const latencies = new Float64Array(1 << 14)
let state = 12345
for (let i = 0; i < latencies.length; i++) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0
  latencies[i] = Math.floor(1000 * 2 ** (state / 2 ** 32 * 20))
}

const nsEach = (times: number, run: () => void): number => {
  const before = process.cpuUsage().user
  run()
  return (process.cpuUsage().user - before) / times * 1000
}

const theirsOf = (): hdr.Histogram =>
  hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 20,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    autoResize: true,
    useWebAssembly: false
  })

const bare = (): number => {
  const counts = new Float64Array(1 << 14)
  return nsEach(RECORDS, () => {
    for (let i = 0; i < RECORDS; i++) counts[latencies[i & 16383] & 16383]++
  })
}

const measure = (): ReadonlyArray<number> => {
  const own = new Histogram(THREE_DIGITS)
  const theirs = theirsOf()
  const recordNs = nsEach(RECORDS, () => {
    for (let i = 0; i < RECORDS; i++) own.record(latencies[i & 16383])
  })
  const theirRecordNs = nsEach(RECORDS, () => {
    for (let i = 0; i < RECORDS; i++) theirs.recordValue(latencies[i & 16383])
  })
  const queries = 2000
  let difference = 0
  const percentileNs = nsEach(queries, () => {
    for (let i = 0; i < queries; i++) difference += own.percentile(i % 100 + 0.5)
  })
  const theirPercentileNs = nsEach(queries, () => {
    for (let i = 0; i < queries; i++) difference -= theirs.getValueAtPercentile(i % 100 + 0.5)
  })
  if (difference !== 0) throw new Error("the percentiles differ")
  return [recordNs, theirRecordNs, bare(), percentileNs, theirPercentileNs]
}

measure()
const runs = Array.from({ length: RUNS }, measure)
const median = (column: number): number => runs.map((run) => run[column]).sort((a, b) => a - b)[RUNS >> 1]
console.log(JSON.stringify({
  bench: "stats histogram",
  opsPerCpuSecond: Math.round(1e9 / median(0)),
  recordNs: Number(median(0).toFixed(1)),
  hdrRecordNs: Number(median(1).toFixed(1)),
  bareAdditionNs: Number(median(2).toFixed(1)),
  percentileUs: Number((median(3) / 1000).toFixed(1)),
  hdrPercentileUs: Number((median(4) / 1000).toFixed(1))
}))
