// Touches of a program's memory: a run that is known to be marked is passed over, until one of its entries loses a mark.
import { AddressSpace, heapOf } from "#src/session/address-space.ts"
import { layoutOf } from "#src/session/layout.ts"
import { RUNS } from "#src/session/programs.ts"
import { PTE_ACCESSED, PTE_DIRTY, PTE_PRESENT, pteValue } from "@swaplab/kernel"
import { expect, it } from "vitest"
import { client } from "./rig.ts"

const PAGES = 1400
const ALL = 256

it("touches pages again whose marks reclaim has taken, and counts every touch", () => {
  const { machine, sim } = client({ ramBytes: 32 * 2 ** 20, processes: 0, pagesPerProcess: 1, otherProcesses: [2000] })
  const { tables } = machine.mm
  const marked = (bits: number) => {
    let pages = 0
    for (const entry of tables.entries) if ((entry & bits) === bits) pages++
    return pages
  }
  const found: Array<number> = []
  const task = machine.startProcess(0, "program", function*(task) {
    const space = new AddressSpace(machine, task)
    // neither end of it is the end of a stretch of entries
    const heap = heapOf(100, PAGES, layoutOf(PAGES, RUNS, "heap"))
    expect(yield* space.grow(heap, PAGES)).toBe(null)
    const touch = (written: number) => space.touchOrder(heap, 0, PAGES, written)
    for (let i = 0; i < 3; i++) expect(yield* touch(ALL / 2)).toBe(null)
    found.push(machine.touched)
    for (let i = 0; i < tables.entries.length; i++) {
      if ((tables.entries.at(i) & PTE_PRESENT) !== 0) machine.mm.pageReferenced(pteValue(tables.entries.at(i)))
    }
    found.push(marked(PTE_PRESENT | PTE_ACCESSED))
    expect(yield* touch(0)).toBe(null)
    found.push(marked(PTE_PRESENT | PTE_ACCESSED))
    // a run that was read is looked at again when it is to be written
    for (let i = 0; i < tables.entries.length; i++) tables.replace(i, tables.entries.at(i) & ~PTE_DIRTY)
    expect(yield* touch(0)).toBe(null)
    found.push(marked(PTE_PRESENT | PTE_DIRTY))
    expect(yield* touch(ALL)).toBe(null)
    found.push(marked(PTE_PRESENT | PTE_DIRTY), machine.touched)
    // a part of a run, and the end of the order
    expect(yield* space.touchOrder(heap, 3, 5, 0)).toBe(null)
    found.push(machine.touched)
  })
  sim.run(10e9)
  expect(task.finished).toBe(true)
  const touches = 4 * PAGES
  expect(found.slice(0, -1)).toEqual([touches, 0, PAGES, 0, PAGES, touches + 3 * PAGES])
  // touchOrder begins with the first run that has three pages before it
  expect(found.at(-1)! - found.at(-2)!).toBeLessThanOrEqual(2)
  expect(machine.corruptions).toEqual([])
})
