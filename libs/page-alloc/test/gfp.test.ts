import * as allocFlags from "#src/alloc-flags.ts"
import * as gfp from "#src/gfp.ts"
import * as sched from "#src/sched.ts"
import { describe, expect, it } from "vitest"

const flags: Readonly<Record<string, unknown>> = { ...allocFlags, ...gfp, ...sched }

/** include/linux/gfp.h, mm/internal.h and include/linux/sched.h of v3.6 under x86_64_defconfig. */
describe("every flag has the bit that defconfig gives it", () => {
  it.each<[string, number]>([
    ["__GFP_DMA", 0x1],
    ["__GFP_HIGHMEM", 0x2],
    ["__GFP_DMA32", 0x4],
    ["__GFP_MOVABLE", 0x8],
    ["__GFP_WAIT", 0x10],
    ["__GFP_HIGH", 0x20],
    ["__GFP_IO", 0x40],
    ["__GFP_FS", 0x80],
    ["__GFP_COLD", 0x100],
    ["__GFP_NOWARN", 0x200],
    ["__GFP_REPEAT", 0x400],
    ["__GFP_NOFAIL", 0x800],
    ["__GFP_NORETRY", 0x1000],
    ["__GFP_MEMALLOC", 0x2000],
    ["__GFP_COMP", 0x4000],
    ["__GFP_ZERO", 0x8000],
    ["__GFP_NOMEMALLOC", 0x10000],
    ["__GFP_HARDWALL", 0x20000],
    ["__GFP_THISNODE", 0x40000],
    ["__GFP_RECLAIMABLE", 0x80000],
    // no CONFIG_KMEMCHECK
    ["__GFP_NOTRACK", 0],
    ["__GFP_NO_KSWAPD", 0x400000],
    ["__GFP_OTHER_NODE", 0x800000],
    ["__GFP_WRITE", 0x1000000],
    ["ALLOC_WMARK_MIN", 0],
    ["ALLOC_WMARK_LOW", 1],
    ["ALLOC_WMARK_HIGH", 2],
    ["ALLOC_NO_WATERMARKS", 0x4],
    ["ALLOC_HARDER", 0x10],
    ["ALLOC_HIGH", 0x20],
    ["ALLOC_CPUSET", 0x40],
    ["PF_EXITING", 0x4],
    ["PF_MEMALLOC", 0x800],
    ["PF_KSWAPD", 0x40000],
    ["PF_KTHREAD", 0x200000],
    ["PF_SWAPWRITE", 0x800000]
  ])("%s", (name, bit) => expect(flags[name]).toBe(bit))

  it("and none is left out", () => {
    expect(Object.keys(gfp).filter((name) => name.startsWith("__GFP_"))).toHaveLength(24)
  })
})

describe("gfp masks", () => {
  it.each<[string, number, number]>([
    ["GFP_NOWAIT", gfp.GFP_NOWAIT, 0],
    ["GFP_ATOMIC", gfp.GFP_ATOMIC, 0x20],
    ["GFP_NOIO", gfp.GFP_NOIO, 0x10],
    ["GFP_NOFS", gfp.GFP_NOFS, 0x50],
    ["GFP_KERNEL", gfp.GFP_KERNEL, 0xd0],
    ["GFP_IOFS", gfp.GFP_IOFS, 0xc0],
    ["GFP_USER", gfp.GFP_USER, 0x200d0],
    ["GFP_HIGHUSER", gfp.GFP_HIGHUSER, 0x200d2],
    ["GFP_HIGHUSER_MOVABLE", gfp.GFP_HIGHUSER_MOVABLE, 0x200da],
    ["GFP_TRANSHUGE", gfp.GFP_TRANSHUGE, 0x4352da],
    ["GFP_THISNODE on UMA", gfp.GFP_THISNODE, 0],
    ["GFP_THISNODE on NUMA", gfp.GFP_THISNODE_NUMA, 0x41200]
  ])("%s", (_name, mask, bits) => expect(mask).toBe(bits))

  it.each<[number, string]>([
    [0, "GFP_NOWAIT"],
    [gfp.GFP_ATOMIC, "GFP_ATOMIC"],
    [gfp.GFP_NOIO, "GFP_NOIO"],
    [gfp.GFP_KERNEL, "GFP_KERNEL"],
    [gfp.GFP_NOIO | gfp.__GFP_MEMALLOC, "GFP_NOIO|GFP_MEMALLOC"],
    [gfp.GFP_HIGHUSER_MOVABLE | gfp.__GFP_ZERO, "GFP_HIGHUSER_MOVABLE|GFP_ZERO"],
    [gfp.GFP_TRANSHUGE, "GFP_TRANSHUGE"],
    [gfp.GFP_KERNEL | gfp.__GFP_NOTRACK | gfp.__GFP_REPEAT | gfp.__GFP_ZERO, "GFP_KERNEL|GFP_REPEAT|GFP_ZERO"],
    // a flag without a bit is in every mask: tracepoints name it when anything is left at its place in the list
    [gfp.GFP_HIGHUSER_MOVABLE | gfp.__GFP_WRITE, "GFP_HIGHUSER_MOVABLE|GFP_NOTRACK|0x1000000"],
    [gfp.__GFP_OTHER_NODE, "GFP_NOTRACK|GFP_OTHER_NODE"],
    // greedy: what is left of a combination after a larger one was peeled off keeps the name it has on its own
    [gfp.GFP_KERNEL | gfp.GFP_ATOMIC, "GFP_KERNEL|GFP_ATOMIC"],
    [gfp.GFP_ATOMIC | gfp.__GFP_COLD | gfp.__GFP_NOWARN, "GFP_ATOMIC|GFP_COLD|GFP_NOWARN"],
    [gfp.__GFP_DMA, "GFP_NOTRACK|0x1"]
  ])("prints 0x%x as %s", (mask, text) => expect(gfp.gfpFlagNames(mask)).toBe(text))

  it.each<[string, number, number]>([
    ["no zone bit", gfp.GFP_KERNEL, gfp.ZONE_NORMAL],
    ["DMA", gfp.GFP_KERNEL | gfp.__GFP_DMA, gfp.ZONE_DMA],
    ["DMA32", gfp.GFP_KERNEL | gfp.__GFP_DMA32, gfp.ZONE_DMA32],
    ["HIGHMEM", gfp.GFP_HIGHUSER, gfp.ZONE_NORMAL],
    ["HIGHMEM|MOVABLE", gfp.GFP_HIGHUSER_MOVABLE, gfp.ZONE_MOVABLE],
    ["MOVABLE", gfp.GFP_KERNEL | gfp.__GFP_MOVABLE, gfp.ZONE_NORMAL],
    ["MOVABLE|DMA", gfp.__GFP_MOVABLE | gfp.__GFP_DMA, gfp.ZONE_DMA],
    ["MOVABLE|DMA32", gfp.__GFP_MOVABLE | gfp.__GFP_DMA32, gfp.ZONE_DMA32]
  ])("highest zone of %s", (_name, mask, zone) => expect(gfp.gfpZone(mask)).toBe(zone))

  it.each([3, 5, 6, 7, 11, 13, 14, 15])("zone bits %i contradict each other", (bits) => {
    expect(gfp.gfpZone(gfp.GFP_KERNEL | bits)).toBe(-1)
  })

  it.each<[number, string]>([
    [gfp.GFP_KERNEL, "Unmovable"],
    [gfp.GFP_TEMPORARY, "Reclaimable"],
    [gfp.GFP_HIGHUSER_MOVABLE, "Movable"]
  ])("migrate type of 0x%x is %s", (mask, name) => expect(gfp.MIGRATE_TYPE_NAMES[gfp.gfpMigrateType(mask)]).toBe(name))
})

describe("each bit by itself has its name", () => {
  // show_gfp_flags() has no words for zones, FS and WRITE; HIGH is GFP_ATOMIC, WAIT is GFP_NOIO; NOTRACK has no bit
  const odd = ["DMA", "HIGHMEM", "DMA32", "FS", "WRITE", "HIGH", "WAIT", "NOTRACK"].map((name) => `__GFP_${name}`)

  it.each(Object.keys(flags).filter((name) => name.startsWith("__GFP_") && !odd.includes(name)))("%s", (name) => {
    expect(gfp.gfpFlagNames(flags[name] as number).split("|")).toContain(name.slice(2))
  })

  it.each(["ALLOC_NO_WATERMARKS", "ALLOC_HARDER", "ALLOC_HIGH", "ALLOC_CPUSET", "ALLOC_PFMEMALLOC", "ALLOC_WMARK_LOW"])(
    "%s",
    (name) => expect(allocFlags.allocFlagNames(flags[name] as number).split("|").at(-1)).toBe(name)
  )

  it("ALLOC_WMARK_HIGH, and the least mark where no bit says another", () => {
    expect(allocFlags.allocFlagNames(allocFlags.ALLOC_WMARK_HIGH)).toBe("ALLOC_WMARK_HIGH")
    expect(allocFlags.allocFlagNames(allocFlags.ALLOC_WMARK_MIN)).toBe("ALLOC_WMARK_MIN")
  })
})
