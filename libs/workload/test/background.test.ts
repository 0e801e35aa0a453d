// Each background load on a small client: it does what it counts, and the machine's books stay right.
import { NR_ANON_PAGES, NR_KERNEL_STACK, NR_PAGE_TABLE_PAGES } from "@swaplab/page-alloc"
import { WORKLOADS } from "@swaplab/workload"
import { describe, expect, it } from "vitest"
import { client, hostOf } from "./rig.ts"

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

describe("kernelBuild", () => {
  it("compiles as fast as its CPUs allow, and every compiler gives back what it had", () => {
    const { sim, machine, items } = idle([500, 500])
    const host = hostOf(machine, "kernelBuild")
    WORKLOADS.kernelBuild.start(host, { jobs: 2, memory: 0, cpu: 100e6, files: 10 })
    sim.run(2 * SECOND)
    // two slots, 100 ms each and a little for faults and forks
    expect(host.operations.done).toBeGreaterThan(35)
    expect(host.operations.done).toBeLessThanOrEqual(40)
    expect(host.operations.failed).toBe(0)
    expect(items[NR_ANON_PAGES]).toBeLessThanOrEqual(1000)
    expect(items[NR_PAGE_TABLE_PAGES]).toBeLessThanOrEqual(2)
    expect(items[NR_KERNEL_STACK]).toBeLessThanOrEqual(2)
    expect(machine.dcache?.unused).toBe((host.operations.done + 2) * 20)
    machine.checkInvariants()
  })

  it("swaps when its compilers are larger than memory, and loses no page", () => {
    const { sim, machine, items } = idle([4000, 4000])
    const host = hostOf(machine, "kernelBuild")
    WORKLOADS.kernelBuild.start(host, { jobs: 2, memory: 0, cpu: 50e6, files: 5 })
    sim.run(3 * SECOND)
    expect(host.operations.done).toBeGreaterThan(2)
    expect(machine.pages.vmstat.get("pswpout")).toBeGreaterThan(1000)
    expect(items[NR_ANON_PAGES]).toBeLessThan(4096)
    machine.checkInvariants()
  })
})

describe("hackbench", () => {
  it("sends at its rate, and holds no more messages than are under way", () => {
    const { sim, machine } = idle()
    const host = hostOf(machine, "hackbench")
    WORKLOADS.hackbench.start(host, { groups: 2, descriptors: 5, messagesPerSecond: 10_000 })
    sim.run(2 * SECOND)
    expect(host.operations.done).toBeGreaterThan(19_000)
    expect(host.operations.done).toBeLessThanOrEqual(20_100)
    expect(host.operations.failed).toBe(0)
    expect(machine.net.skbs.inUse).toBeLessThan(100)
    machine.checkInvariants()
  })
})

describe("iozone", () => {
  it("streams a file larger than memory at about the speed of its disk", () => {
    const { sim, machine } = idle()
    machine.addFiles(8192, DISK)
    const host = hostOf(machine, "iozone")
    WORKLOADS.iozone.start(host, { file: 0 })
    sim.run(2 * SECOND)
    const pagesPerSecond = host.operations.done / 2
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
    const host = hostOf(machine, "sysbench")
    WORKLOADS.sysbench.start(host, { threads: 2, memory: 0, cpu: 500_000, think: 10e6 })
    sim.run(3 * SECOND)
    // two threads, about 10.8 ms a round
    expect(host.operations.done).toBeGreaterThan(450)
    expect(host.operations.done).toBeLessThan(650)
    expect(Math.min(...host.latencies)).toBeGreaterThan(500_000 + DISK.latencyNs)
    expect(machine.corruptions).toEqual([])
    machine.checkInvariants()
  })

  it("sees a page that came back with another content", () => {
    const { sim, machine } = idle([5000])
    machine.addFiles(1024, DISK)
    const host = hostOf(machine, "sysbench")
    WORKLOADS.sysbench.start(host, { threads: 1, memory: 0, cpu: 10_000, think: 100_000 })
    sim.run(2 * SECOND)
    const { frames } = machine.pages
    for (let pfn = 0; pfn < frames.count; pfn++) if (frames.rmap[pfn] >= 0) frames.tokenVersion[pfn] ^= 0x40
    sim.run(4 * SECOND)
    expect(machine.corruptions.length).toBe(1)
    expect(host.operations.failed).toBe(1)
  })
})
