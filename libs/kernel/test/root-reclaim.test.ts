import { NR_MAPPED } from "@swaplab/page-alloc"
import { REFERENCED_EXEC } from "@swaplab/vmscan"
import { describe, expect, it } from "vitest"
import { EXT4, withRoot } from "./root-rig.ts"

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
