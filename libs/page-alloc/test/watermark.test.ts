// Golden vectors: appendix D1 to D5 and the tables of 1.5 and 1.6 of the kernel model reference.
import { PRESENT_PAGES_PRESETS } from "#src/memory-map.ts"
import {
  fls,
  inactiveRatio,
  lowmemReserve,
  minFreeKbytes,
  normalStatThreshold,
  pcpSizes,
  percpuDriftMark,
  pressureStatThreshold,
  thpMinFreeKbytes,
  zoneWatermarks
} from "#src/watermark.ts"
import { zoneWatermarkOk } from "#src/zone.ts"
import { ALLOC_HARDER, ALLOC_HIGH, PageAllocator, type PresentPages, watermarkFloor } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { machine } from "./support.ts"

const ATOMIC = ALLOC_HIGH | ALLOC_HARDER
const NAMES = new Map([[0, "plain"], [ALLOC_HIGH, "HIGH"], [ALLOC_HARDER, "HARDER"], [ATOMIC, "HIGH+HARDER"]])

describe("watermark check", () => {
  it.each<[free: number, mark: number, reserve: number, flags: number, ok: boolean]>([
    [1425, 1425, 0, 0, false],
    [1426, 1425, 0, 0, true],
    [713, 1425, 0, ALLOC_HIGH, false],
    [714, 1425, 0, ALLOC_HIGH, true],
    [535, 1425, 0, ATOMIC, false],
    [536, 1425, 0, ATOMIC, true],
    [2010, 10, 2000, 0, false],
    [2011, 10, 2000, 0, true]
  ])("D1: free %i, mark %i, reserve %i, flags %i → %s", (free, mark, reserve, flags, ok) => {
    expect(zoneWatermarkOk({ free, nrFree: [free], lowmemReserve: [0, reserve] }, 0, mark, 1, flags)).toBe(ok)
  })

  const d2 = [1200, 300, 60, 10, 2]
  it.each<[order: number, plain: boolean, atomic: boolean]>([
    [0, true, true],
    [1, true, true],
    [2, false, true],
    [3, false, true],
    [4, false, false]
  ])("D2: order %i, blocks [1200,300,60,10,2] → plain %s, atomic %s", (order, plain, atomic) => {
    const zone = { free: 2152, nrFree: d2, lowmemReserve: [0] }
    expect(zoneWatermarkOk(zone, order, 1425, 0, 0)).toBe(plain)
    expect(zoneWatermarkOk(zone, order, 1425, 0, ATOMIC)).toBe(atomic)
  })

  it.each([0, 1, 2, 3])("D2: order %i of fragmented memory above the high watermark", (order) => {
    const zone = { free: 2612, nrFree: [2500, 40, 6, 1], lowmemReserve: [0] }
    expect(zoneWatermarkOk(zone, order, 1781, 0, 0)).toBe(order === 0)
    expect(zoneWatermarkOk(zone, order, 1425, 0, 0)).toBe(order === 0)
    expect(zoneWatermarkOk(zone, order, 1425, 0, ATOMIC)).toBe(order === 0)
  })

  it.each<[flags: number, floor: number]>([[0, 1425], [ALLOC_HIGH, 713], [ALLOC_HARDER, 1069], [ATOMIC, 535]])(
    "floor of min 1425 with flags %i is %i",
    (flags, floor) => {
      expect(NAMES.has(flags)).toBe(true)
      expect(watermarkFloor(1425, flags)).toBe(floor)
    }
  )

  it("lets free go negative", () => {
    expect(zoneWatermarkOk({ free: 3, nrFree: [3], lowmemReserve: [0] }, 10, 0, 0, 0)).toBe(false)
  })
})

describe("per-CPU list sizes", () => {
  it.each<[present: number, rule: number, high: number, batch: number]>([
    [3920, 0, 0, 1],
    [16_384, 3, 18, 3],
    [32_768, 7, 42, 7],
    [65_536, 15, 90, 15],
    [123_000, 31, 186, 31],
    [512_000, 31, 186, 31],
    [1_300_000, 31, 186, 31]
  ])("D3: %i pages → rule %i, high %i, batch %i", (present, rule, high, batch) => {
    expect(pcpSizes(present)).toEqual({ rule, high, batch })
  })
})

describe("min_free_kbytes", () => {
  it.each<[lowmem: number, min: number]>([
    [16_384, 512],
    [65_536, 1024],
    [131_072, 1448],
    [524_288, 2896],
    [1_048_576, 4096],
    [2_063_680, 5746],
    [2_097_152, 5792],
    [4_194_304, 8192],
    [8_388_608, 11_585],
    [16_777_216, 16_384],
    [300_000_000, 65_536],
    [100, 128]
  ])("D4: %i kB → %i", (lowmem, min) => expect(minFreeKbytes(lowmem)).toBe(min))
})

describe("counter thresholds", () => {
  it.each<[present: number, cpus: number, threshold: number]>([
    [3920, 1, 2],
    [3920, 2, 4],
    [3920, 4, 6],
    [3920, 8, 8],
    [123_000, 1, 6],
    [123_000, 2, 12],
    [123_000, 4, 18],
    [123_000, 8, 24],
    [512_000, 1, 10],
    [512_000, 2, 20],
    [512_000, 4, 30],
    [512_000, 8, 40],
    [512_000, 16, 50],
    [512_000, 64, 70],
    [1_300_000, 4, 42]
  ])(
    "D5: %i pages, %i CPUs → %i",
    (present, cpus, threshold) => expect(normalStatThreshold(present, cpus)).toBe(threshold)
  )

  it("falls under pressure to the gap between min and low, shared by the CPUs", () => {
    expect(pressureStatThreshold(1425, 1781, 4)).toBe(89)
    expect(pressureStatThreshold(10, 12, 4)).toBe(1)
    expect(pressureStatThreshold(11_178, 13_972, 4)).toBe(125)
  })

  it("has a drift mark only where drift can hide a breach", () => {
    expect(percpuDriftMark([1425, 1781, 2137], 4, 30)).toBe(0)
    expect(percpuDriftMark([10, 12, 15], 4, 6)).toBe(39)
  })

  it("counts bits like fls", () => expect([0, 1, 2, 3, 4, 0x80000000].map(fls)).toEqual([0, 1, 2, 2, 3, 32]))
})

type Marks = readonly [number, number, number]
interface Preset {
  readonly name: string
  readonly present: PresentPages
  readonly thp: boolean
  readonly minFree: number
  readonly dma: Marks
  readonly dma32: Marks
  readonly normal: Marks | null
}

const presets: ReadonlyArray<Preset> = [
  {
    name: "512 MiB",
    present: PRESENT_PAGES_PRESETS["512 MiB"],
    thp: false,
    minFree: 2850,
    dma: [21, 26, 31],
    dma32: [690, 862, 1035],
    normal: null
  },
  {
    name: "2 GiB",
    present: PRESENT_PAGES_PRESETS["2 GiB"],
    thp: false,
    minFree: 5746,
    dma: [10, 12, 15],
    dma32: [1425, 1781, 2137],
    normal: null
  },
  {
    name: "2 GiB with THP",
    present: PRESENT_PAGES_PRESETS["2 GiB"],
    thp: true,
    minFree: 45_056,
    dma: [85, 106, 127],
    dma32: [11_178, 13_972, 16_767],
    normal: null
  },
  {
    name: "4 GiB",
    present: PRESENT_PAGES_PRESETS["4 GiB"],
    thp: false,
    minFree: 8142,
    dma: [7, 8, 10],
    dma32: [1512, 1890, 2268],
    normal: [514, 642, 771]
  },
  {
    name: "4 GiB with THP",
    present: PRESENT_PAGES_PRESETS["4 GiB"],
    thp: true,
    minFree: 67_584,
    dma: [63, 78, 94],
    dma32: [12_557, 15_696, 18_835],
    normal: [4275, 5343, 6412]
  },
  {
    name: "8 GiB",
    present: PRESENT_PAGES_PRESETS["8 GiB"],
    thp: false,
    minFree: 11_520,
    dma: [5, 6, 7],
    dma32: [1069, 1336, 1603],
    normal: [1805, 2256, 2707]
  }
]

describe("presets at boot", () => {
  it.each(presets)("$name: min_free_kbytes $minFree", ({ dma, dma32, minFree, normal, present, thp }) => {
    const { pages } = machine({ memory: present, transparentHugepages: thp })
    expect(pages.minFreeKbytes).toBe(minFree)
    expect(pages.zones[0].watermark).toEqual(dma)
    expect(pages.zones[1].watermark).toEqual(dma32)
    if (normal !== null) expect(pages.zones[2].watermark).toEqual(normal)
    pages.checkInvariants()
  })

  it("512 MiB with THP: the 5 % cap is taken of the pages above the high watermarks", () => {
    const { dma, dma32 } = PRESENT_PAGES_PRESETS["512 MiB"]
    const { pages } = machine({ memory: PRESENT_PAGES_PRESETS["512 MiB"], transparentHugepages: true })
    expect(pages.minFreeKbytes).toBe(Math.floor((dma - 31 + dma32 - 1035) / 20) * 4)
    expect(pages.minFreeKbytes).toBe(25_168)
    // the published table takes it of all present pages
    const table = thpMinFreeKbytes(2, dma + dma32, 2850)
    expect(table).toBe(25_384)
    expect(zoneWatermarks(table, dma, dma + dma32)).toEqual([196, 245, 294])
    expect(zoneWatermarks(table, dma32, dma + dma32)).toEqual([6150, 7687, 9225])
  })

  it("THP never lowers the reserve", () => expect(thpMinFreeKbytes(2, 512_000, 65_536)).toBe(65_536))

  it("an explicit min_free_kbytes only redoes the watermarks", () => {
    const { pages } = machine({ minFreeKbytes: 45_056 })
    expect(pages.zones[1].watermark).toEqual([11_178, 13_972, 16_767])
    pages.setMinFreeKbytes(5746)
    expect(pages.zones[1].watermark).toEqual([1425, 1781, 2137])
  })

  it("lowmem protection", () => {
    const of = (memory: PresentPages) => machine({ memory }).pages.zones.map((zone) => zone.lowmemReserve)
    expect(of(PRESENT_PAGES_PRESETS["2 GiB"]).slice(0, 2)).toEqual([[0, 2000, 2000, 2000], [0, 0, 0, 0]])
    expect(of(PRESENT_PAGES_PRESETS["4 GiB"]).slice(0, 2)).toEqual([[0, 3007, 4031, 4031], [0, 0, 1024, 1024]])
    expect(lowmemReserve([3920, 512_000, 64_000, 0], 2)).toEqual([0, 0, 0, 0])
  })

  it("dirty_balance_reserve is the tightest protection plus the high watermark", () => {
    const { pages } = machine()
    expect(pages.zones[0].dirtyBalanceReserve).toBe(2015)
    expect(pages.zones[1].dirtyBalanceReserve).toBe(2137)
    expect(pages.totalReservePages).toBe(4152)
  })
})

describe("inactive_ratio", () => {
  it.each<[gib: number, ratio: number]>([[0.5, 1], [1, 3], [2, 4], [4, 6], [8, 8], [16, 12]])(
    "%f GiB → %i",
    (gib, ratio) => expect(inactiveRatio(gib * 262_144)).toBe(ratio)
  )
  it("a 2 GiB machine has just under 2 GiB in DMA32", () => expect(inactiveRatio(512_000)).toBe(3))
})

describe("machines of 16 to 64 GiB, by the formulae computed apart", () => {
  it.each<
    [gib: number, minFree: number, marks: ReadonlyArray<ReadonlyArray<number>>, protection: ReadonlyArray<number>]
  >(
    [
      [16, 16255, [[3, 3, 4], [757, 946, 1135], [3301, 4126, 4951]], [3008, 16112, 13104]],
      [32, 22988, [[2, 2, 3], [535, 668, 802], [5208, 6510, 7812]], [3008, 32240, 29232]],
      [64, 32510, [[1, 1, 1], [378, 472, 567], [7746, 9682, 11619]], [3008, 64496, 61488]]
    ]
  )("%i GiB: min_free_kbytes %i", (gib, minFree, marks, protection) => {
    const pages = new PageAllocator(new Sim({ seed: 1 }), { memory: gib * 1024 ** 3, cpus: 4 })
    expect(pages.minFreeKbytes).toBe(minFree)
    expect(pages.populatedZones.map(({ watermark }) => [...watermark])).toEqual(marks)
    const [dma, dma32] = pages.zones
    expect([dma.lowmemReserve[1], dma.lowmemReserve[2], dma32.lowmemReserve[2]]).toEqual(protection)
  })
})

it("huge pages never lower the reserve: on 4 MiB a twentieth is less than the square root asks for", () => {
  const kbytes = [false, true].map((transparentHugepages) =>
    new PageAllocator(new Sim({ seed: 1 }), {
      memory: { dma: 0, dma32: 1024, normal: 0 },
      cpus: 1,
      transparentHugepages
    }).minFreeKbytes
  )
  expect(kbytes).toEqual([256, 256])
})
