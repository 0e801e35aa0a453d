// The root file system of a client group: programs and libraries in an image that can be read again, on a server or a disk.
import { assumed, choice, field, maybe, Percentage, section, SIZE, Size, text, Time, within } from "@swaplab/config"
import type { RootSpec } from "@swaplab/kernel"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { Schema } from "effect"
import { GIB, KIB, MIB, MS, name } from "./fields.ts"
import { LocalDiskConfig } from "./local-disk.ts"

const MAX_SIZE = 64 * GIB

export const RootConfig = Schema.Struct({
  from: field(
    choice("nbd", "disk"),
    "nbd",
    "Where it lies. nbd: a read-only export of the server, over a connection of its own (nbd1), as LTSP mounted it until 2020. "
      + "disk: a disk of the client."
  ),
  server: maybe(text, "The server with the image, by name, as for the swap of the group. Without it: as for the swap."),
  image: field(
    name,
    "root",
    "Name of the image on the server. Groups with the same name read the same image."
  ),
  size: field(
    within(Size, SIZE, { min: MIB, max: MAX_SIZE }),
    4 * GIB,
    "Size of its files. LTSP's wiki has images of more than 3.8 GiB. Only what is read takes memory."
  ),
  format: field(
    choice("squashfs", "ext4"),
    "squashfs",
    "squashfs: compressed in blocks, as LTSP ships it. ext4: as it is."
  ),
  block: field(
    within(Size, SIZE, { min: 4 * KIB, max: MIB }),
    128 * KIB,
    "Block of squashfs: what is read and decompressed at a time. 128 KiB is the default of mksquashfs."
  ),
  ratio: field(
    Percentage,
    0.4,
    "Stored size of a block of squashfs over its size. Assumed: gzip on programs and libraries leaves 35 to 45 %.",
    assumed(0.35, 0.45)
  ),
  cpuPerBlock: field(
    Time,
    MS,
    "CPU time to decompress a block of squashfs. Assumed: 128 KiB of gzip on a CPU of 2012, at 125 MiB/s.",
    assumed(MS / 2, 2 * MS)
  ),
  readahead: field(
    within(Size, SIZE, { max: 64 * MIB }),
    128 * KIB,
    "Largest window of read-ahead on the client (read_ahead_kb). 128 KiB is Linux's default, and LTSP's since 2020."
  ),
  disk: section(LocalDiskConfig, "The disk of the client, with from: disk.")
})
export interface RootConfig extends Schema.Schema.Type<typeof RootConfig> {}

/** Pages of the files of an image. */
const rootPages = ({ size }: RootConfig): number => Math.floor(size / PAGE_SIZE)

/** An image in the terms of the kernel. `tokenWriter`: who wrote its pages. */
export const rootSpec = (root: RootConfig, tokenWriter: number): RootSpec => ({
  pages: rootPages(root),
  tokenWriter,
  readaheadPages: Math.floor(root.readahead / PAGE_SIZE),
  format: root.format === "ext4" ? { kind: "ext4" } : {
    kind: "squashfs",
    blockPages: root.block / PAGE_SIZE,
    ratio: root.ratio,
    cpuPerBlockNs: root.cpuPerBlock
  }
})
