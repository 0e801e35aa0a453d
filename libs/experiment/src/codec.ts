// Results as bytes: MessagePack records, with the series as typed-array columns.
import type { RunResult, Series } from "@swaplab/cluster"
import { Packr } from "msgpackr"

const packr = new Packr({ moreTypes: true, useRecords: true })

/** Packs a result into an array of its own, so that it can be handed to another thread whole. */
export const packResult = (result: RunResult): Uint8Array => new Uint8Array(packr.pack(result))

/** The result in such an array. */
export const unpackResult = (bytes: Uint8Array): RunResult => packr.unpack(bytes) as RunResult

/** A series of one run, named. */
export interface NamedSeries {
  readonly kernel: string
  readonly seed: number
  readonly series: Series
}

/** Packs series for a file: a list of { kernel, seed, series: { timesNs, columns: [{ name, values }] } }. */
export const packSeries = (series: ReadonlyArray<NamedSeries>): Uint8Array => new Uint8Array(packr.pack(series))

/** The series in such a file. */
export const unpackSeries = (bytes: Uint8Array): ReadonlyArray<NamedSeries> =>
  packr.unpack(bytes) as ReadonlyArray<NamedSeries>
