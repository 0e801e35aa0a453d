import { SlotBytes } from "#src/slot-bytes.ts"
import fc from "fast-check"
import { expect, it } from "vitest"

it("the bytes of a swap map are what an array of them is, and one map knows nothing of another", () => {
  const write = fc.tuple(fc.nat(2999), fc.nat(255))
  fc.assert(fc.property(fc.array(write), fc.option(fc.nat(255)), (writes, all) => {
    const bytes = new SlotBytes(3000)
    const naive = new Uint8Array(3000)
    if (all !== null) {
      bytes.fill(all)
      naive.fill(all)
    }
    for (const [slot, value] of writes) {
      bytes.set(slot, value)
      naive[slot] = value
    }
    expect(Array.from({ length: 3000 }, (_, slot) => bytes.at(slot))).toEqual([...naive])
    expect(new SlotBytes(3000).at(0)).toBe(0)
  }))
})
