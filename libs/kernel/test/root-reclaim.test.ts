import { FAULT_DONE } from "@swaplab/kernel"
import { NR_MAPPED, PSWPIN } from "@swaplab/page-alloc"
import { REFERENCED_EXEC } from "@swaplab/vmscan"
import { describe, expect, it } from "vitest"
import { boot } from "./rig.ts"
import { DISK, EXT4, SQUASHFS, withRoot } from "./root-rig.ts"

describe("references to a mapped page", () => {
  it("are its young bit, which looking clears, and whether it is text", () => {
    const seen: Array<number> = []
    withRoot(EXT4, function*(task, root, machine) {
      const { reclaimOps } = machine
      root.mapExecutable(64, 65)
      yield* root.fault(task, 64)
      yield* root.fault(task, 65)
      const [text, data] = [root.files.find(64), root.files.find(65)]
      expect([reclaimOps.isYoung(text), reclaimOps.isYoung(data)]).toEqual([true, true])
      for (const pfn of [text, data, text, data]) seen.push(reclaimOps.pageReferenced(pfn))
      expect([reclaimOps.isYoung(text), reclaimOps.isYoung(data)]).toEqual([false, false])
      root.tryTouch(task, 64)
      expect(reclaimOps.isYoung(text)).toBe(true)
    })
    expect(seen).toEqual([1 | REFERENCED_EXEC, 1, 0, 0])
  })
})

/** Faults on text (first 512 pages) and data (the next 512) of a program that is used after every `stretch` pages read. */
const faultsOf = (stretch: number) => {
  const faults = { text: 0, data: 0 }
  const run = withRoot(EXT4, function*(task, root) {
    root.addFile(0, 1024)
    root.mapExecutable(0, 512)
    for (let round = 0; round < 2; round++) {
      for (let at = 2048; at + stretch <= 8192; at += stretch) {
        yield* root.read(task, at, at + stretch)
        for (let page = 0; page < 1024; page++) {
          if (root.tryTouch(task, page)) continue
          faults[page < 512 ? "text" : "data"]++
          yield* root.fault(task, page)
        }
      }
    }
  })
  return { ...run, faults }
}

describe("a program and a file that is larger than memory and read twice", () => {
  it("keeps all its pages where it uses them often", () => {
    const { faults, items, root } = faultsOf(64)
    expect(root.files.evicted).toBeGreaterThan(8000)
    expect(items[NR_MAPPED]).toBe(1024)
    expect(faults).toEqual({ text: 512, data: 512 })
  })

  it("keeps its text longer than its data where it uses them rarely", () => {
    const { faults } = faultsOf(6144)
    expect(faults.text).toBe(512)
    expect(faults.data).toBeGreaterThan(1000)
  })
})

describe.each([{ spec: EXT4 }, { spec: SQUASHFS }])(
  "an image of $spec.format.kind, anonymous memory and written files",
  ({ spec }) => {
    it("share memory that is too small, and lose nothing", () => {
      const rig = boot({ pageCachePages: 256, processes: 3, cpus: 2 })
      const { machine, sim } = rig
      const root = machine.attachRoot(spec, DISK)
      machine.addFiles(2048, { bytesPerSecond: 50e6, latencyNs: 200_000 })
      const random = sim.stream("root-reclaim")
      let ended = 0
      for (const process of [0, 1]) {
        const from = process * 4096
        root.addFile(from, from + 4096)
        root.mapExecutable(from, from + 1024)
        rig.start(process, function*(task) {
          const { mm } = machine
          for (let step = 0; step < 1200; step++) {
            const page = from + random.below(4096)
            if (step % 7 === 0) expect(yield* root.read(task, page, Math.min(page + 8, from + 4096))).toBe(true)
            else if (!root.tryTouch(task, page)) expect(yield* root.fault(task, page)).toBe(FAULT_DONE)
            for (let touch = 0; touch < 4; touch++) {
              const index = mm.tables.base(process) + random.below(1800)
              if (!mm.tryFault(task, index, true)) yield* mm.fault(task, index, true)
            }
            if (step % 300 === 299) root.unmap(task, from, from + 4096)
            yield* task.condResched()
          }
          ended++
        })
      }
      rig.start(2, function*(task) {
        for (let step = 0; step < 800; step++) {
          yield* machine.files!.write(task, random.below(2048))
          yield* machine.writeback!.balance(task)
          yield* task.condResched()
        }
        ended++
      })
      for (let second = 1; second <= 200 && ended < 3; second++) {
        sim.run(second * 1e9)
        machine.checkInvariants()
      }
      expect(ended).toBe(3)
      expect(machine.corruptions).toEqual([])
      expect(machine.pageCache.dropped).toBeGreaterThan(0)
      expect(root.files.refaults).toBeGreaterThan(0)
      expect(machine.pages.vmstat.items[PSWPIN]).toBeGreaterThan(0)
    })
  }
)
