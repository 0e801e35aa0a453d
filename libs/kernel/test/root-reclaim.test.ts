import { GFP_KERNEL, GFP_NOIO, NR_MAPPED, PG_active, PG_locked, PG_referenced } from "@swaplab/page-alloc"
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

it("a page that loses its mapping or its young bit is counted as a loss of its stretch, and no other use is", () => {
  const losses: Array<ReadonlyArray<number>> = []
  withRoot(EXT4, function*(task, root, { reclaimOps }) {
    const look = () => losses.push([root.losses[0], root.losses[1]])
    yield* root.fault(task, 5)
    yield* root.fault(task, 600)
    root.tryTouch(task, 5)
    look()
    reclaimOps.pageReferenced(root.files.find(600))
    look()
    // it is not young any more
    reclaimOps.pageReferenced(root.files.find(600))
    look()
    root.unmap(task, 0, 512)
    look()
  })
  expect(losses).toEqual([[0, 0], [0, 1], [0, 1], [1, 1]])
})

// from page_check_references and shrink_page_list of mm/vmscan.c, v3.6
describe("reclaim looks at a page of an image on the inactive list", () => {
  const FREED = { cached: false, mapped: false }
  const KEPT = { cached: true, mapped: true, active: false }
  const ACTIVE = { ...KEPT, active: true }

  it.each([
    { page: "mapped, not used since", state: {}, then: FREED },
    { page: "mapped, used", state: { young: true }, then: { ...KEPT, young: false, referenced: true } },
    { page: "mapped, used, text", state: { young: true, text: true }, then: { ...ACTIVE, young: false } },
    { page: "mapped, not used since, text", state: { text: true }, then: FREED },
    { page: "mapped, used, and before", state: { young: true, referenced: true }, then: { ...ACTIVE, young: false } },
    { page: "mapped, used before", state: { referenced: true }, then: FREED },
    { page: "mapped, held by a reader", state: { held: true }, then: { cached: true, mapped: false, active: false } },
    {
      page: "mapped, used, locked",
      state: { young: true, locked: true },
      then: { ...KEPT, young: true, referenced: false }
    },
    { page: "unmapped", state: { unmapped: true }, then: FREED },
    { page: "unmapped, read before", state: { unmapped: true, referenced: true }, then: FREED },
    { page: "unmapped, held by a reader", state: { unmapped: true, held: true }, then: { cached: true, active: false } }
  ])("$page: $then", ({ state, then }: { state: Readonly<Record<string, boolean>>; then: object }) => {
    let seen: unknown
    const { root } = withRoot(EXT4, function*(task, root, machine) {
      const { pages: { frames: { flags, refCount } }, reclaimOps, vmscan } = machine
      root.addFile(64, 65)
      if (state.text === true) root.mapExecutable(64, 65)
      yield* root.fault(task, 64)
      vmscan.lru.drainAll(task)
      const pfn = root.files.find(64)
      if (state.young !== true) reclaimOps.pageReferenced(pfn)
      if (state.unmapped === true) root.unmap(task, 64, 65)
      if (state.referenced === true) flags[pfn]! |= PG_referenced
      if (state.locked === true) flags[pfn]! |= PG_locked
      if (state.held === true) refCount[pfn]!++
      yield* vmscan.shrinkInactive(task, vmscan.lru.lruvecOf(pfn), 1, GFP_KERNEL)
      const cached = root.files.find(64) === pfn
      const mapped = root.mapped === 1
      seen = {
        cached,
        mapped,
        active: (flags[pfn]! & PG_active) !== 0,
        referenced: (flags[pfn]! & PG_referenced) !== 0,
        young: mapped && reclaimOps.isYoung(pfn)
      }
      if (state.held === true) vmscan.lru.putPage(task, pfn)
      if (state.locked === true) flags[pfn]! &= ~PG_locked
    })
    expect(seen).toMatchObject(then)
    expect(root.files.evicted).toBe(then === FREED ? 1 : 0)
  })
})

it("recursive reclaim (2007) drops what was read and leaves what is mapped, and what it drops is read from the device again", () => {
  const seen: Array<unknown> = []
  const { machine, root } = withRoot(EXT4, function*(task, root, machine) {
    root.addFile(0, 600)
    root.addFile(1000, 1600)
    for (let page = 0; page < 600; page++) yield* root.fault(task, page)
    yield* root.read(task, 1000, 1600)
    machine.vmscan.lru.drainAll(task)
    const look = () => seen.push([root.mapped, root.files.cached, root.files.evicted, root.device.counters.readsEnded])
    look()
    // each call stops after 32 pages; −1: it has given up every zone
    for (let calls = 0; calls < 100; calls++) {
      machine.vmscan.emergencyFreePages(task, GFP_NOIO, 0, machine.pages.zonelist(GFP_KERNEL))
    }
    look()
    yield* root.read(task, 1000, 1600)
    look()
  })
  expect(seen).toEqual([[600, 1200, 0, 1200], [600, 600, 600, 1200], [600, 1200, 600, 1800]])
  expect(root.files.refaults).toBe(600)
  expect(machine.vmscan.pgdat.emergencyPages).toBe(600)
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
