import { tokenWriter } from "#src/usemem.ts"
import { PTE_DIRTY, PTE_PRESENT, pteValue } from "@swaplab/kernel"
import { PSWPIN, PSWPOUT } from "@swaplab/page-alloc"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Rig, start } from "./rig.ts"

const LIMIT = 100e9

/** Runs until `found` holds, looked at after every event. */
const runUntil = (rig: Rig, found: () => boolean): void => {
  for (let i = 0; i < 1_000_000 && !found(); i++) rig.sim.run(LIMIT, 1)
  if (!found()) throw new Error("it never came to that")
}

describe("usemem", () => {
  it("walks its memory in ascending order, as often as it is told, and ends", () => {
    const rig = start({ passes: 3, mode: "write" })
    expect(rig.sim.run(LIMIT).reason).toBe("stopped")
    const { machine, exits } = rig
    expect(exits).toEqual(["completed", "completed", "completed"])
    expect(machine.touched).toBe(3 * 3 * 1500)
    expect(machine.corruptions).toEqual([])
    expect(machine.pages.vmstat.items[PSWPOUT]).toBeGreaterThan(1500)
    expect(machine.pages.vmstat.items[PSWPIN]).toBeGreaterThan(1500)
    machine.checkInvariants()
  })

  it("charges every touch as user time", () => {
    const rig = start({ passes: 2, mode: "write" })
    rig.sim.run(LIMIT)
    expect(rig.machine.cpuTimes().userNs).toBe(rig.machine.touched * rig.machine.costs.touchNs)
  })

  it("writes its token, with the pass as version, into each page it has reached and no further", () => {
    const rig = start({ passes: 1, mode: "write" }, { processes: 1, pagesPerProcess: 1000 })
    runUntil(rig, () => rig.machine.touched >= 400)
    const { entries } = rig.machine.mm.tables
    const { frames } = rig.machine.pages
    const reached = rig.machine.touched
    for (let index = 0; index < 1000; index++) {
      if (index >= reached) {
        expect(entries.at(index)).toBe(0)
        continue
      }
      expect(entries.at(index) & (PTE_PRESENT | PTE_DIRTY)).toBe(PTE_PRESENT | PTE_DIRTY)
      const pfn = pteValue(entries.at(index))
      expect([frames.tokenWriter[pfn], frames.tokenVersion[pfn]]).toEqual([tokenWriter(3, index), 1])
    }
  })

  it("what lies in swap is what was written there", () => {
    const rig = start({ passes: 2, mode: "write" })
    rig.sim.run(LIMIT)
    expect(rig.store.tokens.size).toBeGreaterThan(1000)
    for (const [writer, version] of rig.store.tokens.values()) {
      expect(writer - tokenWriter(3, 0)).toBeGreaterThanOrEqual(0)
      expect(writer - tokenWriter(3, 0)).toBeLessThan(3 * 1500)
      expect([1, 2]).toContain(version)
    }
  })

  it("mode read writes in the first pass only, so pages that are read go out once", () => {
    const read = start({ passes: 4, mode: "read" }, { swapSlots: 65_536 })
    read.sim.run(LIMIT)
    expect(read.exits).toEqual(["completed", "completed", "completed"])
    const write = start({ passes: 4, mode: "write" }, { swapSlots: 65_536 })
    write.sim.run(LIMIT)
    // slots stay while swap is less than half full
    expect(read.machine.pages.vmstat.items[PSWPOUT]).toBeLessThan(1.2 * 4500)
    expect(write.machine.pages.vmstat.items[PSWPOUT]).toBeGreaterThan(2 * 4500)
    for (const [, version] of read.store.tokens.values()) expect(version).toBe(1)
  })

  it("finds a page that came back from swap with another content", () => {
    const rig = start({ passes: 3, mode: "write" })
    const { machine, store } = rig
    runUntil(rig, () => machine.touched > 4500)
    const { entries } = machine.mm.tables
    // the last page of process 2 is in swap and not in memory: its token is broken where the server keeps it
    const index = machine.mm.tables.base(1) + 1499
    runUntil(rig, () => {
      const entry = entries.at(index)
      return entry !== 0 && (entry & PTE_PRESENT) === 0 && machine.swap.cache.find(pteValue(entry)) < 0
    })
    const [writer, version] = store.tokens.get(pteValue(entries.at(index))) ?? [0, 0]
    expect(writer).toBe(tokenWriter(3, index))
    store.tokens.set(pteValue(entries.at(index)), [writer + 1, version])
    rig.sim.run(LIMIT)
    expect(rig.exits.toSorted()).toEqual(["completed", "completed", "corruption"])
    expect(machine.corruptions).toHaveLength(1)
    expect(machine.corruptions[0].task).toBe("client-4 usemem-2")
    expect(machine.corruptions[0].message).toBe(
      `page ${index}: expected ${writer} v${version}, found ${writer + 1} v${version}`
    )
  })

  it("finds an old version of its own page", () => {
    const rig = start({ passes: 3, mode: "write" }, { processes: 1, pagesPerProcess: 4000 })
    const { machine, store } = rig
    const { entries } = machine.mm.tables
    const index = 3999
    runUntil(rig, () => {
      const entry = entries.at(index)
      return machine.touched > 8000 && (entry & PTE_PRESENT) === 0 && machine.swap.cache.find(pteValue(entry)) < 0
    })
    store.tokens.set(pteValue(entries.at(index)), [tokenWriter(3, index), 1])
    rig.sim.run(LIMIT)
    expect(rig.exits).toEqual(["corruption"])
    expect(machine.corruptions[0].message).toMatch(/ v2, found \d+ v1$/)
  })

  it("ends when it is killed, whatever it does at that moment, and its memory is freed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12_000 }), (events) => {
        const rig = start({ passes: 3, mode: "write" })
        rig.sim.run(LIMIT, events)
        const [, victim] = rig.tasks
        const before = victim.finished
        victim.kill()
        rig.sim.run(LIMIT)
        expect(rig.exits.toSorted()).toEqual(
          before ? ["completed", "completed", "completed"] : ["completed", "completed", "killed"]
        )
        expect([rig.machine.mm.rss[1], rig.machine.mm.swapEntries[1], rig.machine.mm.pageTablePages(1)])
          .toEqual([0, 0, 0])
        rig.machine.checkInvariants()
      }),
      { seed: 2012, numRuns: 8 }
    )
  })

  it("dies of SIGBUS when its page cannot be read", () => {
    const rig = start({ passes: 2, mode: "write" })
    runUntil(rig, () => rig.machine.touched > 4500)
    rig.store.readError = 5
    rig.sim.run(LIMIT)
    expect(rig.exits).toContain("sigbus")
    expect(rig.machine.corruptions).toEqual([])
  })
})

describe("content tokens", () => {
  it("differ for every page of a cluster of 2048 clients with 8 GiB mapped each", () => {
    const page = fc.record({
      machine: fc.integer({ min: 0, max: 2047 }),
      index: fc.integer({ min: 0, max: 0x200000 - 1 })
    })
    fc.assert(
      fc.property(page, page, (a, b) => {
        const same = a.machine === b.machine && a.index === b.index
        expect(tokenWriter(a.machine, a.index) === tokenWriter(b.machine, b.index)).toBe(same)
      }),
      { seed: 2012, numRuns: 500 }
    )
    expect(tokenWriter(2047, 0x1fffff)).toBe(0xffff_ffff)
    expect(tokenWriter(0, 1)).toBe(1)
  })
})
