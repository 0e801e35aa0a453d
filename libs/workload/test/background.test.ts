// Each background load on a small client: it does what it counts, and the machine's books stay right.
import { NR_ANON_PAGES, NR_KERNEL_STACK, NR_PAGE_TABLE_PAGES } from "@swaplab/page-alloc"
import { startHackbench, startIozone, startKernelBuild, startSysbench } from "@swaplab/workload"
import { describe, expect, it } from "vitest"
import { client } from "./rig.ts"

const SECOND = 1e9
const DISK = { bytesPerSecond: 60e6, latencyNs: 200_000 }

/** A client of 16 MiB without processes of a workload. */
const idle = (otherProcesses: ReadonlyArray<number> = []) => {
  const { machine, sim } = client({
    kernel: { allocator: "slab", base: "v3.6" },
    ramBytes: 16 * 1024 * 1024,
    processes: 0,
    pagesPerProcess: 1,
    otherProcesses
  })
  return { sim, machine, items: machine.pages.vmstat.items }
}

describe("kernelBuild", { timeout: 60_000 }, () => {
  it("compiles as fast as its CPUs allow, and every compiler gives back what it had", () => {
    const { sim, machine, items } = idle([500, 500])
    const load = startKernelBuild(machine, { slots: [0, 1], cpuNs: 100e6, files: 10 })
    sim.run(2 * SECOND)
    // two slots, 100 ms each and a little for faults and forks
    expect(load.done).toBeGreaterThan(35)
    expect(load.done).toBeLessThanOrEqual(40)
    expect(load.failed).toBe(0)
    expect(items[NR_ANON_PAGES]).toBeLessThanOrEqual(1000)
    expect(items[NR_PAGE_TABLE_PAGES]).toBeLessThanOrEqual(2)
    expect(items[NR_KERNEL_STACK]).toBeLessThanOrEqual(2)
    expect(machine.dcache?.unused).toBe((load.done + 2) * 20)
    machine.checkInvariants()
  })

  it("swaps when its compilers are larger than memory, and loses no page", () => {
    const { sim, machine, items } = idle([4000, 4000])
    const load = startKernelBuild(machine, { slots: [0, 1], cpuNs: 50e6, files: 5 })
    sim.run(3 * SECOND)
    expect(load.done).toBeGreaterThan(2)
    expect(machine.pages.vmstat.get("pswpout")).toBeGreaterThan(1000)
    expect(items[NR_ANON_PAGES]).toBeLessThan(4096)
    machine.checkInvariants()
  })
})

describe("hackbench", () => {
  it("sends at its rate, and holds no more messages than are under way", () => {
    const { sim, machine } = idle()
    const load = startHackbench(machine, { groups: 2, descriptors: 5, messagesPerSecond: 10_000 })
    sim.run(2 * SECOND)
    expect(load.done).toBeGreaterThan(19_000)
    expect(load.done).toBeLessThanOrEqual(20_100)
    expect(load.failed).toBe(0)
    expect(machine.net.skbs.inUse).toBeLessThan(100)
    machine.checkInvariants()
  })
})

describe("iozone", () => {
  it("streams a file larger than memory at about the speed of its disk", () => {
    const { sim, machine } = idle()
    machine.addFiles(8192, DISK)
    const load = startIozone(machine, { from: 0, to: 8192 })
    sim.run(2 * SECOND)
    const pagesPerSecond = load.done / 2
    expect(pagesPerSecond).toBeGreaterThan(0.5 * DISK.bytesPerSecond / 4096)
    expect(pagesPerSecond).toBeLessThan(1.3 * DISK.bytesPerSecond / 4096)
    expect(machine.pages.vmstat.get("pswpout")).toBe(0)
    machine.checkInvariants()
  })
})

describe("sysbench", () => {
  it("runs transactions, each with the latency of its log at least, and verifies its pages", () => {
    const { sim, machine } = idle([300, 300])
    machine.addFiles(1024, DISK)
    const load = startSysbench(machine, {
      threads: [0, 1],
      cpuNs: 500_000,
      thinkNs: 10e6,
      from: 0,
      to: 1024
    })
    const latencies: Array<number> = []
    load.onLatency = (ns) => latencies.push(ns)
    sim.run(3 * SECOND)
    // two threads, about 10.8 ms a round
    expect(load.done).toBeGreaterThan(450)
    expect(load.done).toBeLessThan(650)
    expect(Math.min(...latencies)).toBeGreaterThan(500_000 + DISK.latencyNs)
    expect(machine.corruptions).toEqual([])
    machine.checkInvariants()
  })

  it("sees a page that came back with another content", () => {
    const { sim, machine } = idle([5000])
    machine.addFiles(1024, DISK)
    const load = startSysbench(machine, { threads: [0], cpuNs: 10_000, thinkNs: 100_000, from: 0, to: 1024 })
    sim.run(2 * SECOND)
    const { frames } = machine.pages
    for (let pfn = 0; pfn < frames.count; pfn++) if (frames.rmap[pfn] >= 0) frames.tokenVersion[pfn] ^= 0x40
    sim.run(4 * SECOND)
    expect(machine.corruptions.length).toBe(1)
    expect(load.failed).toBe(1)
  })
})
