// Which pages of a file may hold data. What is not in it is a hole: it reads as zeroes and needs no disk.
import { type Extent, type ExtentSource, toU64 } from "@swaplab/nbd"
import { endPage, firstPage, PAGE, PageSet } from "./page-set.ts"

const DATA = { hi: 0, lo: 0 }
const HOLE_AND_ZERO = { hi: 0, lo: 3 }

export class DataPages extends PageSet implements ExtentSource {
  isHole(offset: number, length: number): boolean {
    return !this.hasAny(firstPage(offset), endPage(offset, length))
  }

  extents(offset: number, length: number, most = Number.POSITIVE_INFINITY): ReadonlyArray<Extent> {
    const extents: Array<Extent> = []
    const end = offset + length
    for (let at = offset; at < end && extents.length < most;) {
      const isData = this.has(firstPage(at))
      const next = Math.min(end, this.next(firstPage(at), endPage(at, end - at), !isData) * PAGE)
      extents.push({ length: toU64(next - at), flags: isData ? DATA : HOLE_AND_ZERO })
      at = next
    }
    return extents
  }
}
