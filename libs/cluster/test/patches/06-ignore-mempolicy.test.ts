import { expect, it } from "vitest"
import { fingerprint } from "./fingerprint.ts"
import { ALLOCATORS } from "./rig.ts"

// a NUMA machine would show it: a task bound to an empty node gets its page from another one
it.each(ALLOCATORS)("patch 6, ignore-mempolicy: with one memory node nothing differs, %s", (allocator) => {
  expect(fingerprint(allocator, "v3.6 - ignore-mempolicy")).toBe(fingerprint(allocator, "v3.6"))
})
