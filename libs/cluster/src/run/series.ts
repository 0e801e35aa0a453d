// The time series of a run: samples in columns that grow by doubling.
import { assert } from "@swaplab/sim"

/** A time series in columns: every column has a value for every time. */
export interface Series {
  readonly timesNs: Float64Array
  /** For example `client-1.nr_free_pages`. */
  readonly columns: ReadonlyArray<SeriesColumn>
}

export interface SeriesColumn {
  readonly name: string
  readonly values: Float64Array
}

/** One column and where its values come from. */
interface Source {
  readonly name: string
  readonly read: () => number
  values: Float64Array<ArrayBuffer>
}

/** Collects samples. All columns are declared before the first sample. */
export class SeriesRecorder {
  #times = new Float64Array(256)
  #count = 0
  readonly #sources: Array<Source> = []

  /** Adds a column, such as `client-1.nr_free_pages`. */
  column(name: string, read: () => number): void {
    assert(this.#count === 0, "a column was added after the first sample")
    this.#sources.push({ name, read, values: new Float64Array(256) })
  }

  /** Takes a sample of every column. */
  sample(timeNs: number): void {
    if (this.#count === this.#times.length) this.#grow()
    this.#times[this.#count] = timeNs
    for (const source of this.#sources) source.values[this.#count] = source.read()
    this.#count++
  }

  /** What was collected. */
  series(): Series {
    return {
      timesNs: this.#times.slice(0, this.#count),
      columns: this.#sources.map(({ name, values }) => ({ name, values: values.slice(0, this.#count) }))
    }
  }

  #grow(): void {
    this.#times = doubled(this.#times)
    for (const source of this.#sources) source.values = doubled(source.values)
  }
}

const doubled = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
  const wider = new Float64Array(column.length * 2)
  wider.set(column)
  return wider
}
