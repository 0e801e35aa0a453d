import { PageTables, PTE_SWAP, ptePage, pteSwap, PTRS_PER_PTE } from "#src/mm/page-table.ts"
import { type KernelTask, Machine, procOf, PTE_PRESENT, pteValue } from "@swaplab/kernel"
import { bootContext, GFP_ATOMIC, GFP_HIGHUSER_MOVABLE, NR_DIRTY_THRESHOLD, NR_FILE_PAGES } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { boot, type Rig, SERIES, VANILLA } from "./rig.ts"

const MIB = 1024 * 1024

/** Writes every page of the process, `passes` times, and checks what comes back. */
function* walk({ machine }: Rig, task: KernelTask, passes: number): Sleeps<void> {
  const { mm, pages: { frames } } = machine
  const base = mm.tables.base(task.mm)
  for (let pass = 1; pass <= passes; pass++) {
    for (let index = base; index < base + mm.tables.pagesPerProcess; index++) {
      if ((mm.tables.entries.at(index) & PTE_PRESENT) === 0) yield* mm.fault(task, index, true)
      const pfn = pteValue(mm.tables.entries.at(index))
      if (pass > 1) expect([frames.tokenWriter[pfn], frames.tokenVersion[pfn]]).toEqual([index, pass - 1])
      if (!mm.tryFault(task, index, true)) yield* mm.fault(task, index, true)
      const now = pteValue(mm.tables.entries.at(index))
      frames.tokenWriter[now] = index
      frames.tokenVersion[now] = pass
      if (task.killed) return
      yield* task.condResched()
    }
  }
}

describe("page tables", () => {
  it("an entry says what it was made of", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 27 - 1 }), (value) => {
        expect(pteValue(ptePage(value, PTE_PRESENT) >>> 0)).toBe(value)
        expect(ptePage(value, 0) & (PTE_PRESENT | PTE_SWAP)).toBe(PTE_PRESENT)
        expect(pteValue(pteSwap(value))).toBe(value)
        expect(pteSwap(value) & (PTE_PRESENT | PTE_SWAP)).toBe(PTE_SWAP)
      }),
      { seed: 2012, numRuns: 200 }
    )
  })

  it("every index has one owner and one table, and a table never has two owners", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2000 }), (processes, pages) => {
        const tables = new PageTables(processes, pages)
        const ownerOfTable = new Map<number, number>()
        const indices = new Map<number, number>()
        for (let index = 0; index < tables.entries.length; index++) {
          const owner = tables.owner(index)
          const table = tables.table(index)
          if (index < tables.base(owner) || (ownerOfTable.get(table) ?? owner) !== owner) {
            throw new Error(`index ${index} has owner ${owner}, its table ${ownerOfTable.get(table)}`)
          }
          ownerOfTable.set(table, owner)
          indices.set(table, (indices.get(table) ?? 0) + 1)
        }
        expect(ownerOfTable.size).toBe(tables.tablePages.length)
        expect(Math.max(...indices.values())).toBeLessThanOrEqual(PTRS_PER_PTE)
      }),
      { seed: 2012, numRuns: 25 }
    )
  })
})

describe("a machine", () => {
  it("refuses a second swap device", () => {
    const { machine } = boot()
    const device = {} as Parameters<Machine["attachSwap"]>[0]
    machine.nbd = device
    expect(() => machine.attachSwap(device)).toThrow("attached already")
  })

  it("refuses a swap device that drives another queue", () => {
    const { machine } = boot()
    const device = { queue: boot().machine.disk } as Parameters<Machine["attachSwap"]>[0]
    expect(() => machine.attachSwap(device)).toThrow("the device of another queue")
  })

  it("keeps the last 1000 lines of its log", () => {
    const { machine } = boot()
    for (let i = 0; i < 1005; i++) machine.log(`line ${i}`)
    expect([machine.logLines.length, machine.logLines[0].message]).toEqual([1000, "line 5"])
  })

  it("remembers nothing of the I/O of a task that has ended", () => {
    const rig = boot({ pagesPerProcess: 5000 })
    const task = rig.start(0, (self) => walk(rig, self, 1))
    rig.sim.run(30e9)
    expect(task.finished).toBe(true)
    expect(rig.disk.writes).toBeGreaterThan(0)
    expect(rig.machine.disk.pluggedRequests(task)).toBe(0)
    expect(() => rig.machine.disk.forgetTask(task)).not.toThrow()
  })

  it("shows no more user time than busy time", () => {
    const rig = boot()
    rig.start(0, function*(task) {
      for (let i = 0; i < 100; i++) {
        task.user(10_000)
        yield* task.condResched()
      }
    })
    rig.sim.run(1e9)
    const { userNs, sysNs } = rig.machine.cpuTimes()
    expect(userNs).toBe(1_000_000)
    expect(sysNs).toBeGreaterThan(0)
    expect(userNs + sysNs).toBe(rig.machine.cpus.busyNs())
  })

  it("every page comes back as it was written, on any kernel, memory and workload, and no page is lost", () => {
    const kernels = [VANILLA, SERIES, { allocator: "slub", base: "v3.5" }, { allocator: "slub", base: "v3.6" }] as const
    fc.assert(
      fc.property(
        fc.record({
          kernel: fc.constantFrom(...kernels),
          ramBytes: fc.constantFrom(8 * MIB, 12 * MIB, 16 * MIB),
          cpus: fc.integer({ min: 1, max: 3 }),
          processes: fc.integer({ min: 1, max: 4 }),
          pageCachePages: fc.integer({ min: 0, max: 500 }),
          swapSlots: fc.integer({ min: 6000, max: 20_000 }),
          pages: fc.integer({ min: 100, max: 6000 })
        }),
        fc.integer({ min: 1, max: 2_000_000 }),
        ({ pages, ...spec }, delayNs) => {
          const rig = boot({ ...spec, pagesPerProcess: Math.ceil(pages / spec.processes) })
          const { machine, sim, disk } = rig
          disk.delayNs = delayNs
          const tasks: Array<KernelTask> = []
          for (let process = 0; process < spec.processes; process++) {
            tasks.push(rig.start(process, (task) => walk(rig, task, 2)))
          }
          for (let second = 1; second <= 100 && !tasks.every((task) => task.finished); second++) {
            sim.run(second * 1e9)
            machine.checkInvariants()
          }
          expect(tasks.every((task) => task.finished)).toBe(true)
          sim.run(sim.now + 10e9)
          machine.checkInvariants()
          expect([machine.oomKills, ...machine.mm.rss].reduce((sum, value) => sum + value, 0)).toBe(0)
        }
      ),
      { seed: 2012, numRuns: 12 }
    )
  })
})

describe("clean page cache", () => {
  it("is there at boot, half of it active, and goes when memory is wanted", () => {
    const rig = boot({ pageCachePages: 500 })
    const { machine } = rig
    const { items } = machine.pages.vmstat
    expect([machine.pageCache.resident, items[NR_FILE_PAGES]]).toEqual([500, 500])
    expect(procOf(machine).meminfo()).toContain("Active(file):       1000 kB\n")
    rig.start(0, (task) => walk(rig, task, 1))
    rig.sim.run(30e9)
    expect(machine.pageCache.dropped).toBeGreaterThan(0)
    expect(machine.pageCache.resident + machine.pageCache.dropped).toBe(500)
    expect(items[NR_FILE_PAGES]).toBe(machine.pageCache.resident + machine.swap.cache.pages)
    machine.checkInvariants()
  })

  it("does not drop a page that somebody holds, that is dirty, or under writeback", () => {
    const { machine } = boot({ pageCachePages: 0 })
    const { frames } = machine.pages
    machine.pageCache.fill(bootContext(), machine.vmscan, 1)
    machine.vmscan.lru.drainAll(bootContext())
    const pfn = frames.flags.findIndex((flags, i) => (flags & 0x20) !== 0 && frames.refCount[i] === 1)
    expect(machine.pageCache.removeMapping(pfn), "reclaim has not isolated it").toBe(false)
    frames.refCount[pfn] = 3
    expect(machine.pageCache.removeMapping(pfn), "somebody else holds it").toBe(false)
    frames.refCount[pfn] = 2
    for (const flag of [0x10, 0x100]) {
      frames.flags[pfn] |= flag
      expect(machine.pageCache.removeMapping(pfn)).toBe(false)
      frames.flags[pfn] &= ~flag
    }
    expect(machine.pageCache.removeMapping(pfn)).toBe(true)
    expect([frames.refCount[pfn], machine.pageCache.resident, machine.pageCache.dropped]).toEqual([1, 0, 1])
  })

  it("must fit", () => {
    expect(() => boot({ pageCachePages: 100_000 })).toThrow("must fit the free memory")
  })
})

describe("/proc", () => {
  it("meminfo is that of v3.6", () => {
    const { machine } = boot({ ramBytes: 64 * MIB, pageCachePages: 1000, cpus: 1 })
    const text = procOf(machine).meminfo()
    const names = [...text.matchAll(/^([^:]+):/gm)].map(([, name]) => name)
    expect(names.join(" ")).toBe(
      "MemTotal MemFree Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon) Active(file) " +
        "Inactive(file) Unevictable Mlocked SwapTotal SwapFree Dirty Writeback AnonPages Mapped Shmem Slab " +
        "SReclaimable SUnreclaim KernelStack PageTables NFS_Unstable Bounce WritebackTmp CommitLimit Committed_AS " +
        "VmallocTotal VmallocUsed VmallocChunk HardwareCorrupted HugePages_Total HugePages_Free HugePages_Rsvd " +
        "HugePages_Surp Hugepagesize DirectMap4k DirectMap2M"
    )
    for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^\S+: +\d+( kB)?$/)
    // 16 columns for the name, 8 for the value
    expect(text).toContain("MemTotal:          64064 kB\n")
    expect(text).toContain("Cached:             4000 kB\n")
    expect(text).toContain("SwapTotal:         65532 kB\nSwapFree:          65532 kB\n")
    expect(text).toContain("CommitLimit:       97564 kB\n")
    expect(text).toContain("VmallocTotal:   34359738367 kB\n")
    expect(text).toContain("HardwareCorrupted:     0 kB\nHugePages_Total:       0\n")
    expect(text).toContain("Hugepagesize:       2048 kB\n")
  })

  it("the sample of the reference", () => {
    const { machine } = boot({ ramBytes: 2048 * MIB, pageCachePages: 0 })
    const [total] = procOf(machine).meminfo().split("\n")
    expect(total).toMatch(/^MemTotal: {8}\d{7} kB$/)
  })

  it("shows what a process has mapped and what of it is in swap", () => {
    const rig = boot({ pagesPerProcess: 6000 })
    rig.start(0, function*(task) {
      yield* walk(rig, task, 1)
      yield* task.hold(60e9)
    })
    rig.sim.run(10e9)
    const { machine } = rig
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(procOf(machine).meminfo())?.[1])
    expect(kib("Committed_AS")).toBe(24_000)
    expect(kib("AnonPages")).toBe(machine.mm.rss[0] * 4)
    expect(kib("PageTables")).toBe(48)
    expect(kib("SwapTotal") - kib("SwapFree")).toBe(machine.swap.areas[0].map.inusePages * 4)
    expect(kib("SwapCached")).toBe(machine.swap.cache.pages * 4)
    expect(kib("Slab")).toBe(machine.objects.slabPages() * 4)
    const used = ["MemFree", "Active", "Inactive", "Slab", "PageTables"].reduce((sum, name) => sum + kib(name), 0)
    // the rest is in per-CPU lists, pagevecs and the receive ring
    expect(kib("MemTotal") - used).toBeGreaterThanOrEqual(0)
    expect(kib("MemTotal") - used).toBeLessThan(2000)
  })

  it("huge pages have a line where they are configured, in meminfo and in vmstat", () => {
    const withThp = procOf(boot({ thp: true, ramBytes: 64 * MIB }).machine)
    expect(withThp.meminfo()).toContain("\nAnonHugePages:         0 kB\nHugePages_Total:")
    expect(withThp.vmstat()).toContain("\nthp_split 0\n")
    const without = procOf(boot().machine)
    expect(without.meminfo()).not.toContain("AnonHugePages")
    expect(without.vmstat()).not.toContain("thp_")
  })

  it("vmstat has the counter of the throttle with its patch only, and the dirty thresholds", () => {
    const vanilla = boot()
    const text = procOf(vanilla.machine).vmstat()
    expect(text).not.toContain("pgscan_direct_throttle")
    expect(procOf(boot({ kernel: SERIES }).machine).vmstat()).toContain("\npgscan_direct_throttle 0\n")
    const threshold = Number(/^nr_dirty_threshold (\d+)$/m.exec(text)?.[1])
    const background = Number(/^nr_dirty_background_threshold (\d+)$/m.exec(text)?.[1])
    expect(threshold).toBe(vanilla.machine.reclaimOps.dirtyThreshold())
    expect(vanilla.machine.pages.vmstat.items[NR_DIRTY_THRESHOLD]).toBe(threshold)
    expect(Math.abs(threshold - 2 * background)).toBeLessThanOrEqual(1)
    // a fifth of what is free or on the file lists, less the high marks
    expect(threshold).toBeGreaterThan(500)
    expect(threshold).toBeLessThan(4096 / 5)
  })

  it("reclaim is not held up by few pages under writeback when swap is full: the limit is that of boot", () => {
    const { machine } = boot({ swapSlots: 2, pageCachePages: 0 })
    const atBoot = machine.reclaimOps.hardDirtyLimit()
    machine.swap.areas[0].map.getSwapPage()
    expect(machine.swap.nrSwapPages()).toBe(0)
    while (machine.pages.tryAlloc(bootContext(), GFP_HIGHUSER_MOVABLE, 0) >= 0);
    expect(machine.reclaimOps.dirtyThreshold()).toBeLessThan(100)
    expect(machine.reclaimOps.hardDirtyLimit()).toBe(atBoot)
    expect(atBoot).toBeGreaterThan(700)
  })

  it("the other files come from the libs that keep the figures", () => {
    const { machine } = boot({ kernel: { allocator: "slub", base: "v3.6" } })
    const proc = procOf(machine)
    machine.pages.tryAlloc(bootContext(), GFP_HIGHUSER_MOVABLE, 0)
    expect(proc.buddyinfo()).toMatch(/^Node 0, zone {6}DMA( +\d+){11} $/m)
    expect(proc.zoneinfo()).toMatch(/^ {2}pages free +\d+$/m)
    expect(proc.slabinfo()).toMatch(/^slabinfo - version: 2\.1\n# name {12}<active_objs>/)
    expect(proc.swaps().split("\n")[1]).toBe(`/dev/nbd0${" ".repeat(31)}partition\t65532\t0\t-1`)
  })
})

describe("a machine of 64 GiB", () => {
  it.each([VANILLA, { allocator: "slub", base: "v3.6" } as const])(
    "$allocator $base: boots and hands out objects",
    (kernel) => {
      const { machine } = boot({ ramBytes: 64 * 1024 * MIB, kernel })
      // what memmap and the kernel's own tables leave of 2^24 frames
      expect(machine.pages.frames.count).toBe(16_516_096)
      const cache = machine.objects.createCache("sample", 224, { ctor: true })
      const objects = Array.from({ length: 1000 }, () => machine.objects.tryAlloc(bootContext(), cache, GFP_ATOMIC))
      const addresses = objects.map((object) => machine.objects.objectAddress(cache, object))
      expect(new Set(addresses).size).toBe(1000)
      // the normal zone lies above the 4 GiB that DMA32 has
      expect(Math.min(...addresses)).toBeGreaterThan(4 * 1024 * MIB)
      for (const object of objects) machine.objects.free(bootContext(), cache, object)
    }
  )
})
