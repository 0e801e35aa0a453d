// The server on which the programs of thin clients run.
import { choice, field, maybe, section, SIZE, Size, text, whole, within } from "@swaplab/config"
import { DISK_NAMES } from "@swaplab/server-model"
import { Schema } from "effect"
import { GIB, MIB, ram } from "./fields.ts"
import { LinkConfig } from "./machines.ts"
import { switchKey } from "./switches.ts"
import { SysctlsConfig } from "./sysctls.ts"

export const ApplicationsConfig = Schema.Struct({
  ram: field(
    ram,
    4 * GIB,
    "Memory. Old rules say 256 MB and 128 to 192 MB for each user at the same time: 4 GiB are some 20 users of these."
  ),
  cpus: field(whole(1, 64), 4, "CPUs. Assumed."),
  swap: field(
    within(Size, SIZE, { min: MIB }),
    4 * GIB,
    "Its swap area, on a disk of its own. Assumed: as much as RAM."
  ),
  disk: field(
    choice(...DISK_NAMES),
    "hdd",
    "The disk of its swap area. A server of 2012 had hard disks."
  ),
  sysctl: section(SysctlsConfig, "Its sysctls, like those of clients."),
  link: section(LinkConfig, "Its cable to the switch. Apart from that of the NBD server, even where one box is both."),
  switch: switchKey,
  kernel: maybe(text, "A kernel of this scenario. Without it: the kernel of the cell.")
})
export interface ApplicationsConfig extends Schema.Schema.Type<typeof ApplicationsConfig> {}
