// The record of an allocation that was refused: who asked, for what, and what each zone had at that instant.
// Records exist from boot on and are written over, on the failure path only.
import { keepAsDoubles, type Nanoseconds } from "@swaplab/sim"
import { minFloor } from "./failure.ts"
import { WMARK_MIN, type Zone } from "./zone.ts"

/** Columns of records that were never written. */
const NO_SLOTS = new Uint8Array(0)
const NO_PAGES = new Int32Array(0)

/** One allocation that was refused. Columns are by position in the zonelist, the preferred zone first. */
export class Refusal {
  /** When it was refused first; −1: never. */
  timeNs: Nanoseconds = -1
  /** Who asked: a task, or "softirq". */
  comm = ""
  order = 0
  gfp = 0
  /** ALLOC_ flags of the slow path, the right to ignore watermarks included. */
  allocFlags = 0
  /** The caller is still in the slow path: it reclaims and tries again. */
  open = false
  /** The attempt of the same caller that failed just before, as for a preferred order; `beforeNs` −1: there was none. */
  beforeNs: Nanoseconds = -1
  beforeOrder = 0
  beforeGfp = 0
  /** When the last one ended without a page; −1: it has not, or it got one. */
  failedNs: Nanoseconds = -1
  zones = 0
  /** Slots: numbers of zones on the machine. */
  zone: Uint8Array = NO_SLOTS
  free: Int32Array = NO_PAGES
  min: Int32Array = NO_PAGES
  /** Pages that the allocation must leave in the zone, lowmem_reserve included: it fails at this number and below. */
  floor: Int32Array = NO_PAGES

  constructor() {
    keepAsDoubles<Refusal>(this, "timeNs", "beforeNs", "failedNs")
  }

  /** Writes the record; `zonelist` without the zones that a cpuset keeps from the request. */
  write(
    timeNs: Nanoseconds,
    comm: string,
    gfp: number,
    order: number,
    allocFlags: number,
    zonelist: ReadonlyArray<Zone>
  ): void {
    if (this.failedNs !== timeNs) this.beforeNs = -1
    else if (this.beforeNs < 0) {
      this.beforeNs = this.timeNs
      this.beforeOrder = this.order
      this.beforeGfp = this.gfp
    }
    this.failedNs = -1
    this.timeNs = timeNs
    this.comm = comm
    this.gfp = gfp
    this.order = order
    this.allocFlags = allocFlags
    this.zones = zonelist.length
    if (this.zones > this.zone.length) this.#grow()
    for (let i = 0; i < zonelist.length; i++) {
      const zone = zonelist[i]
      this.zone[i] = zone.slot
      this.free[i] = zone.free
      this.min[i] = zone.watermark[WMARK_MIN]
      this.floor[i] = minFloor(zone, zonelist[0].index, allocFlags) + (1 << order) - 1
    }
  }

  #grow(): void {
    this.zone = new Uint8Array(this.zones)
    this.free = new Int32Array(this.zones)
    this.min = new Int32Array(this.zones)
    this.floor = new Int32Array(this.zones)
  }

  /** The caller leaves the slow path. */
  close(nowNs: Nanoseconds, failed: boolean): void {
    this.open = false
    this.failedNs = failed ? nowNs : -1
  }
}
