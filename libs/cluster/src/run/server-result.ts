// What a run says of its servers, those of NBD and the one for programs of thin clients: plain data, as all of a result.
import type { ServerFaultCounts } from "@swaplab/server-model"
import type { LatencySummary } from "./latency-summary.ts"

/** What the server served of an image. */
interface ImageResult {
  readonly name: string
  readonly requests: number
  readonly readBytes: number
  /** Bytes that were in the page cache, came from the disk for this reader, or were on their way for another one. */
  readonly hitBytes: number
  readonly missBytes: number
  readonly sharedBytes: number
}

/** One NBD server. Utilisations and ratios are shares from 0 to 1, over the same window as the clients. */
export interface ServerResult {
  readonly name: string
  readonly requests: number
  /** Sent to clients. */
  readonly readBytes: number
  /** Received from clients. */
  readonly writeBytes: number
  /** Link from the switch to the server. */
  readonly linkInUtilisation: number
  /** Link from the server to the switch. */
  readonly linkOutUtilisation: number
  readonly cpuUtilisation: number
  readonly diskUtilisation: number
  /** Null: nothing was read. */
  readonly cacheHitRatio: number | null
  /** Images of roots, by name. */
  readonly images: ReadonlyArray<ImageResult>
  /** Writes that were refused because the disk was full. */
  readonly noSpace: number
  /** Times that a connection had to wait for its rate (`clientRate`), and how long in all. */
  readonly rateWaits: number
  readonly rateWaitedNs: number
  /** What was done to it. */
  readonly troubles: ServerFaultCounts
  /** Requests in the server on average: L of Little's law. */
  readonly meanInSystem: number
  /** Requests that arrived per simulated second: λ of Little's law. */
  readonly throughputPerSecond: number
  /** Time of a request in the server on average, of those still there at the end too: W of Little's law. Null: there was none. */
  readonly meanResidenceNs: number | null
}

/** The server on which programs of thin clients run. Utilisations are shares from 0 to 1, over the whole run. */
export interface ApplicationsResult {
  /** Persons whose programs it runs. */
  readonly people: number
  readonly ramBytes: number
  /** Least free memory over the run, in bytes, all zones. */
  readonly lowestFreeBytes: number
  readonly swapInBytes: number
  readonly swapOutBytes: number
  readonly faultLatency: LatencySummary
  readonly cpuUtilisation: number
  /** Link from the switch to it, and back. */
  readonly linkInUtilisation: number
  readonly linkOutUtilisation: number
  /** Of the disk that it swaps to. */
  readonly diskUtilisation: number
  /** Bytes of pictures that it has sent to screens, and of input that it has got. */
  readonly pictureBytes: number
  readonly inputBytes: number
  readonly oomKills: number
}
