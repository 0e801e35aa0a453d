// What a root image is: its size, its format, and where its pages lie on the device.
// Modelled: ext4, of which page p of the files is page p of the device; squashfs, of which each block of pages is stored in
//   `ratio` times its size, one block after the other.
// Not modelled: metadata (inodes, directories, block lists: their reads are missing) and holes; every block of a squashfs image
//   has the same ratio.
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { assert, type Nanoseconds } from "@swaplab/sim"

/** How an image stores its files. */
export type RootFormat =
  | { readonly kind: "ext4" }
  | {
    readonly kind: "squashfs"
    /** Pages of a block: 32 for mksquashfs's 128 KiB. */
    readonly blockPages: number
    /** Stored bytes of a block over its bytes. */
    readonly ratio: number
    /** CPU time to decompress a block and to copy it into its pages. */
    readonly cpuPerBlockNs: Nanoseconds
  }

/** A root image. */
export interface RootSpec {
  /** Pages of all files together. */
  readonly pages: number
  /** Who wrote the image: page p of the device has the content token (tokenWriter, p + 1). */
  readonly tokenWriter: number
  /** Largest read-ahead window (read_ahead_kb): 32 pages by default in Linux. */
  readonly readaheadPages: number
  readonly format: RootFormat
}

/** Bytes of an image before the block with that number. */
const storedBytes = (spec: RootSpec, blockPages: number, ratio: number, block: number): number =>
  Math.ceil(Math.min(block * blockPages, spec.pages) * PAGE_SIZE * ratio)

/** First byte of a stored block, and the first byte behind it. */
export const blockBytes = (spec: RootSpec, block: number): readonly [from: number, to: number] => {
  assert(spec.format.kind === "squashfs", "only squashfs has blocks")
  const { blockPages, ratio } = spec.format
  return [storedBytes(spec, blockPages, ratio, block), storedBytes(spec, blockPages, ratio, block + 1)]
}

/** Pages of the device that hold an image. */
export const rootDevicePages = (spec: RootSpec): number => {
  const { format, pages } = spec
  if (format.kind === "ext4") return pages
  const blocks = Math.ceil(pages / format.blockPages)
  return Math.ceil(storedBytes(spec, format.blockPages, format.ratio, blocks) / PAGE_SIZE)
}
