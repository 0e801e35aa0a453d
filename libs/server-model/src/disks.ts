// The kinds of disk that a server can have, one row each, and disks by figures.
// Modelled: the time of a request before its transfer (by chance, by the way of a hard disk's head, or by direction), the
//   transfer rate of a bus that all channels share or the time of each KiB on a channel, parallel channels, capacity.
// Not modelled: the elevator, write caches, garbage collection of an SSD, wear.
// What that costs: a hard disk under many writers is somewhat better in reality than here; an SSD under long writes is worse.
import { log, type Nanoseconds, type Random } from "@swaplab/sim"

/** What a disk does. */
export interface DiskShape {
  /** Requests served at the same time. */
  readonly parallelism: number
  /** Transfer rate of the bus that all channels share; 0: transfers take no time of their own. */
  readonly bytesPerSecond: number
  /** What fits on it. Files of the exports are sparse: only pages that were written take room. */
  readonly capacityBytes: number
  /** A page cache stands in front of it, and a flusher writes to it. */
  readonly cached: boolean
  /**
   * Time on its channel before the transfer. `distance` is the way from the end of the last request, as a share of the
   * disk.
   */
  latencyNs(random: Random, distance: number, write: boolean, bytes: number): Nanoseconds
}

/** A row of the table of disks. */
export interface DiskRow extends DiskShape {
  /** What it is, for the reference of scenarios. */
  readonly meaning: string
}

/** Quantile of 99 % of the standard normal distribution. */
const Z99 = 2.326

/** Standard deviation of the logarithm of a latency with this median and 99th percentile. */
const sigmaOf = (medianNs: number, p99Ns: number): number => log(p99Ns / medianNs) / Z99

/** Latency whose logarithm is normal, from its median and its 99th percentile. */
const lognormalNs = (medianNs: number, p99Ns: number): DiskShape["latencyNs"] => {
  const sigma = sigmaOf(medianNs, p99Ns)
  return (random) => random.lognormal(medianNs, sigma)
}

/** One turn at 7200 per minute. */
const TURN_NS = 8_333_333

/** Every disk by its name, in the order of the reference. The first is a scenario's default. */
export const DISKS = {
  memory: {
    parallelism: 1,
    bytesPerSecond: 0,
    capacityBytes: Number.POSITIVE_INFINITY,
    cached: false,
    latencyNs: () => 0,
    meaning: "no disk at all (tmpfs, or exports that fit into the page cache)"
  },
  hdd: {
    parallelism: 1,
    bytesPerSecond: 150e6,
    capacityBytes: 1e12,
    cached: true,
    // the mean over two random places is 4.5 ms, the same as that of a seek uniform between the two limits
    latencyNs: (random, distance) =>
      distance === 0 ? 0 : 500_000 + 7_500_000 * Math.sqrt(distance) + random.unit() * TURN_NS,
    meaning: "7200 turns a minute: seek of 0.5 to 8 ms, half a turn, 150 MB/s; 8.7 ms for a random page"
  },
  "sata-ssd": {
    parallelism: 8,
    bytesPerSecond: 500e6,
    capacityBytes: 1e12,
    cached: true,
    latencyNs: lognormalNs(100_000, 1_000_000),
    meaning: "median 100 us, 99 % within 1 ms, 8 at once, 500 MB/s; some 50,000 random pages a second"
  },
  nvme: {
    parallelism: 32,
    bytesPerSecond: 3e9,
    capacityBytes: 1e12,
    cached: true,
    latencyNs: lognormalNs(80_000, 250_000),
    meaning: "median 80 us, 99 % within 250 us, 32 at once, 3 GB/s; some 350,000 random pages a second"
  }
} as const satisfies Record<string, DiskRow>

/** The name of a disk: a key of `DISKS`. */
export type DiskName = keyof typeof DISKS

/** Whether a text is the name of a disk. */
export const isDiskName = (name: string): name is DiskName => Object.hasOwn(DISKS, name)

/** Names of all disks, in the order of the table. */
export const DISK_NAMES: ReadonlyArray<DiskName> = Object.keys(DISKS).filter(isDiskName)

/** Service times of one direction: half of the requests within `medianNs`, 99 % within `p99Ns`, and so much for each KiB. */
export interface ServiceTime {
  readonly medianNs: Nanoseconds
  readonly p99Ns: Nanoseconds
  readonly perKiBNs: Nanoseconds
}

/** A disk by figures, such as those of a data sheet or of fio. */
export interface DiskFigures {
  readonly read: ServiceTime
  readonly write: ServiceTime
  /** Requests served at the same time. */
  readonly channels: number
  readonly capacityBytes: number
}

/** The disk of a name. Its type is the row's, whatever the literal types of one row are. */
export const diskNamed = (name: DiskName): DiskRow => DISKS[name]

/** A disk by its figures: latencies are lognormal, transfers take their time on the channel of the request. */
export const diskByFigures = ({ capacityBytes, channels, read, write }: DiskFigures): DiskShape => {
  const sigmas = [sigmaOf(read.medianNs, read.p99Ns), sigmaOf(write.medianNs, write.p99Ns)]
  return {
    parallelism: channels,
    bytesPerSecond: 0,
    capacityBytes,
    cached: true,
    latencyNs: (random, _distance, isWrite, bytes) => {
      const { medianNs, perKiBNs } = isWrite ? write : read
      return random.lognormal(medianNs, sigmas[isWrite ? 1 : 0]) + perKiBNs * bytes / 1024
    }
  }
}
