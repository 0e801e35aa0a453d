// A run that was recorded, as what an engine tells of one that goes on: the samples of its series become rows of figures.
import { CLIENT_FIGURES, type ClientFigure, type Series, SERVER_FIGURES, type ServerFigure } from "@swaplab/cluster"
import { MAX_ROWS } from "./history.ts"
import type { Batch, Facts } from "./protocol.ts"

/** Values of a column by its name, such as `client-1.nr_free_pages`. */
type Values = (name: string) => Float64Array

/** A figure of a row, at a sample, from the samples before and at it. */
type Reader = (name: string, values: Values) => (sample: number, before: number) => number

const column = (figure: string): Reader => (name, values) => {
  const of = values(`${name}.${figure}`)
  return (sample) => of[sample]
}

/** The mean of what came between two samples. */
const meanBetween = (sum: string, count: string): Reader => (name, values) => {
  const [sums, counts] = [values(`${name}.${sum}`), values(`${name}.${count}`)]
  return (sample, before) => {
    const gained = counts[sample] - counts[before]
    return gained <= 0 ? 0 : (sums[sample] - sums[before]) / gained
  }
}

const CLIENT_READERS: Readonly<Record<ClientFigure, Reader>> = {
  state: column("state"),
  free: column("nr_free_pages"),
  requests: column("requests"),
  latency: meanBetween("major_fault_ns", "major_faults")
}

const SERVER_READERS: Readonly<Record<ServerFigure, Reader | null>> = {
  resident: column("resident"),
  inBusy: column("link_in_busy_ns"),
  outBusy: column("link_out_busy_ns"),
  // that of its switch, which has another name
  switchBuffer: null
}

/** A series does not have what it must have. */
export class NoColumn extends Error {}

/**
 * The rows of a recorded run. A long series is shown more coarsely, with every `every`th sample and the last one. Throws
 * {@link NoColumn} where the series has no column that a row needs.
 */
export const recordedRows = (
  { clients, servers }: Facts,
  { columns, timesNs }: Series
): { readonly batch: Batch; readonly every: number } => {
  const named = new Map(columns.map(({ name, values }) => [name, values]))
  const values: Values = (name) => {
    const found = named.get(name)
    if (found === undefined) throw new NoColumn(`has no column ${name}`)
    return found
  }
  const every = Math.max(1, Math.ceil(timesNs.length / MAX_ROWS))
  const samples = Array.from(timesNs.keys()).filter((i) => i % every === 0 || i === timesNs.length - 1)
  const readers = clients.flatMap(({ name }) => CLIENT_FIGURES.map((figure) => CLIENT_READERS[figure](name, values)))
  const ofServers = servers.flatMap(({ name, switchName }) =>
    SERVER_FIGURES.map((figure) => {
      const reader = SERVER_READERS[figure]
      return reader === null ? column("buffer_bytes")(switchName, values) : reader(name, values)
    })
  )
  const rows = <Rows extends Float32Array | Float64Array>(into: Rows, of: ReadonlyArray<ReturnType<Reader>>): Rows => {
    let at = 0
    samples.forEach((sample, row) => {
      const before = samples[Math.max(0, row - 1)]
      for (const read of of) into[at++] = read(sample, before)
    })
    return into
  }
  return {
    batch: {
      timesNs: Float64Array.from(samples, (i) => timesNs[i]),
      clients: rows(new Float32Array(samples.length * readers.length), readers),
      servers: rows(new Float64Array(samples.length * ofServers.length), ofServers)
    },
    every
  }
}
