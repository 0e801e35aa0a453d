// The counters behind /proc/diskstats and iostat.
//
// Modelled: completed and merged requests, sectors, time in requests, requests in flight, time during which any was, and
// the weighted time. Kept in nanoseconds; Linux keeps ticks, and prints milliseconds as we do.
// source: block/blk-core.c:drive_stat_acct, part_round_stats, blk_account_io_done; block/genhd.c:diskstats_show
import { keepAsDoubles, type Sim, WIDE } from "@swaplab/sim"

const MS = 1_000_000

/** One row of `iostat -x` over an interval. */
export interface IostatRow {
  readonly rrqmPerSecond: number
  readonly wrqmPerSecond: number
  readonly readsPerSecond: number
  readonly writesPerSecond: number
  readonly readSectorsPerSecond: number
  readonly writeSectorsPerSecond: number
  readonly averageRequestSectors: number
  readonly averageQueueSize: number
  readonly awaitMs: number
  readonly utilisationPercent: number
}

/** Copy of the counters at one instant. Arrays are [read, write]. */
export interface DiskSnapshot {
  readonly at: number
  readonly ios: readonly [number, number]
  readonly merges: readonly [number, number]
  readonly sectors: readonly [number, number]
  readonly timeNs: readonly [number, number]
  readonly busyNs: number
  readonly queueNs: number
}

/** `disk_stats` of a queue. */
export class DiskStats {
  /** Requests completed: [read, write]. */
  readonly ios = new Float64Array(2)
  readonly merges = new Float64Array(2)
  readonly sectors = new Float64Array(2)
  /** Sum of the lives of completed requests. */
  readonly timeNs = new Float64Array(2)
  inFlight = 0
  /** Time during which at least one request was in flight. */
  busyNs = 0
  /** In-flight requests, integrated over time. */
  queueNs = 0
  readonly #sim: Sim
  #stamp = WIDE

  constructor(sim: Sim) {
    this.#sim = sim
    this.#stamp = 0
    keepAsDoubles<DiskStats>(this, "busyNs", "queueNs")
  }

  /** A request was made. */
  start(): void {
    this.#round()
    this.inFlight++
  }

  merged(write: number): void {
    this.merges[write]++
  }

  /** A request that began at `since` has ended. */
  end(write: number, sectors: number, since: number): void {
    this.#round()
    this.inFlight--
    this.ios[write]++
    this.sectors[write] += sectors
    this.timeNs[write] += this.#sim.now - since
  }

  /** A request was absorbed by another and will not end. */
  absorbed(write: number): void {
    this.#round()
    this.inFlight--
    this.merges[write]++
  }

  snapshot(): DiskSnapshot {
    this.#round()
    return {
      at: this.#sim.now,
      ios: [this.ios[0], this.ios[1]],
      merges: [this.merges[0], this.merges[1]],
      sectors: [this.sectors[0], this.sectors[1]],
      timeNs: [this.timeNs[0], this.timeNs[1]],
      busyNs: this.busyNs,
      queueNs: this.queueNs
    }
  }

  /** The eleven numbers of a line of /proc/diskstats, behind "major minor name". */
  diskstatsText(major: number, minor: number, name: string): string {
    const s = this.snapshot()
    const ms = (ns: number): number => Math.floor(ns / MS)
    const numbers = [
      ...[0, 1].flatMap((w) => [s.ios[w], s.merges[w], s.sectors[w], ms(s.timeNs[w])]),
      this.inFlight,
      ms(s.busyNs),
      ms(s.queueNs)
    ]
    return `${String(major).padStart(4)} ${String(minor).padStart(7)} ${name} ${numbers.join(" ")}\n`
  }

  #round(): void {
    const now = this.#sim.now
    if (now === this.#stamp) return
    if (this.inFlight !== 0) {
      this.queueNs += this.inFlight * (now - this.#stamp)
      this.busyNs += now - this.#stamp
    }
    this.#stamp = now
  }
}

/** What iostat would print for the time between two snapshots. */
export const iostat = (from: DiskSnapshot, to: DiskSnapshot): IostatRow => {
  const elapsedNs = Math.max(1, to.at - from.at)
  const perSecond = (a: number, b: number): number => ((b - a) * 1e9) / elapsedNs
  const ios = to.ios[0] + to.ios[1] - from.ios[0] - from.ios[1]
  const sectors = to.sectors[0] + to.sectors[1] - from.sectors[0] - from.sectors[1]
  const time = to.timeNs[0] + to.timeNs[1] - from.timeNs[0] - from.timeNs[1]
  return {
    rrqmPerSecond: perSecond(from.merges[0], to.merges[0]),
    wrqmPerSecond: perSecond(from.merges[1], to.merges[1]),
    readsPerSecond: perSecond(from.ios[0], to.ios[0]),
    writesPerSecond: perSecond(from.ios[1], to.ios[1]),
    readSectorsPerSecond: perSecond(from.sectors[0], to.sectors[0]),
    writeSectorsPerSecond: perSecond(from.sectors[1], to.sectors[1]),
    averageRequestSectors: ios === 0 ? 0 : sectors / ios,
    averageQueueSize: (to.queueNs - from.queueNs) / elapsedNs,
    awaitMs: ios === 0 ? 0 : time / ios / MS,
    utilisationPercent: (100 * (to.busyNs - from.busyNs)) / elapsedNs
  }
}
