// A machine with several swap areas, and with layers between swap and its device: contents come back, nothing leaks.
import { PTE_SWAP } from "#src/mm/page-table.ts"
import { FAULT_DONE, type KernelTask, type MachineSpec, procOf, pteValue, type SwapExtras } from "@swaplab/kernel"
import { type Sleeps } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { boot, type Rig } from "./rig.ts"

const COMPRESSION = { ratio: 2.75, spread: 0.4, zeroPages: 0, compressNs: 5000, decompressNs: 2000 }
const ZRAM = { ...COMPRESSION, devices: 1, slots: 2048, priority: 5 }
const ZSWAP = { ...COMPRESSION, maxPool: 0.2 }
const CRYPT = { encryptNs: 40_000, decryptNs: 40_000 }

/** Writes all pages of the process `rounds` times, there and back, and verifies each before it is written again. */
const program = (rig: Rig, rounds: number, pages: number) =>
  function*(task: KernelTask): Sleeps<void> {
    const { mm, pages: { frames } } = rig.machine
    const base = mm.tables.base(task.mm)
    for (let round = 1; round <= rounds; round++) {
      for (let i = 0; i < pages; i++) {
        const index = base + (round % 2 === 1 ? i : pages - 1 - i)
        if (!mm.tryFault(task, index, true)) {
          const result = yield* mm.fault(task, index, true)
          if (result !== FAULT_DONE) return
        }
        if (task.killed) return
        const pfn = pteValue(mm.tables.entries.at(index))
        if (round > 1) expect([frames.tokenWriter[pfn], frames.tokenVersion[pfn]]).toEqual([index, round - 1])
        frames.tokenWriter[pfn] = index
        frames.tokenVersion[pfn] = round
        yield* task.condResched()
      }
    }
  }

/** Slots in use by area; each is held by page table entries or by the cache. */
const slotsHeld = ({ machine: { mm, swap } }: Rig): ReadonlyArray<number> => {
  let entries = 0
  for (const entry of mm.tables.entries) if ((entry & PTE_SWAP) !== 0) entries++
  let users = 0
  for (let slot = 1; slot < swap.slots.max; slot++) users += swap.slots.isHeader(slot) ? 0 : usersOf(swap, slot)
  expect(users).toBe(entries)
  return swap.areas.map(({ map }) => map.inusePages)
}

const usersOf = (swap: Rig["machine"]["swap"], slot: number): number => {
  const byte = swap.slots.byteOf(slot)
  return byte === 0 || byte === 0x3f ? 0 : swap.slots.swapCount(slot)
}

const run = (extras: SwapExtras, spec: Partial<MachineSpec> = {}, rounds = 2, pages = 4500): Rig => {
  const rig = boot({ swapExtras: extras, ...spec })
  rig.start(0, program(rig, rounds, pages))
  rig.sim.run(600e9)
  rig.machine.checkInvariants()
  return rig
}

describe("zram beside nbd", () => {
  it("takes pages first, for as long as it has slots; the rest goes to nbd", () => {
    const { disk, machine } = run({ zram: { ...ZRAM, slots: 256 } })
    const [zram] = machine.swapSetup.zrams
    const { failedWrites, mostBlocks, numWrites, stores } = zram.stats
    // the search for a slot passes over the lowest one
    expect([mostBlocks, stores + failedWrites]).toEqual([254, numWrites])
    expect(disk.writes).toBeGreaterThan(0)
    expect(machine.oomKills).toBe(0)
  })

  it("keeps all of it when it is large enough", () => {
    const { disk, machine } = run({ zram: { ...ZRAM, slots: 4096 } })
    expect(procOf(machine).swaps().split("\n").slice(1, 3).map((row) => row.split(/\s+/))).toEqual([
      ["/dev/nbd0", "partition", "65532", "0", "-1"],
      ["/dev/zram0", "partition", "16380", expect.any(String), "5"]
    ])
    expect(disk.writes).toBe(0)
    const { readsSubmitted, writesSubmitted } = machine.swap.counters
    expect(machine.swapSetup.zrams[0].stats).toMatchObject({ numReads: readsSubmitted, numWrites: writesSubmitted })
    expect(readsSubmitted).toBeGreaterThan(0)
  })

  it("needs no nbd area", () => {
    const { machine } = run({ zram: ZRAM }, { swapSlots: 0 })
    expect(machine.swap.areas.map(({ path, priority }) => [path, priority])).toEqual([["/dev/zram0", 5]])
    expect(machine.oomKills).toBe(0)
  })

  it("devices of one priority take turns", () => {
    const rig = run({ zram: { ...ZRAM, devices: 3, slots: 1024 } })
    const stored = rig.machine.swapSetup.zrams.map(({ stats }) => stats.stores)
    expect(Math.max(...stored) - Math.min(...stored)).toBe(1)
    expect(slotsHeld(rig)[0]).toBe(0)
  })

  it("a page that finds no memory stays dirty and is written later", () => {
    const { machine } = run({ zram: { ...ZRAM, slots: 4096, ratio: 2 } }, {}, 2, 5200)
    const [zram] = machine.swapSetup.zrams
    expect(zram.stats.failedWrites).toBe(2)
    expect(machine.swap.counters.writeErrors).toBe(zram.stats.failedWrites)
    expect(machine.corruptions).toEqual([])
  })
})

describe("zswap before nbd", () => {
  it("keeps pages until its pool is full, then writes the oldest ones back", () => {
    const { disk, machine } = run({ zswap: { ...ZSWAP, maxPool: 0.05 } })
    const { stats } = machine.swapSetup.zswap as NonNullable<typeof machine.swapSetup.zswap>
    // each time a page of the pool, with both that are in it
    expect(stats.writtenBackPages).toBe(2 * stats.poolLimitHit)
    expect(machine.swap.counters.writesSubmitted).toBe(stats.writtenBackPages)
    expect(stats.loads).toBeGreaterThan(0)
    expect(disk.writes).toBeGreaterThan(0)
  })

  it("rejects what does not compress", () => {
    const { machine } = run({ zswap: { ...ZSWAP, ratio: 1.001, spread: 0 } })
    const { stats } = machine.swapSetup.zswap as NonNullable<typeof machine.swapSetup.zswap>
    expect(stats.rejectCompressPoor).toBeGreaterThan(0)
    expect(stats).toMatchObject({ stores: 0, rejectCompressPoor: machine.swap.counters.writesSubmitted })
  })
})

describe("dm-crypt under nbd", () => {
  it("takes what Linux takes: fs_bio_set for what swap submits, a bio set of its own, dm_crypt_io, kmalloc", () => {
    const kernel = { allocator: "slab", base: "v3.6" } as const
    const { machine } = boot({ swapExtras: { crypt: CRYPT, zram: ZRAM }, kernel })
    const { crypt, zrams: [zram] } = machine.swapSetup
    expect([crypt?.bios === machine.fsBioSet, zram.bios === machine.fsBioSet]).toEqual([true, true])
    expect([machine.fsBioSet.pool.minNr, machine.disk.bios.pool.minNr]).toEqual([2, 16])
    expect(machine.objects.slabinfo().map(({ name }) => name).filter((name) => name.includes("crypt"))).toEqual([
      "dm_crypt_io"
    ])
  })

  it("encrypts every page that is written and decrypts every page that is read", () => {
    const { machine } = run({ crypt: CRYPT })
    const { crypt } = machine.swapSetup
    expect(crypt?.counters.encrypted).toBe(machine.swap.counters.writesSubmitted)
    expect(crypt?.counters.decrypted).toBe(machine.swap.counters.readsSubmitted)
    expect(machine.swap.counters.readsSubmitted).toBeGreaterThan(0)
    expect([crypt?.inFlight, crypt?.pagePool.inUse()]).toEqual([0, 0])
  })
})

it("any mix of areas brings every content back, and gives everything back at the end", () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(1 << 20),
        swapSlots: fc.constantFrom(0, 2048, 16_384),
        zram: fc.option(
          fc.record({
            devices: fc.integer({ min: 1, max: 3 }),
            slots: fc.constantFrom(64, 500, 1500),
            priority: fc.constantFrom(0, 5),
            ratio: fc.constantFrom(1.2, 2.75, 4),
            spread: fc.constantFrom(0, 0.4),
            zeroPages: fc.constantFrom(0, 0.3),
            compressNs: fc.constant(5000),
            decompressNs: fc.constant(2000)
          }),
          { nil: undefined }
        ),
        maxPool: fc.option(fc.constantFrom(0, 0.03, 0.2), { nil: undefined }),
        crypt: fc.boolean(),
        cpus: fc.integer({ min: 1, max: 2 }),
        pages: fc.integer({ min: 3000, max: 5000 })
      }),
      ({ cpus, crypt, maxPool, pages, seed, swapSlots, zram }) => {
        if (swapSlots === 0 && zram === undefined) return
        const extras: SwapExtras = {
          ...(zram !== undefined && { zram }),
          ...(maxPool !== undefined && swapSlots > 0 && { zswap: { ...ZSWAP, maxPool } }),
          ...(crypt && { crypt: CRYPT })
        }
        const rig = boot({ swapExtras: extras, swapSlots, cpus }, seed)
        const { machine } = rig
        const setup = machine.swapSetup.memory.pages
        rig.start(0, program(rig, 3, pages))
        rig.start(1, program(rig, 2, 1000))
        for (let step = 0; step < 20; step++) {
          rig.sim.run(rig.sim.now + 50_000_000)
          machine.checkInvariants()
          slotsHeld(rig)
        }
        rig.sim.run(600e9)
        machine.checkInvariants()
        const held = slotsHeld(rig)
        // pages under writeback when their process ended are left to reclaim
        expect(held.reduce((sum, n) => sum + n, 0)).toBe(machine.swap.cache.pages)
        const { zrams, zswap } = machine.swapSetup
        expect(zswap?.stats.storedPages ?? 0).toBeLessThanOrEqual(held[0])
        const objects = zrams.reduce((sum, { pages: n }) => sum + n, 0) + (zswap?.pool.pages ?? 0)
        expect(machine.swapSetup.memory.pages).toBe(setup + objects)
        for (const { stats } of zrams) {
          expect(stats.pagesStored + stats.pagesZero).toBeLessThanOrEqual(machine.swap.cache.pages)
        }
      }
    ),
    { seed: 50, numRuns: 30 }
  )
})
