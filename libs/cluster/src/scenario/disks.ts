// The disk of a server, in the terms of the model of the server.
import { diskByFigures, diskNamed, type DiskShape } from "@swaplab/server-model"
import type { ServerConfig } from "./machines.ts"

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
