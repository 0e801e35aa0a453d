import { BASES, formatKernel, noEffect, parseKernel, PATCHES, patchesOf } from "@swaplab/kernel"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("kernels as people write them", () => {
  it.each([
    ["v3.6", { base: "v3.6", patches: {} }],
    ["  v3.5 + nbd-memalloc ", { base: "v3.5", patches: { "nbd-memalloc": true } }],
    [
      "v3.6 - nbd-memalloc + recursive-reclaim",
      { base: "v3.6", patches: { "nbd-memalloc": false, "recursive-reclaim": true } }
    ],
    ["v3.5 + 14 + 3", { base: "v3.5", patches: { "nbd-memalloc": true, "gfp-memalloc": true } }]
  ])("%s", (text, kernel) => {
    expect(parseKernel(text)).toEqual(kernel)
  })

  it.each([
    ["", "base", ""],
    ["v3.7", "base", "v3.7"],
    ["v3.6-nbd-memalloc", "base", "v3.6-nbd-memalloc"],
    ["v3.6 - nbd-memaloc", "patch", "nbd-memaloc"],
    ["v3.6 - 17", "patch", "17"],
    ["v3.6 - 0", "patch", "0"],
    ["v3.6 nbd-memalloc", "form", "nbd-memalloc"],
    ["v3.6 -throttle", "form", "-throttle"],
    ["v3.6 - throttle -", "form", "-"],
    ["v3.6 - throttle + 15", "twice", "15"]
  ])("%s is a mistake: %s", (text, mistake, word) => {
    expect(parseKernel(text)).toEqual({ mistake, text: word })
  })

  it("what is written is read back as the same set of patches", () => {
    const names = PATCHES.map(({ name }) => name)
    fc.assert(
      fc.property(
        fc.constantFrom(...BASES),
        fc.dictionary(fc.constantFrom(...names), fc.boolean()),
        (base, patches) => {
          const parsed = parseKernel(formatKernel({ base, patches }))
          expect(parsed).not.toHaveProperty("mistake")
          if ("base" in parsed) expect([...patchesOf(parsed)]).toEqual([...patchesOf({ base, patches })])
        }
      ),
      { seed: 2012, numRuns: 100 }
    )
  })
})

describe("where a patch cannot matter", () => {
  const F = { receiveBuffers: "fragment", copiesPackets: false, scatterGather: false } as const
  it.each(
    [
      ["slab", "v3.6", F, "ignore-mempolicy", "the machines have one memory node"],
      ["slab", "v3.6", F, "slab-micro-opt", "it changes no behaviour"],
      ["slab", "v3.6", F, "slub-fast-path", "the allocator is slab"],
      ["slub", "v3.6", F, "slub-fast-path", null],
      ["slub", "v3.5", F, "slub-fast-path", "it does nothing without slab-knowledge"],
      ["slub", "v3.6", F, "pfmemalloc-receive", "no receive buffer of this card is ever marked"],
      ["slub", "v3.6-P", F, "pfmemalloc-receive", null],
      ["slub", "v3.6", { ...F, receiveBuffers: "kmalloc" }, "pfmemalloc-receive", null],
      ["slub", "v3.6", { ...F, receiveBuffers: "page" }, "pfmemalloc-receive", null],
      ["slub", "v3.6", F, "skb-alloc-page", "the card's driver takes no pages by __skb_alloc_page"],
      ["slub", "v3.6", F, "page-to-skb", "no packet of this card consists of pages"],
      ["slub", "v3.6", { ...F, scatterGather: true }, "page-to-skb", null],
      ["slub", "v3.6-P", F, "frag-recycling", "no receive buffer is a fragment of a page"],
      ["slub", "v3.5", F, "throttle-counter", "it does nothing without throttle"],
      ["slub", "v3.5", F, "sk-gfp-atomic", "it does nothing without gfp-memalloc and nbd-memalloc"],
      ["slub", "v3.5", F, "nbd-memalloc", null],
      ["slub", "v3.5", F, "throttle", null]
    ] as const
  )("%s %s %o %s: %s", (allocator, base, facts, name, reason) => {
    expect(noEffect({ allocator, base }, facts, name)).toBe(reason)
  })

  it("recursive reclaim concerns nobody while the sender has no PF_MEMALLOC", () => {
    expect(noEffect({ allocator: "slub", base: "v3.5" }, F, "recursive-reclaim")).toMatch(/__GFP_NOMEMALLOC/)
    const spec = { allocator: "slub", base: "v3.5", patches: { "nbd-memalloc": true } } as const
    expect(noEffect(spec, F, "recursive-reclaim")).toBeNull()
  })
})
