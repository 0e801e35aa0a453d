// The handling of reserve slabs by the names of the reference.
import type { ReserveSwitches } from "@swaplab/kmem"

export type Mode = "none" | "feb-2012" | "v3.6"

export const MODES: Readonly<Record<Mode, Partial<ReserveSwitches>>> = {
  "none": {},
  /** The patch by itself, as posted in February 2012. */
  "feb-2012": { reserveSlabs: true, skipsFirst: true },
  /** As merged, with the gate of the memalloc sockets. */
  "v3.6": { reserveSlabs: true, memallocGate: true }
}
