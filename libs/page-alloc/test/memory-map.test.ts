import { zonesOfPresentPages, zonesOfRam } from "#src/memory-map.ts"
import { describe, expect, it } from "vitest"

const MIB = 1024 * 1024

describe("zones of a PC", () => {
  it("DMA: 16 MiB without the BIOS hole, the first pages and its memmap", () => {
    expect(zonesOfRam(512 * MIB)[0]).toEqual({ startPfn: 16, spannedPages: 4080, presentPages: 3920 })
  })

  it.each<[mib: number, dma32: number, normal: number]>([
    [64, 12_096, 0],
    [512, 124_992, 0],
    [2048, 512_064, 0],
    [3072, 770_112, 0],
    [4096, 770_112, 258_048],
    [8192, 770_112, 1_290_240],
    [16384, 770_112, 3_354_624],
    [32768, 770_112, 7_483_392],
    [65536, 770_112, 15_740_928]
  ])("%i MiB: DMA32 %i, Normal %i", (mib, dma32, normal) => {
    expect(zonesOfRam(mib * MIB).map((zone) => zone.presentPages)).toEqual([3920, dma32, normal])
  })

  it("above 4 GiB start the pages that the PCI hole displaced", () => {
    expect(zonesOfRam(4096 * MIB)[2]).toMatchObject({ startPfn: 1_048_576, spannedPages: 262_144 })
  })

  it("takes present pages as they are given", () => {
    expect(zonesOfPresentPages({ dma: 3920, dma32: 512_000, normal: 0 }).map((zone) => zone.presentPages))
      .toEqual([3920, 512_000, 0])
  })

  it("refuses sizes that are no machine", () => {
    expect(() => zonesOfRam(MIB)).toThrow("RAM must be")
    expect(() => zonesOfRam(2 ** 41)).toThrow("RAM must be")
  })
})
