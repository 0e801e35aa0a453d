// Which zones of a zonelist were full a moment ago (struct zonelist_cache), so that a walk over many nodes passes them by.
//
// It is asked once the first zone of a walk has failed, and ignored in a second walk when the first found nothing. What it
// remembers is forgotten every second, and when direct reclaim got somewhere.
// source: mm/page_alloc.c:zlc_setup, zlc_zone_worth_trying, zlc_mark_zone_full, zlc_clear_zones_full
import type { Nanoseconds } from "@swaplab/sim"

const ZAP_NS = 1_000_000_000

export class ZonelistCache {
  #fullZones = 0
  #lastZapNs: Nanoseconds = 0

  setup(now: Nanoseconds): void {
    if (now <= this.#lastZapNs + ZAP_NS) return
    this.#fullZones = 0
    this.#lastZapNs = now
  }

  /** `slot` is the number of the zone on its machine. */
  isFull(slot: number): boolean {
    return (this.#fullZones & (1 << slot)) !== 0
  }

  markFull(slot: number): void {
    this.#fullZones |= 1 << slot
  }

  clear(): void {
    this.#fullZones = 0
  }
}
