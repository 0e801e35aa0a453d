import { expect, it } from "vitest"
import { fingerprint } from "./fingerprint.ts"
import { ALLOCATORS } from "./rig.ts"

it.each(ALLOCATORS)("patch 13, slab-micro-opt: every event of a run is the same, %s", (allocator) => {
  expect(fingerprint(allocator, "v3.6 - slab-micro-opt")).toBe(fingerprint(allocator, "v3.6"))
})

it("a patch that does something shows in the fingerprint", () => {
  expect(fingerprint("slab", "v3.6 + pageout-list")).not.toBe(fingerprint("slab", "v3.6"))
})
