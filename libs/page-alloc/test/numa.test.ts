import { __GFP_DMA32 } from "#src/gfp.ts"
import { interleavedNode, nextNode } from "#src/mempolicy.ts"
import { defaultZonelistOrder, nodeOrders, nodesOfCpus } from "#src/topology.ts"
import {
  __GFP_MEMALLOC,
  __GFP_MOVABLE,
  __GFP_NOWARN,
  __GFP_THISNODE,
  type Context,
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_USER,
  mempolicy,
  NO_PAGE,
  type NumaOptions,
  PageAllocator,
  type PageAllocOptions,
  PF_EXITING,
  PF_MEMALLOC,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { context } from "./support.ts"

const MIB = 2 ** 20
const GIB = 2 ** 30

const onNodes = (numa: NumaOptions, options: Partial<PageAllocOptions> = {}): PageAllocator =>
  new PageAllocator(new Sim({ seed: 1 }), {
    memory: 0,
    cpus: numa.nodeBytes.length * 2,
    vmstat: { numa: true },
    ...options,
    numa
  })

const names = (zones: ReadonlyArray<{ readonly node: number; readonly name: string }>): ReadonlyArray<string> =>
  zones.map(({ name, node }) => `${node} ${name}`)

/** A context on a CPU of a node (two CPUs each). */
const at = (node: number, more: Partial<Context> = {}): Context => context({ cpu: node * 2, ...more })

const nodeOf = (pages: PageAllocator, pfn: number): number => pfn < 0 ? pfn : pages.zoneOf(pfn).node

/** Takes every page of a node that no watermark keeps. */
const drain = (pages: PageAllocator, node: number, left: number): void => {
  for (const zone of pages.populatedZones.filter((own) => own.node === node)) {
    const marks = [...zone.watermark] as const
    zone.watermark.fill(0)
    const reserve = [...zone.lowmemReserve]
    zone.lowmemReserve.fill(0)
    const bits = zone.index === 0 ? 1 : zone.index === 1 ? __GFP_DMA32 : 0
    while (zone.free > left) {
      const page = pages.tryAlloc(at(node), GFP_ATOMIC | __GFP_THISNODE | __GFP_NOWARN | bits, 0, node)
      if (page < 0) throw new Error("could not drain the node")
      pages.drainAllPages()
    }
    marks.forEach((mark, i) => zone.watermark[i] = mark)
    reserve.forEach((kept, i) => zone.lowmemReserve[i] = kept)
  }
}

describe("topology", () => {
  it("shares RAM out in the order of its addresses", () => {
    const pages = onNodes({ nodeBytes: [2 * GIB, 2 * GIB, 2 * GIB] })
    expect(names(pages.populatedZones)).toEqual(["0 DMA", "0 DMA32", "1 DMA32", "1 Normal", "2 Normal"])
    expect(pages.populatedZones.map(({ startPfn }) => startPfn)).toEqual([16, 4096, 524_288, 1_048_576, 1_310_720])
    // 64 bytes of memmap a page, and 96 pages of hole, as on one node
    expect(pages.presentPages).toBe(
      pages.populatedZones.reduce((sum, { spanned }) => sum + spanned - Math.ceil(spanned / 64), 0) - 96
    )
  })

  it("deals CPUs out in blocks", () => {
    expect([...nodesOfCpus(8, 2)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
    expect([...nodesOfCpus(5, 2)]).toEqual([0, 0, 0, 1, 1])
    expect(() => nodesOfCpus(1, 2)).toThrow("needs a CPU")
  })

  it("tries the next higher node first, and spreads the load over equally distant ones", () => {
    expect(nodeOrders(2, 20)).toEqual([[0, 1], [1, 0]])
    expect(nodeOrders(4, 20)).toEqual([[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]])
  })

  it.each([
    ["a node without Normal: node order", [2, 2], "node"],
    ["much low memory: node order", [3, 2], "node"],
    ["little low memory: zone order", [16, 16], "zone"]
  ])("%s", (_words, gib, order) => {
    const pages = onNodes({ nodeBytes: gib.map((size) => size * GIB) })
    const nodes = gib.map((_size, node) => pages.populatedZones.filter((zone) => zone.node === node))
    expect([defaultZonelistOrder(nodes), pages.numa?.zonelistOrder]).toEqual([order, order])
  })

  it("builds zonelists in node order and in zone order", () => {
    const lists = (["node", "zone"] as const).map((zonelistOrder) =>
      names(onNodes({ nodeBytes: [4 * GIB, 4 * GIB], zonelistOrder }).numa?.list(1, GFP_KERNEL) ?? [])
    )
    expect(lists[0]).toEqual(["1 Normal", "0 Normal", "0 DMA32", "0 DMA"])
    expect(lists[1]).toEqual(["1 Normal", "0 Normal", "0 DMA32", "0 DMA"])
    const of0 = (["node", "zone"] as const).map((zonelistOrder) =>
      names(onNodes({ nodeBytes: [4 * GIB, 4 * GIB], zonelistOrder }).numa?.list(0, GFP_KERNEL) ?? [])
    )
    expect(of0[0]).toEqual(["0 Normal", "0 DMA32", "0 DMA", "1 Normal"])
    expect(of0[1]).toEqual(["0 Normal", "1 Normal", "0 DMA32", "0 DMA"])
  })

  it("divides the min reserve by the zones of all nodes", () => {
    const one = onNodes({ nodeBytes: [2 * GIB] })
    const two = onNodes({ nodeBytes: [GIB, GIB] })
    expect(two.minFreeKbytes).toBe(one.minFreeKbytes)
    const mins = two.populatedZones.slice(1).map(({ watermark }) => watermark[0])
    expect(Math.abs(mins[0] - mins[1])).toBeLessThan(15)
    expect(mins[0] + mins[1]).toBeLessThanOrEqual(one.minFreeKbytes / 4)
  })
})

describe("placement", () => {
  const two = () => onNodes({ nodeBytes: [64 * MIB, 64 * MIB] })

  it("takes pages of the CPU's node, and counts hits, misses and locality", () => {
    const pages = two()
    for (const node of [0, 1]) expect(nodeOf(pages, pages.tryAlloc(at(node), GFP_KERNEL, 0))).toBe(node)
    expect(nodeOf(pages, pages.tryAlloc(at(0), GFP_KERNEL, 0, 1))).toBe(1)
    drain(pages, 1, 0)
    const before = ["numa_hit", "numa_miss", "numa_foreign", "numa_local", "numa_other"].map((name) =>
      pages.vmstat.get(name)
    )
    expect(nodeOf(pages, pages.tryAlloc(at(1), GFP_KERNEL, 0))).toBe(0)
    const after = ["numa_hit", "numa_miss", "numa_foreign", "numa_local", "numa_other"].map((name) =>
      pages.vmstat.get(name)
    )
    expect(after.map((count, i) => count - before[i])).toEqual([0, 1, 1, 0, 1])
    expect(pages.zoneinfo()).toMatch(/Node 1, zone {4}DMA32[\s\S]*numa_foreign 1\n/)
    pages.checkInvariants()
  })

  it("__GFP_THISNODE never leaves the node", () => {
    const pages = two()
    drain(pages, 1, 0)
    expect(pages.tryAlloc(at(1), GFP_ATOMIC | __GFP_NOWARN | __GFP_THISNODE, 0, 1)).toBe(NO_PAGE)
  })

  it("preferred asks its node first, bind stays, interleave takes turns", () => {
    const pages = two()
    const take = (ctx: Context, gfp = GFP_USER) => nodeOf(pages, pages.tryAlloc(ctx, gfp, 0))
    expect(take(at(0, { mempolicy: mempolicy("preferred", 0b10) }))).toBe(1)
    expect(take(at(0, { mempolicy: mempolicy("bind", 0b10) }))).toBe(1)
    expect(take(at(0, { mempolicy: mempolicy("bind", 0b10), inInterrupt: true }), GFP_ATOMIC)).toBe(0)
    const turns = at(0, { mempolicy: mempolicy("interleave", 0b11) })
    expect([1, 2, 3, 4].map(() => take(turns))).toEqual([0, 1, 0, 1])
    expect(pages.vmstat.get("numa_interleave")).toBe(4)
    drain(pages, 1, 0)
    expect(take(at(0, { mempolicy: mempolicy("preferred", 0b10) }))).toBe(0)
    expect(take(at(0, { mempolicy: mempolicy("bind", 0b10) }))).toBe(WOULD_SLEEP)
  })

  it("the page of a fault decides where interleaving puts it, and moves no turn on", () => {
    const pages = two()
    const policy = mempolicy("interleave", 0b11)
    const ctx = at(0, { mempolicy: policy })
    policy.faultPage = 7
    expect([1, 2].map(() => nodeOf(pages, pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0)))).toEqual([1, 1])
    expect([policy.next, __GFP_MOVABLE & GFP_HIGHUSER_MOVABLE]).toEqual([0, __GFP_MOVABLE])
    expect([0, 1, 2, 3, 4].map((page) => interleavedNode(0b1011, page))).toEqual([0, 1, 3, 0, 1])
    expect([nextNode(0b1011, 1), nextNode(0b1011, 3)]).toEqual([3, 0])
  })

  it("a cpuset binds user memory; kernel memory leaves it when the cpuset is empty, and interrupts do not know it", () => {
    const pages = two()
    const inside = at(0, { memsAllowed: 0b10 })
    expect(nodeOf(pages, pages.tryAlloc(inside, GFP_USER, 0))).toBe(1)
    drain(pages, 1, 0)
    expect(pages.tryAlloc(inside, GFP_USER, 0)).toBe(WOULD_SLEEP)
    expect(nodeOf(pages, pages.tryAlloc(inside, GFP_KERNEL, 0))).toBe(0)
    expect(nodeOf(pages, pages.tryAlloc(at(0, { memsAllowed: 0b10, inInterrupt: true }), GFP_ATOMIC, 0))).toBe(0)
  })
})

it("mem_hardwall keeps kernel memory in the cpuset, too, but for interrupts, exiting tasks and the reserve", () => {
  const pages = onNodes({ nodeBytes: [64 * MIB, 64 * MIB] })
  drain(pages, 1, 0)
  const take = (more: Partial<Context>, gfp = GFP_KERNEL) =>
    nodeOf(pages, pages.tryAlloc(at(0, { memsAllowed: 0b10, ...more }), gfp, 0))
  const inside = { memsHardwall: 0b10 }
  expect([take({}), take(inside), take({ ...inside, flags: PF_EXITING })]).toEqual([0, WOULD_SLEEP, 0])
  expect([take({ ...inside, inInterrupt: true }, GFP_ATOMIC), take({ ...inside, flags: PF_MEMALLOC })]).toEqual([0, 0])
  // a request that may not sleep asks no cpuset
  expect(take(inside, GFP_ATOMIC)).toBe(0)
})

/** The first node that a reserve request gets a page of, with both nodes below their watermarks. */
describe("patch 6: reserve allocations and memory policies", () => {
  const MEMALLOC = GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN

  const reserve = (
    switches: PageAllocOptions["switches"],
    mode: "preferred" | "bind",
    left: readonly [number, number]
  ): number => {
    const pages = onNodes({ nodeBytes: [64 * MIB, 64 * MIB] }, { switches: { gfpMemalloc: true, ...switches } })
    left.forEach((free, node) => drain(pages, node, free))
    return nodeOf(pages, pages.tryAlloc(at(0, { mempolicy: mempolicy(mode, 0b10) }), MEMALLOC, 0))
  }

  it("preferred: the local node comes first with it, the preferred one without", () => {
    expect([{}, { ignoreMempolicy: true }].map((switches) => reserve(switches, "preferred", [8, 8]))).toEqual([1, 0])
  })

  it("bind: with and without it, the task stays on its node, and fails with it", () => {
    const forms = [{}, { ignoreMempolicy: true }]
    expect(forms.map((switches) => reserve(switches, "bind", [8, 8]))).toEqual([1, 1])
    expect(forms.map((switches) => reserve(switches, "bind", [8, 0]))).toEqual([NO_PAGE, NO_PAGE])
  })

  it("drop-nodemask: the bound task whose node is empty gets its page elsewhere", () => {
    expect(reserve({ dropNodemask: true }, "bind", [8, 0])).toBe(0)
    expect(reserve({ dropNodemask: true, ignoreMempolicy: true }, "bind", [8, 8])).toBe(0)
  })

  it("a bound task that frees memory, with its node exhausted: only drop-nodemask gives it a page", () => {
    const forms = [{}, { ignoreMempolicy: true }, { ignoreMempolicy: true, dropNodemask: true }]
    const pages = forms.map((switches) => {
      const one = onNodes({ nodeBytes: [64 * MIB, 64 * MIB] }, { switches })
      drain(one, 1, 0)
      const task = at(1, { mempolicy: mempolicy("bind", 0b10), flags: PF_MEMALLOC })
      return nodeOf(one, one.tryAlloc(task, GFP_KERNEL | __GFP_NOWARN, 0))
    })
    expect(pages).toEqual([NO_PAGE, NO_PAGE, 0])
  })

  it("a zonelist of another node: with it the local node comes first", () => {
    const first = [{}, { ignoreMempolicy: true }].map((switches) => {
      const pages = onNodes({ nodeBytes: [64 * MIB, 64 * MIB] }, { switches })
      for (const node of [0, 1]) drain(pages, node, 8)
      return nodeOf(pages, pages.tryAlloc(at(0, { flags: PF_MEMALLOC }), GFP_KERNEL, 0, 1))
    })
    expect(first).toEqual([1, 0])
  })

  it("a PF_MEMALLOC task is treated alike", () => {
    const pages = onNodes({ nodeBytes: [64 * MIB, 64 * MIB] }, { switches: { ignoreMempolicy: true } })
    for (const node of [0, 1]) drain(pages, node, 8)
    const task = at(1, { mempolicy: mempolicy("preferred", 0b01), flags: PF_MEMALLOC })
    expect(nodeOf(pages, pages.tryAlloc(task, GFP_KERNEL, 0))).toBe(1)
  })
})
