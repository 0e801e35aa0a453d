// The disk that a client may have of its own.
import { field, SIZE, Size, Time, within } from "@swaplab/config"
import { Schema } from "effect"
import { KIB, MIB, US } from "./fields.ts"

/** A disk of a client's own. */
export const LocalDiskConfig = Schema.Struct({
  bytesPerSecond: field(
    within(Size, SIZE, { min: 4 * KIB }),
    60 * MIB,
    "What it writes or reads in a second. An IDE or SATA disk of 2010."
  ),
  latency: field(Time, 200 * US, "Of each request. With a write cache of its own.")
})
export interface LocalDiskConfig extends Schema.Schema.Type<typeof LocalDiskConfig> {}
