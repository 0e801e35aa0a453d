// The disk behind the server: a first-come-first-served queue before the channels of a `DiskShape` (disks.ts).
import type { Task } from "@swaplab/page-alloc"
import { type Nanoseconds, type Random, type Sim, type Sleeps } from "@swaplab/sim"
import type { DiskShape } from "./disks.ts"
import { Stations, until } from "./stations.ts"

/** One disk. Positions are bytes from its beginning. */
export class Disk {
  readonly name: string
  readonly stations: Stations
  reads = 0
  writes = 0
  readBytes = 0
  writtenBytes = 0
  /** Requests that came while it was slow. */
  slowed = 0
  readonly #sim: Sim
  readonly #shape: DiskShape
  readonly #random: Random
  #factor = 1
  #extraNs: Nanoseconds = 0
  #head = 0
  /** When the bus would be through with all transfers if each had begun with its request. */
  #busWorkUntil: Nanoseconds = 0

  constructor(sim: Sim, name: string, shape: DiskShape) {
    this.name = name
    this.stations = new Stations(sim, shape.parallelism)
    this.#sim = sim
    this.#shape = shape
    this.#random = sim.stream("disk", name)
  }

  /**
   * From now on every request takes `factor` times as long, and `extraNs` more: a disk that retries, or a RAID that rebuilds.
   */
  setSlow(factor: number, extraNs: Nanoseconds): void {
    this.#factor = factor
    this.#extraNs = extraNs
  }

  /** Reads or writes a range; sleeps until it is done. */
  *io(task: Task, position: number, bytes: number, write: boolean): Sleeps<void> {
    yield* until(task.process, this.start(position, bytes, write) - this.#sim.now)
  }

  /** Starts to read or write a range: returns when it will be done. */
  start(position: number, bytes: number, write: boolean): Nanoseconds {
    if (write) {
      this.writes++
      this.writtenBytes += bytes
    } else {
      this.reads++
      this.readBytes += bytes
    }
    return this.#book(position, bytes, write)
  }

  #book(position: number, bytes: number, write: boolean): Nanoseconds {
    const { stations } = this
    const shape = this.#shape
    const { bytesPerSecond } = shape
    const channel = stations.next()
    const start = stations.startOn(channel)
    const distance = Math.min(1, Math.abs(position - this.#head) / shape.capacityBytes)
    this.#head = position + bytes
    const latency = shape.latencyNs(this.#random, distance, write, bytes)
    const ready = start + Math.round(latency * this.#factor + this.#extraNs)
    if (this.#factor !== 1 || this.#extraNs !== 0) this.slowed++
    if (bytesPerSecond === 0) {
      stations.book(channel, start, ready)
      return ready
    }
    // Latencies of the channels overlap, their transfers share one bus. The bus is not held for a slow request: its
    // work is only added up, so that together they never exceed its rate.
    const transfer = Math.ceil(bytes * 1e9 / bytesPerSecond * this.#factor)
    this.#busWorkUntil = Math.max(this.#busWorkUntil, start) + transfer
    const end = Math.max(ready + transfer, this.#busWorkUntil)
    stations.book(channel, start, end)
    return end
  }
}
