// The search for a slot, and what a slot's byte says.
import {
  IN_CACHE,
  NO_SLOT,
  NOT_IN_USE,
  PREPARED,
  SWAP_HAS_CACHE,
  SWAP_MAP_BAD,
  SWAP_MAP_MAX,
  SWAPFILE_CLUSTER,
  SwapMap
} from "#src/swap-map.ts"
import { bootContext } from "@swaplab/page-alloc"
import { Random } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const swapMap = (slots: number, solidState = false, seed = 1): SwapMap =>
  new SwapMap({ slots, solidState, random: new Random(seed, "swap") })

const take = (map: SwapMap, n: number): Array<number> => Array.from({ length: n }, () => map.getSwapPage())

/** Frees slots that were just taken. */
const drop = (map: SwapMap, slots: Iterable<number>): void => {
  for (const slot of slots) map.freeCache(slot, bootContext())
}

describe("the byte of a slot", () => {
  it("counts users and the cache apart, and is 0 when both are gone", () => {
    const map = swapMap(16)
    const slot = map.getSwapPage()
    expect(map.map.at(slot)).toBe(SWAP_HAS_CACHE)
    map.duplicate(slot)
    expect(map.map.at(slot)).toBe(SWAP_HAS_CACHE | 1)
    expect(map.swapCount(slot)).toBe(1)
    expect(map.freeCache(slot, bootContext())).toBe(1)
    expect(map.nrSwapPages).toBe(14)
    expect(map.free(slot, bootContext())).toBe(0)
    expect(map.nrSwapPages).toBe(15)
    map.checkInvariants()
  })

  it("has a header that is never used", () => {
    const map = swapMap(4)
    expect(map.map.at(0)).toBe(SWAP_MAP_BAD)
    expect(take(map, 4)).toEqual([1, 2, 3, NO_SLOT])
    expect(map.failures).toBe(1)
    expect(map.prepareCache(0)).toBe(NOT_IN_USE)
  })

  it.each([
    { name: "free", users: 0, cached: false, result: NOT_IN_USE },
    { name: "in use", users: 2, cached: false, result: PREPARED },
    { name: "cached", users: 1, cached: true, result: IN_CACHE },
    { name: "cached and unused", users: 0, cached: true, result: IN_CACHE }
  ])("prepares the cache of a slot that is $name", ({ users, cached, result }) => {
    const map = swapMap(8)
    const slot = map.getSwapPage()
    for (let i = 0; i < users; i++) map.duplicate(slot)
    if (!cached) map.freeCache(slot, bootContext())
    expect(map.prepareCache(slot)).toBe(result)
  })

  it("knows no slot behind the end", () => {
    expect(swapMap(8).prepareCache(8)).toBe(NOT_IN_USE)
  })

  it("holds at most 62 users", () => {
    const map = swapMap(8)
    const slot = map.getSwapPage()
    for (let i = 0; i < SWAP_MAP_MAX; i++) map.duplicate(slot)
    expect(() => map.duplicate(slot)).toThrow("too many users")
  })

  it.each([
    { used: 4, full: false },
    { used: 5, full: false },
    { used: 6, full: true }
  ])("with $used of 10 slots in use, full is $full", ({ used, full }) => {
    const map = swapMap(11)
    take(map, used)
    expect(map.vmSwapFull()).toBe(full)
  })
})

describe("the search", () => {
  it("hands out 256 slots in a row, then looks for the next empty cluster", () => {
    const map = swapMap(2048)
    expect(take(map, 512)).toEqual(Array.from({ length: 512 }, (_, i) => i + 1))
    expect(map.clustersFound).toBe(2)
  })

  it("starts again at the lowest free cluster on rotating media", () => {
    const map = swapMap(2048)
    drop(map, take(map, 512).slice(0, 256))
    expect(map.getSwapPage()).toBe(1)
  })

  it("goes on from where it is on solid-state media", () => {
    const map = swapMap(2048, true)
    map.clusterNext = 1
    drop(map, take(map, 512).slice(0, 256))
    expect(map.getSwapPage()).toBe(513)
  })

  it("wraps on solid-state media when no cluster is left behind the cursor", () => {
    const map = swapMap(1 + 4 * SWAPFILE_CLUSTER, true)
    map.clusterNext = 1
    drop(map, take(map, 4 * SWAPFILE_CLUSTER).slice(0, 300))
    expect(map.getSwapPage()).toBe(1)
  })

  it("begins at a random slot on solid-state media, the same for the same seed", () => {
    const starts = [1, 2, 3, 4, 5].map((seed) => swapMap(100_000, true, seed).getSwapPage())
    expect(new Set(starts).size).toBe(5)
    expect(starts).toEqual([1, 2, 3, 4, 5].map((seed) => swapMap(100_000, true, seed).getSwapPage()))
    expect(starts.every((slot) => slot >= 1 && slot < 100_000)).toBe(true)
  })

  it("takes the next free slot when there is no empty cluster", () => {
    const map = swapMap(1024)
    const all = take(map, 1023)
    drop(map, all.filter((slot) => slot % 2 === 0))
    expect(take(map, 3)).toEqual([2, 4, 6])
    expect(map.clustersMissed).toBe(1)
  })

  it("passes over the lowest free slot when it wraps", () => {
    const map = swapMap(64)
    const all = take(map, 60)
    drop(map, [all[9], all[19]])
    take(map, 3)
    // 10 and 20 are free, the cursor is at the end: 10 is the lowest, and is looked at first only then
    map.clusterNext = 15
    expect(map.lowestBit).toBe(10)
    expect(map.getSwapPage()).toBe(20)
    map.clusterNext = 30
    expect(map.getSwapPage()).toBe(NO_SLOT)
    expect(map.nrSwapPages).toBe(1)
  })

  it("reuses slots that only the cache holds, once swap is more than half full", () => {
    const map = swapMap(33)
    const tried: Array<number> = []
    map.reclaimCacheOnly = (slot) => {
      tried.push(slot)
      if (slot !== 7) return false
      map.freeCache(slot, bootContext())
      return true
    }
    const slots = take(map, 15)
    for (const slot of slots) if (slot !== 5 && slot !== 7) map.duplicate(slot)
    map.clusterNext = 4
    expect(map.getSwapPage()).toBe(16)
    map.duplicate(16)
    expect(tried).toEqual([])
    map.getSwapPage()
    map.duplicate(17)
    map.clusterNext = 4
    expect(map.vmSwapFull()).toBe(true)
    expect(map.getSwapPage()).toBe(7)
    expect(tried).toEqual([5, 7])
    map.checkInvariants()
  })
})

it("finds what a search slot by slot finds", () => {
  /** scan_swap_map, as it reads, over a plain list. */
  class Naive {
    readonly free: Array<boolean>
    lowest = 1
    highest: number
    next: number
    nr = 0

    constructor(slots: number, next: number) {
      this.free = Array.from({ length: slots }, (_, slot) => slot !== 0)
      this.highest = slots - 1
      this.next = next
    }

    take(solidState: boolean): number {
      const slot = this.free.includes(true) ? this.find(solidState) : NO_SLOT
      if (slot === NO_SLOT) return NO_SLOT
      this.free[slot] = false
      this.next = slot + 1
      if (slot === this.lowest) this.lowest++
      if (slot === this.highest) this.highest--
      if (!this.free.includes(true)) [this.lowest, this.highest] = [this.free.length, 0]
      return slot
    }

    drop(slot: number): void {
      this.free[slot] = true
      this.lowest = Math.min(this.lowest, slot)
      this.highest = Math.max(this.highest, slot)
    }

    find(solidState: boolean): number {
      const { free, lowest, highest } = this
      const run = (at: number): boolean => free.slice(at, at + 256).every(Boolean)
      let offset = this.next
      let base = offset
      if (this.nr-- === 0) {
        this.nr = 255
        if (free.filter(Boolean).length >= 256) {
          if (!solidState) base = offset = lowest
          for (let at = base; at + 255 <= highest; at++) if (run(at)) return at
          for (let at = lowest; at + 255 < base; at++) if (run(at)) return at
          offset = base
        }
      }
      if (offset > highest) base = offset = lowest
      for (let at = offset; at <= highest; at++) if (free[at]) return at
      for (let at = lowest + 1; at < base; at++) if (free[at]) return at
      return NO_SLOT
    }
  }
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.nat(1000),
      fc.array(fc.tuple(fc.constantFrom("take", "take", "drop"), fc.nat(400)), { maxLength: 60, size: "max" }),
      (solidState, seed, commands) => {
        const map = swapMap(900, solidState, seed)
        const naive = new Naive(900, map.clusterNext)
        const taken: Array<number> = []
        const random = new Random(seed, "drop")
        for (const [what, n] of commands) {
          for (let i = 0; i < n; i++) {
            if (what === "take") {
              const slot = map.getSwapPage()
              expect(slot).toBe(naive.take(solidState))
              if (slot !== NO_SLOT) taken.push(slot)
            } else if (taken.length > 0) {
              const [slot] = taken.splice(random.below(taken.length), 1)
              map.freeCache(slot, bootContext())
              naive.drop(slot)
            }
          }
          map.checkInvariants()
          expect(map.inusePages).toBe(taken.length)
        }
      }
    ),
    { seed: 256, numRuns: 12 }
  )
})
