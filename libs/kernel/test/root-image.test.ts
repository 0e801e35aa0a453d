import {
  FAULT_DONE,
  type KernelTask,
  type Machine,
  type MachineSpec,
  type RootImage,
  type RootSpec
} from "@swaplab/kernel"
import { NR_FILE_PAGES, NR_MAPPED, NR_PAGE_TABLE_PAGES } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { boot } from "./rig.ts"

const DISK = { bytesPerSecond: 100e6, latencyNs: 100_000 }
const EXT4: RootSpec = { pages: 8192, tokenWriter: 0xbeef, readaheadPages: 32, format: { kind: "ext4" } }
const SQUASHFS: RootSpec = {
  ...EXT4,
  format: { kind: "squashfs", blockPages: 32, ratio: 0.4, cpuPerBlockNs: 1_500_000 }
}

/** Runs `body` on a machine of 16 MiB with a root image of 32 MiB on a disk of its own. */
const withRoot = (
  spec: RootSpec,
  body: (task: KernelTask, root: RootImage, machine: Machine) => Sleeps<void>,
  machineSpec: Partial<MachineSpec> = {}
) => {
  const rig = boot({ pageCachePages: 0, ...machineSpec })
  const { machine } = rig
  const root = machine.attachRoot(spec, { kind: "disk", disk: DISK })
  let ended = -1
  rig.start(0, function*(task) {
    yield* body(task, root, machine)
    ended = rig.sim.now
  })
  rig.sim.run(600e9)
  machine.checkInvariants()
  return { ...rig, root, ended, items: machine.pages.vmstat.items }
}

describe.each([{ spec: EXT4 }, { spec: SQUASHFS }])("an image of $spec.format.kind", ({ spec }) => {
  it("is mapped page by page, checked, and dropped and read again without end", () => {
    let latencies = 0
    const { ended, items, machine, root } = withRoot(spec, function*(task, root, machine) {
      machine.onMajorFault = () => latencies++
      for (let round = 0; round < 2; round++) {
        for (let page = 0; page < root.pages; page++) {
          if (!root.tryTouch(task, page)) expect(yield* root.fault(task, page)).toBe(FAULT_DONE)
          expect(root.tryTouch(task, page)).toBe(true)
        }
      }
    })
    expect(ended).toBeGreaterThan(0)
    expect(machine.corruptions).toEqual([])
    expect(latencies).toBe(root.majorFaults)
    expect(root.majorFaults).toBeGreaterThan(0)
    // 32 MiB do not fit into 16 MiB
    expect(root.files.evicted).toBeGreaterThan(8192)
    expect(root.files.refaults).toBeGreaterThan(4096)
    expect(items[NR_MAPPED]).toBe(root.mapped)
    expect(items[NR_FILE_PAGES]).toBe(root.files.cached + (root.buffers?.cached ?? 0))
    expect(root.reader.pooled).toBe(0)
  })

  it("gives its pages and page tables back when a program ends, and keeps them in the page cache", () => {
    const { items, root } = withRoot(spec, function*(task, root) {
      for (let page = 100; page < 700; page++) expect(yield* root.fault(task, page)).toBe(FAULT_DONE)
      expect([root.mapped, root.pageTablePages]).toEqual([600, 2])
      root.unmap(task, 100, 700)
      expect(root.tryTouch(task, 100)).toBe(false)
    })
    expect([root.mapped, root.pageTablePages, items[NR_PAGE_TABLE_PAGES]]).toEqual([0, 0, 0])
    expect(root.files.cached).toBeGreaterThanOrEqual(600)
  })

  it("is read through read(2), once", () => {
    let cold = 0
    const { ended, root } = withRoot(spec, function*(task, root) {
      root.addFile(1000, 1500)
      expect(yield* root.read(task, 1000, 1500)).toBe(true)
      cold = root.device.counters.readsEnded
      expect(yield* root.read(task, 1000, 1500)).toBe(true)
    })
    expect(ended).toBeGreaterThan(0)
    expect(root.device.counters.readsEnded).toBe(cold)
    expect(root.files.cached).toBe(500)
    expect(root.majorFaults).toBe(0)
  })
})
