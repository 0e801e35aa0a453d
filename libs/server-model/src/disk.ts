// The disk behind the server.
// Modelled: service times by kind of device, a first-come-first-served queue, parallel channels, one bus that limits the
// transfer rate; a hard disk's head (seek by distance, rotation, nothing for a continuation).
// Not modelled: the elevator, write caches, garbage collection of an SSD; a hard disk under many writers is somewhat better
// in reality than here.
import type { Task } from "@swaplab/page-alloc"
import { type Nanoseconds, type Random, type Sim, type Sleeps } from "@swaplab/sim"
import { Stations, until } from "./stations.ts"

/** A kind of device. */
export interface DiskShape {
  /** Requests served at the same time. */
  readonly parallelism: number
  /** Transfer rate; 0: no time at all. */
  readonly bytesPerSecond: number
  /** Time before the transfer. `distance` is the way from the end of the last request, as a share of the disk. */
  latencyNs(random: Random, distance: number): Nanoseconds
}

/** Latency whose logarithm is normal, from its median and its 99th percentile. */
const lognormalNs = (medianNs: number, p99Ns: number): DiskShape["latencyNs"] => {
  const sigma = Math.log(p99Ns / medianNs) / 2.326
  return (random) => random.lognormal(medianNs, sigma)
}

/** One turn at 7200 per minute. */
const TURN_NS = 8_333_333

/** Usual devices. */
export const diskShapes = {
  /** tmpfs, or an export that fits into the page cache. */
  memory: { parallelism: 1, bytesPerSecond: 0, latencyNs: () => 0 },
  /** 7200 turns a minute: seek of 0.5 to 8 ms, half a turn, 150 MB/s. Random 4 KiB: 8.7 ms. */
  hdd: {
    parallelism: 1,
    bytesPerSecond: 150e6,
    // the mean over two random places is 4.5 ms, the same as that of a seek uniform between the two limits
    latencyNs: (random, distance) =>
      distance === 0 ? 0 : 500_000 + 7_500_000 * Math.sqrt(distance) + random.unit() * TURN_NS
  },
  /** Median 100 µs, 99 % within 1 ms; some 50,000 random pages a second. */
  "sata-ssd": { parallelism: 8, bytesPerSecond: 500e6, latencyNs: lognormalNs(100_000, 1_000_000) },
  /** Median 80 µs, 99 % within 250 µs; some 350,000 random pages a second. */
  nvme: { parallelism: 32, bytesPerSecond: 3e9, latencyNs: lognormalNs(80_000, 250_000) }
} as const satisfies Readonly<Record<string, DiskShape>>

export type DiskKind = keyof typeof diskShapes

/** One disk. Positions are bytes from its beginning. */
export class Disk {
  readonly name: string
  readonly stations: Stations
  reads = 0
  writes = 0
  readBytes = 0
  writtenBytes = 0
  readonly #sim: Sim
  readonly #shape: DiskShape
  readonly #random: Random
  readonly #capacity: number
  #head = 0
  /** When the bus would be through with all transfers if each had begun with its request. */
  #busWorkUntil: Nanoseconds = 0

  /** `capacityBytes` scales the seeks of a hard disk: the span over which the exports are spread. */
  constructor(sim: Sim, name: string, shape: DiskShape, capacityBytes = 1e12) {
    this.name = name
    this.stations = new Stations(sim, shape.parallelism)
    this.#sim = sim
    this.#shape = shape
    this.#random = sim.stream("disk", name)
    this.#capacity = capacityBytes
  }

  /** Reads or writes a range; sleeps until it is done. */
  *io(task: Task, position: number, bytes: number, write: boolean): Sleeps<void> {
    if (write) {
      this.writes++
      this.writtenBytes += bytes
    } else {
      this.reads++
      this.readBytes += bytes
    }
    const end = this.#book(position, bytes)
    yield* until(task.process, end - this.#sim.now)
  }

  #book(position: number, bytes: number): Nanoseconds {
    const { stations } = this
    const { bytesPerSecond } = this.#shape
    const channel = stations.next()
    const start = stations.startOn(channel)
    const distance = Math.min(1, Math.abs(position - this.#head) / this.#capacity)
    this.#head = position + bytes
    const ready = start + Math.round(this.#shape.latencyNs(this.#random, distance))
    if (bytesPerSecond === 0) {
      stations.book(channel, start, ready)
      return ready
    }
    // Latencies of the channels overlap, their transfers share one bus. The bus is not held for a slow request: its
    // work is only added up, so that together they never exceed its rate.
    const transfer = Math.ceil(bytes * 1e9 / bytesPerSecond)
    this.#busWorkUntil = Math.max(this.#busWorkUntil, start) + transfer
    const end = Math.max(ready + transfer, this.#busWorkUntil)
    stations.book(channel, start, end)
    return end
  }
}
