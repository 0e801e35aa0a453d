import { kmallocSize, skbDataArea, SKBUFF_HEAD, slabinfoLine } from "@swaplab/kmem"
import { expect, it } from "vitest"

it("does what the README shows", () => {
  // the data area of a pure ACK: 272 bytes of header room and the shared info, from the 1024-byte class
  expect(SKBUFF_HEAD).toBe(224)
  expect(skbDataArea(272)).toBe(640)
  expect(kmallocSize(skbDataArea(272))).toBe(1024)
  expect(slabinfoLine({
    name: "size-1024",
    activeObjects: 30,
    totalObjects: 32,
    objectSize: 1024,
    objectsPerSlab: 4,
    pagesPerSlab: 1,
    limit: 54,
    batchcount: 27,
    sharedFactor: 8,
    activeSlabs: 8,
    totalSlabs: 8,
    sharedAvailable: 3
  })).toBe("size-1024             30     32   1024    4    1 : tunables   54   27    8 : slabdata      8      8      3")
})
