// Which area a page goes to.
import { prioritiesOf, SwapAreas } from "#src/swap-areas.ts"
import { NO_SLOT, NOT_IN_USE, PREPARED, SWAP_HAS_CACHE, SwapMap } from "#src/swap-map.ts"
import { bootContext } from "@swaplab/page-alloc"
import { Random } from "@swaplab/sim"
import fc from "fast-check"
import { expect, it } from "vitest"

const areas = (...list: ReadonlyArray<readonly [slots: number, priority: number | null]>): SwapAreas =>
  new SwapAreas(list.map(([slots, priority], type) => ({
    map: new SwapMap({ slots, solidState: false, random: new Random(type, "swap") }),
    priority
  })))

/** Types of the areas of the next pages. */
const take = (all: SwapAreas, n: number): ReadonlyArray<number> =>
  Array.from({ length: n }, () => {
    const slot = all.getSwapPage()
    return slot === NO_SLOT ? -1 : all.typeOf(slot)
  })

it.each([
  { given: [null], priorities: [-1] },
  { given: [null, null, null], priorities: [-1, -2, -3] },
  { given: [null, 5, null, 5], priorities: [-1, 5, -2, 5] }
])("priorities $given become $priorities", ({ given, priorities }) => {
  expect(prioritiesOf(given)).toEqual(priorities)
})

it.each([-1, 32_768])("swapon takes no priority %d", (priority) => {
  expect(() => prioritiesOf([null, priority])).toThrow("swapon takes no such priority")
})

it("slots of an area begin at a multiple of 64, its header first", () => {
  const all = areas([100, null], [10, 5], [10, 5])
  expect(all.bases.slice(0, 3)).toEqual([0, 128, 192])
  expect([0, 128, 192, 129].map((slot) => all.isHeader(slot))).toEqual([true, true, true, false])
  expect([all.max, all.pages]).toEqual([202, 99 + 9 + 9])
  expect(all.prepareCache(110)).toBe(NOT_IN_USE)
})

it.each(
  [
    {
      name: "the highest priority first, the next one when it is full",
      list: [[4, null], [3, 5]],
      types: [1, 1, 0, 0, 0, -1]
    },
    { name: "in the order of the swapons, without priorities", list: [[3, null], [3, null]], types: [0, 0, 1, 1, -1] },
    {
      name: "in turn where priorities are equal, the last swapon first",
      list: [[3, 5], [3, 5]],
      types: [1, 0, 1, 0, -1]
    },
    {
      name: "in turn among equals, then the others",
      list: [[3, null], [3, 5], [2, 5]],
      types: [2, 1, 1, 0, 0, -1]
    },
    {
      name: "the lower priorities in turn, once the highest is full",
      list: [[3, null], [3, null], [2, 5]],
      types: [2, 0, 1, 0, 1, -1]
    }
  ] as const
)("pages go to $name", ({ list, types }) => {
  expect(take(areas(...list), types.length)).toEqual(types)
})

it("a slot that is freed calls the cursor back to its area", () => {
  const all = areas([10, null], [3, 5])
  const slots = [all.getSwapPage(), all.getSwapPage(), all.getSwapPage()]
  expect(slots.map((slot) => all.typeOf(slot))).toEqual([1, 1, 0])
  all.freeCache(slots[0], bootContext())
  expect(take(all, 2)).toEqual([1, 0])
})

it("swap is full when more than half of all slots are in use", () => {
  const all = areas([11, null], [11, 5])
  take(all, 10)
  expect([all.maps[1].nrSwapPages, all.vmSwapFull()]).toEqual([0, false])
  take(all, 1)
  expect(all.vmSwapFull()).toBe(true)
  expect(all.maps[1].vmSwapFull()).toBe(true)
})

it("counts a page that no area has a slot for", () => {
  const all = areas([2, null], [2, 5])
  expect(take(all, 3)).toEqual([1, 0, -1])
  expect(all.failures).toBe(1)
})

it("tells the owner of an area once a slot is free, in the context that freed it", () => {
  const all = areas([10, null], [10, 5])
  const freed: Array<readonly [cpu: number, slot: number]> = []
  all.maps[1].onFree = ({ cpu }, slot) => void freed.push([cpu, slot])
  const slot = all.getSwapPage()
  all.duplicate(slot)
  const ctx = { ...bootContext(), cpu: 3 }
  all.freeCache(slot, ctx)
  expect(freed).toEqual([])
  all.free(slot, ctx)
  expect(freed).toEqual([[3, slot - all.bases[1]]])
})

it("is a list of maps by their priorities, however slots come and go", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 2, max: 40 }), fc.constantFrom(null, 0, 5)), { minLength: 2, maxLength: 5 }),
      fc.array(fc.tuple(fc.boolean(), fc.nat(1000)), { maxLength: 200, size: "max" }),
      (list, commands) => {
        const all = areas(...list)
        const held: Array<number> = []
        for (const [takes, n] of commands) {
          if (takes || held.length === 0) {
            const free = all.maps.map((map) => map.nrSwapPages > 0)
            const slot = all.getSwapPage()
            if (slot === NO_SLOT) {
              // the search passes over the lowest slot when it wraps: an area may say no although one is free
              expect(all.maps.every((map) => map.nrSwapPages <= 1)).toBe(true)
              continue
            }
            expect(all.byteOf(slot)).toBe(SWAP_HAS_CACHE)
            const type = all.typeOf(slot)
            expect(free[type]).toBe(true)
            // below the highest priority areas take turns, whatever their own is
            const highest = Math.max(...all.priorities)
            const better = all.maps.some((map, other) => all.priorities[other] === highest && map.nrSwapPages > 1)
            expect(all.priorities[type] === highest || !better).toBe(true)
            held.push(slot)
          } else {
            const [slot] = held.splice(n % held.length, 1)
            expect(all.freeCache(slot, bootContext())).toBe(0)
          }
          all.checkInvariants()
          expect(all.inusePages).toBe(held.length)
          expect(all.cachedSlots()).toBe(held.length)
        }
        for (const slot of held) {
          all.duplicate(slot)
          all.freeCache(slot, bootContext())
          expect([all.swapCount(slot), all.prepareCache(slot)]).toEqual([1, PREPARED])
        }
      }
    ),
    { seed: 2012, numRuns: 200 }
  )
})
