import { Disk, type DiskKind, diskShapes } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start } from "./rig.ts"

/** Latencies of `count` requests, so many at a time, at random or consecutive places. */
const measure = (kind: DiskKind, count: number, atOnce: number, bytes: number, sequential: boolean) => {
  const sim = new Sim({ seed: 9 })
  const capacity = 1e11
  const disk = new Disk(sim, "disk", diskShapes[kind], capacity)
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
        yield* disk.io(self, position, bytes, false)
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
