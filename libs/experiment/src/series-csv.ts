// Time series as CSV in long form: one line a value, which any tool reads whatever the columns of a run are.
import type { NamedSeries } from "./codec.ts"
import { quote } from "./csv.ts"

/** Columns kernel, seed, time_s, series, value. Times have nine decimals: nothing is rounded away. */
export const seriesCsv = (all: ReadonlyArray<NamedSeries>): string => {
  const lines = ["kernel,seed,time_s,series,value"]
  for (const { kernel, seed, series } of all) {
    const times = Array.from(series.timesNs, (ns) => (ns / 1e9).toFixed(9))
    for (const { name, values } of series.columns) {
      const start = `${quote(kernel)},${seed}`
      const label = quote(name)
      for (let i = 0; i < times.length; i++) lines.push(`${start},${times[i]},${label},${values[i]}`)
    }
  }
  lines.push("")
  return lines.join("\n")
}
