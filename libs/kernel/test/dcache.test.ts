import { Dcache, type KernelTask } from "@swaplab/kernel"
import { __GFP_FS, GFP_KERNEL, SLABS_SCANNED } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { boot } from "./rig.ts"

/** A machine whose caches of file names hold `files` unused files. */
const withFiles = (files: number) => {
  const rig = boot()
  const { machine, sim } = rig
  const dcache = new Dcache(machine.objects, machine.pages.vmstat)
  machine.dcache = dcache
  let user: KernelTask | null = null
  rig.start(0, function*(task) {
    user = task
    for (let i = 0; i < files; i++) expect(yield* dcache.lookup(task)).toBe(true)
  })
  sim.run(1e9)
  if (user === null) throw new Error("the lookups did not run")
  return { ...rig, dcache, ctx: user as KernelTask }
}

describe("the shrinker of file names (prune_super)", () => {
  it("frees nothing before its backlog reaches a batch of 1,024", () => {
    const { dcache, ctx } = withFiles(1500)
    expect(dcache.unused).toBe(3000)
    // delta = 4 × 32 / 2 × 3000 / 1000 = 192 a call: the sixth reaches 1,024
    for (let call = 1; call < 6; call++) expect(dcache.shrink(ctx, GFP_KERNEL, 32, 999)).toBe(0)
    expect(dcache.shrink(ctx, GFP_KERNEL, 32, 999)).toBe(1022)
    expect(dcache.unused).toBe(1978)
  })

  it("never gets there by small steps with fewer than 2,048: a backlog is cut to half of what there is", () => {
    const { dcache, ctx } = withFiles(1000)
    for (let call = 0; call < 100; call++) expect(dcache.shrink(ctx, GFP_KERNEL, 32, 999)).toBe(0)
    expect(dcache.shrink(ctx, GFP_KERNEL, 1000, 999)).toBeGreaterThan(0)
  })

  it("refuses without __GFP_FS and keeps the work for later", () => {
    const { dcache, ctx } = withFiles(1500)
    for (let call = 0; call < 20; call++) expect(dcache.shrink(ctx, GFP_KERNEL & ~__GFP_FS, 32, 999)).toBe(0)
    expect(dcache.unused).toBe(3000)
    expect(dcache.shrink(ctx, GFP_KERNEL, 32, 999)).toBeGreaterThan(0)
  })

  it("gives whole slabs back to the page allocator, and counts what it scanned", () => {
    const { dcache, machine, ctx } = withFiles(2000)
    const before = machine.objects.slabPages()
    while (dcache.unused >= 1200) dcache.shrink(ctx, GFP_KERNEL, 1_000_000, 1)
    expect(before - machine.objects.slabPages()).toBeGreaterThan(200)
    expect(machine.pages.vmstat.items[SLABS_SCANNED] % 1024).toBe(0)
    machine.checkInvariants()
  })
})

describe("looking up", () => {
  it("takes an object of each cache, named as in /proc/slabinfo", () => {
    const { machine } = withFiles(300)
    const rows = machine.objects.slabinfo()
    const active = (name: string): number => rows.find((row) => row.name === name)?.activeObjects ?? 0
    expect(active("dentry")).toBeGreaterThanOrEqual(300)
    expect(active("squashfs_inode_cache")).toBeGreaterThanOrEqual(300)
  })
})
