// An image with ext4, as far as reading it goes: each page of a file is a page of the device.
// Not modelled: extents in more than one piece, metadata blocks.
// source: fs/ext4/inode.c:ext4_readpage, ext4_readpages; fs/mpage.c
import { GFP_KERNEL } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { KernelTask } from "../task.ts"
import type { ImageFormat } from "./image-format.ts"
import type { RootDevice } from "./root-device.ts"
import type { RootFile } from "./root-file.ts"

export class Ext4Format implements ImageFormat {
  readonly #device: RootDevice

  constructor(device: RootDevice) {
    this.#device = device
  }

  readPage(task: KernelTask, _file: RootFile, page: number, pfn: number): Sleeps<void> {
    return this.#device.read(task, page, pfn, GFP_KERNEL)
  }
}
