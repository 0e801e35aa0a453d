import { isDiskName } from "#src/disks.ts"
import { Disk, DISK_NAMES, diskByFigures, type DiskFigures, diskNamed, type DiskShape } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start } from "./rig.ts"

/** Latencies of `count` requests, so many at a time, at random or consecutive places. */
const measure = (
  kind: string | DiskShape,
  count: number,
  atOnce: number,
  bytes: number,
  sequential: boolean,
  write = false
) => {
  const shape = typeof kind !== "string" ? kind : isDiskName(kind) ? diskNamed(kind) : null
  if (shape === null) throw new Error(`no disk is called ${kind}`)
  const sim = new Sim({ seed: 9 })
  const capacity = 1e11
  const disk = new Disk(sim, "disk", { ...shape, capacityBytes: capacity })
  const random = sim.stream("places")
  const latencies: Array<number> = []
  let left = count
  let place = 0
  for (let i = 0; i < atOnce; i++) {
    start(sim, `job ${i}`, function*(self) {
      while (left-- > 0) {
        const before = sim.now
        const position = sequential ? place : random.below(capacity)
        place += bytes
        yield* disk.io(self, position, bytes, write)
        latencies.push(sim.now - before)
      }
    })
  }
  sim.run()
  latencies.sort((a, b) => a - b)
  return {
    medianNs: latencies[Math.floor(count / 2)],
    p99Ns: latencies[Math.floor(count * 0.99)],
    meanNs: latencies.reduce((sum, ns) => sum + ns, 0) / count,
    perSecond: count / (sim.now / 1e9)
  }
}

describe("disks", () => {
  it("a hard disk: some 9 ms at random, the transfer rate in sequence", () => {
    const random = measure("hdd", 3000, 1, 4096, false)
    expect(random.meanNs).toBeGreaterThan(8e6)
    expect(random.meanNs).toBeLessThan(9.5e6)
    // flat up to 256 KiB
    expect(measure("hdd", 3000, 1, 262_144, false).meanNs / random.meanNs).toBeLessThan(1.25)
    const sequential = measure("hdd", 1000, 1, 1 << 20, true)
    expect(sequential.perSecond * (1 << 20)).toBeGreaterThan(0.99 * 150e6)
    expect(sequential.perSecond * (1 << 20)).toBeLessThanOrEqual(150e6 * 1.001)
  })

  it("a SATA SSD: median 100 µs, 99 % within 1 ms, 40,000 to 60,000 pages a second", () => {
    const single = measure("sata-ssd", 20_000, 1, 4096, false)
    expect(Math.abs(single.medianNs - 108_000)).toBeLessThan(6000)
    expect(Math.abs(single.p99Ns - 1_008_000)).toBeLessThan(120_000)
    const busy = measure("sata-ssd", 20_000, 64, 4096, false)
    expect(busy.perSecond).toBeGreaterThan(40_000)
    expect(busy.perSecond).toBeLessThan(60_000)
    const large = measure("sata-ssd", 5000, 32, 262_144, false).perSecond * 262_144
    expect(large).toBeGreaterThan(450e6)
    expect(large).toBeLessThanOrEqual(501e6)
  })

  it("NVMe: median 80 µs, 99 % within 250 µs, more than 300,000 pages a second", () => {
    const single = measure("nvme", 20_000, 1, 4096, false)
    expect(Math.abs(single.medianNs - 81_400)).toBeLessThan(3000)
    expect(Math.abs(single.p99Ns - 251_400)).toBeLessThan(20_000)
    expect(measure("nvme", 40_000, 128, 4096, false).perSecond).toBeGreaterThan(300_000)
  })

  it("memory takes no time", () => expect(measure("memory", 10, 1, 4096, false).meanNs).toBe(0))
})

it("the table knows its names and no others", () => {
  expect(DISK_NAMES.length).toBeGreaterThan(3)
  expect(DISK_NAMES.every(isDiskName)).toBe(true)
  expect(["ssd", "toString", ""].some(isDiskName)).toBe(false)
})

describe.each(DISK_NAMES)("%s", (name) => {
  const disk = diskNamed(name)

  it("serves so many requests at once as it has channels, and no more", () => {
    const sim = new Sim({ seed: 3 })
    const one = new Disk(sim, "disk", disk)
    let most = 0
    for (let i = 0; i < 2 * disk.parallelism; i++) {
      start(sim, `job ${i}`, function*(self) {
        yield* one.io(self, i * 1e9, 4096, false)
        most = Math.max(most, one.stations.busy)
      })
    }
    start(sim, "look", function*(self) {
      yield* self.process.hold(1)
      most = Math.max(most, one.stations.busy)
    })
    sim.run()
    expect(one.reads).toBe(2 * disk.parallelism)
    // what takes no time is never seen busy
    expect(most).toBe(name === "memory" ? 0 : disk.parallelism)
  })

  it("never exceeds its transfer rate", () => {
    if (disk.bytesPerSecond === 0) return expect(measure(disk, 10, 1, 1 << 20, true).meanNs).toBe(0)
    const rate = measure(disk, 500, 2 * disk.parallelism, 1 << 20, true).perSecond * (1 << 20)
    expect(rate).toBeLessThanOrEqual(disk.bytesPerSecond * 1.001)
    expect(rate).toBeGreaterThan(disk.bytesPerSecond * 0.9)
  })

  it("has words for the reference", () => expect(disk.meaning.length).toBeGreaterThan(20))
})

describe("a disk by figures", () => {
  const figures: DiskFigures = {
    read: { medianNs: 1_000_000, p99Ns: 10_000_000, perKiBNs: 50_000 },
    write: { medianNs: 4_000_000, p99Ns: 4_000_000, perKiBNs: 200_000 },
    channels: 2,
    capacityBytes: 2 ** 30
  }
  const disk = diskByFigures(figures)

  it("takes the times of the direction, and of each KiB", () => {
    const reads = measure(disk, 20_000, 1, 4096, false)
    expect(Math.abs(reads.medianNs / 1_200_000 - 1)).toBeLessThan(0.03)
    expect(Math.abs(reads.p99Ns / 10_200_000 - 1)).toBeLessThan(0.1)
    // median and p99 the same: always that time
    const writes = measure(disk, 100, 1, 8192, false, true)
    expect([writes.medianNs, writes.p99Ns]).toEqual([5_600_000, 5_600_000])
  })

  it("serves its channels at once", () => {
    const alone = measure(disk, 100, 1, 8192, false, true).perSecond
    expect(measure(disk, 100, 2, 8192, false, true).perSecond / alone).toBeCloseTo(2, 6)
    expect(measure(disk, 100, 3, 8192, false, true).perSecond / alone).toBeCloseTo(2, 6)
  })

  it("is cached, and as large as it says", () => expect(disk).toMatchObject({ cached: true, capacityBytes: 2 ** 30 }))
})
