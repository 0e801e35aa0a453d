// The disk of a server, in the terms of the model of the server, and the disk that a client may have.
import { field, SIZE, Size, Time, within } from "@swaplab/config"
import { diskByFigures, diskNamed, type DiskShape } from "@swaplab/server-model"
import { Schema } from "effect"
import { KIB, MIB, US } from "./fields.ts"
import type { ServerConfig } from "./machines.ts"

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

/** The disk of this name or of these figures. */
export const diskOf = ({ disk }: Pick<ServerConfig, "disk">): DiskShape => {
  if (typeof disk === "string") return diskNamed(disk)
  const time = ({ median, p99, perKiB }: typeof disk.read) => ({ medianNs: median, p99Ns: p99, perKiBNs: perKiB })
  return diskByFigures({
    read: time(disk.read),
    write: time(disk.write),
    channels: disk.channels,
    capacityBytes: disk.capacity
  })
}
