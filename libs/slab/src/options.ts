// What a SLAB allocator is made with.
import type { MemallocSocks, ObjectCosts, ReserveSwitches } from "@swaplab/kmem"

export interface SlabOptions {
  /** Possible CPUs. */
  readonly cpus: number
  /** All off unless given. */
  readonly switches?: Partial<ReserveSwitches>
  /** The static key; needed by "v3.6" to ever be open. */
  readonly memallocSocks?: MemallocSocks
  /** The boot parameter slab_max_order; by default 1 on machines with more than 32 MiB, else 0. */
  readonly slabMaxOrder?: number
  readonly costs?: Partial<ObjectCosts>
  /** Group of the machine, for tracepoints. */
  readonly group?: number
}
