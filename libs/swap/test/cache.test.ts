// The table behind the swap cache, and the memory of its radix tree.
import { waitTableEntries } from "#src/page-lock.ts"
import { RADIX_TREE_PRELOAD_SIZE, RadixNodes, RadixPreloads } from "#src/radix-nodes.ts"
import { SwapCache } from "#src/swap-cache.ts"
import { __GFP_HIGH, bootContext, Frames } from "@swaplab/page-alloc"
import { NOT_CACHED } from "@swaplab/swap"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { TestMemory } from "./rig.ts"

it("finds what a Map finds, however full it is", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.array(fc.tuple(fc.constantFrom(true, true, true, false), fc.integer({ min: 1, max: 60 })), {
        maxLength: 200,
        size: "max"
      }),
      (count, commands) => {
        const frames = new Frames(count)
        const cache = new SwapCache(frames)
        const naive = new Map<number, number>()
        const free = Array.from({ length: count }, (_, pfn) => pfn)
        for (const [insert, slot] of commands) {
          const pfn = naive.get(slot)
          if (insert && pfn === undefined && free.length > 0) {
            const page = free.pop() ?? 0
            frames.private[page] = slot
            cache.insert(slot, page)
            naive.set(slot, page)
          } else if (!insert && pfn !== undefined) {
            cache.remove(slot)
            naive.delete(slot)
            // a frame that left the cache keeps nothing that lookups could trip over
            frames.private[pfn] = slot
            free.push(pfn)
          }
          for (let s = 1; s <= 60; s++) expect(cache.find(s)).toBe(naive.get(s) ?? NOT_CACHED)
          cache.checkInvariants()
        }
        expect(cache.pages).toBe(naive.size)
      }
    ),
    { seed: 8, numRuns: 60 }
  )
})

it("counts lookups and hits", () => {
  const frames = new Frames(4)
  const cache = new SwapCache(frames)
  frames.private[2] = 77
  cache.insert(77, 2)
  expect(cache.lookup(77)).toBe(2)
  expect(cache.lookup(78)).toBe(NOT_CACHED)
  expect([cache.findTotal, cache.findSuccess]).toEqual([2, 1])
  expect(() => cache.remove(78)).toThrow("not in the swap cache")
})

describe("radix tree nodes", () => {
  it("need 21 in the pool of the CPU, and only replace what was used", () => {
    const memory = new TestMemory()
    const nodes = new RadixNodes(4096, new RadixPreloads(2, memory))
    const ctx = bootContext()
    expect(nodes.preloads.tryPreload(ctx, __GFP_HIGH)).toBe(true)
    expect(memory.asked).toEqual(Array.from({ length: RADIX_TREE_PRELOAD_SIZE }, () => __GFP_HIGH))
    nodes.insert(ctx, 1)
    expect(nodes.nodes).toBe(2)
    nodes.preloads.tryPreload(ctx, 0)
    expect(memory.inUse).toBe(21 + 2)
    nodes.insert(ctx, 2)
    nodes.preloads.tryPreload(ctx, 0)
    expect(memory.inUse).toBe(21 + 2)
    expect(nodes.preloads.tryPreload({ ...ctx, cpu: 1 }, 0)).toBe(true)
    expect(memory.inUse).toBe(42 + 2)
    expect(nodes.preloads.pooledNodes()).toBe(42)
  })

  it("fail when a single one is missing, and keep what they got", () => {
    const memory = new TestMemory()
    const nodes = new RadixNodes(4096, new RadixPreloads(1, memory))
    const ctx = bootContext()
    memory.limit = 20
    expect(nodes.preloads.tryPreload(ctx, __GFP_HIGH)).toBe(false)
    expect(memory.inUse).toBe(20)
    memory.limit = 21
    expect(nodes.preloads.tryPreload(ctx, __GFP_HIGH)).toBe(true)
    expect(nodes.preloads.failures).toBe(1)
  })

  it.each([
    { slots: 64, nodes: 1 },
    { slots: 65, nodes: 2 },
    { slots: 4096, nodes: 2 },
    { slots: 4097, nodes: 3 },
    { slots: 1 << 20, nodes: 4 }
  ])("a single page in an area of $slots slots takes $nodes", ({ slots, nodes: expected }) => {
    const nodes = new RadixNodes(slots, new RadixPreloads(1, new TestMemory()))
    const ctx = bootContext()
    nodes.preloads.tryPreload(ctx, 0)
    nodes.insert(ctx, slots - 1)
    expect(nodes.nodes).toBe(expected)
  })

  it("are one per 64 slots in use and those above, and all go back", () => {
    const memory = new TestMemory()
    const nodes = new RadixNodes(10_000, new RadixPreloads(1, memory))
    const ctx = bootContext()
    const slots = Array.from({ length: 400 }, (_, i) => (i * 7919) % 10_000)
    for (const [i, slot] of slots.entries()) {
      nodes.preloads.tryPreload(ctx, 0)
      nodes.insert(ctx, slot)
      nodes.checkInvariants(i + 1)
    }
    const distinct = (shift: number) => new Set(slots.map((slot) => slot >> shift)).size
    expect(nodes.nodes).toBe(distinct(6) + distinct(12) + distinct(18))
    expect(memory.inUse).toBe(nodes.nodes + nodes.preloads.pooledNodes())
    for (const slot of slots) nodes.remove(ctx, slot)
    nodes.checkInvariants(0)
    expect(memory.inUse).toBe(nodes.preloads.pooledNodes())
  })
})

it.each([
  { pages: 100, entries: 4 },
  { pages: 16_384, entries: 64 },
  { pages: 524_288, entries: 2048 },
  { pages: 4_000_000, entries: 4096 }
])("$pages pages share $entries wait queues", ({ pages, entries }) => {
  expect(waitTableEntries(pages)).toBe(entries)
})
