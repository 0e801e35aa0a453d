import { expect, it } from "vitest"
import { fingerprint } from "./fingerprint.ts"
import { ALLOCATORS } from "./rig.ts"

// what it does on several nodes: "preferred" and "bind" in libs/page-alloc/test/numa.test.ts
it.each(ALLOCATORS)("patch 6, ignore-mempolicy: with one memory node nothing differs, %s", (allocator) => {
  expect(fingerprint(allocator, "v3.6 - ignore-mempolicy")).toBe(fingerprint(allocator, "v3.6"))
})
