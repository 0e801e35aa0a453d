// A block device that a program reads and writes itself, past the page cache (O_DIRECT): what replays a trace of a swap device.
// Modelled: pages of the program's buffer, one bio a page, a plug so that the pages of a transfer become one request, the sync class
//   for both directions (WRITE_ODIRECT), the sleep until all of it has ended, errors, what each page contains.
// Not modelled: bios of many pages, asynchronous I/O: a task has one transfer under way; alignment below a page.
// While somebody has the device open nobody swaps to it: the area must be unused, and none of its slots is handed out.
// source: fs/direct-io.c:do_blockdev_direct_IO, dio_bio_end_aio
import { type BlockQueue, SUBMITTED } from "@swaplab/blk"
import { type Frames, GFP_KERNEL, LOST_WRITER, type Task } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { Swap } from "@swaplab/swap"
import type { PageMemory } from "./mm/page-memory.ts"

const SECTORS_PER_PAGE = 8

/** A transfer under way. */
interface Transfer {
  left: number
  failed: number
  readonly task: Task
}

/** What it is made of. */
export interface RawDeviceParts {
  readonly sim: Sim
  readonly disk: BlockQueue
  readonly pages: { readonly frames: Frames }
  /** Whose pages buffers are. */
  readonly memory: PageMemory
}

/** A buffer of one task: its pages are taken when they are first needed. */
export class RawBuffer {
  readonly pages: Array<number> = []
}

/** The device, opened. */
export class RawDevice {
  readonly #parts: RawDeviceParts
  readonly #wait: WaitQueue
  /** By page frame of a buffer. */
  readonly #transfers = new Map<number, Transfer>()

  constructor(parts: RawDeviceParts) {
    const { disk, sim } = parts
    this.#parts = parts
    this.#wait = new WaitQueue(sim, `${disk.name} direct I/O`, "the end of the transfer")
    const { onBioEnd } = disk
    disk.onBioEnd = (ctx, pfn, write, error) => {
      const transfer = this.#transfers.get(pfn)
      if (transfer === undefined) return onBioEnd(ctx, pfn, write, error)
      if (error !== 0) transfer.failed++
      if (--transfer.left === 0) this.#wait.wake(transfer.task.process)
    }
  }

  /** A buffer for transfers of up to so many pages. False: there is no memory for it. */
  *reserve(task: Task, buffer: RawBuffer, pages: number): Sleeps<boolean> {
    while (buffer.pages.length < pages) {
      const pfn = yield* this.#parts.memory.alloc(task, GFP_KERNEL)
      if (pfn < 0) return false
      buffer.pages.push(pfn)
    }
    return true
  }

  /** Gives a buffer back. */
  release(task: Task, buffer: RawBuffer): void {
    for (const pfn of buffer.pages.splice(0)) this.#parts.memory.free(task, pfn)
  }

  /** Reads or writes `pages` pages of the device from `page` on, out of or into the buffer. Returns how many of them failed. */
  *transfer(task: Task, write: boolean, page: number, pages: number, buffer: RawBuffer): Sleeps<number> {
    assert(pages > 0 && pages <= buffer.pages.length, "a transfer is larger than its buffer")
    const { disk } = this.#parts
    const transfer: Transfer = { left: pages, failed: 0, task }
    disk.plug(task)
    for (let i = 0; i < pages; i++) {
      const pfn = buffer.pages[i]
      this.#transfers.set(pfn, transfer)
      const sector = (page + i) * SECTORS_PER_PAGE
      if (disk.trySubmitPage(task, write, sector, pfn, true, GFP_KERNEL) !== SUBMITTED) {
        yield* disk.submitPage(task, write, sector, pfn, true, GFP_KERNEL)
      }
    }
    disk.unplug(task)
    while (transfer.left > 0) yield* this.#wait.sleep(task.process)
    for (let i = 0; i < pages; i++) this.#transfers.delete(buffer.pages[i])
    return transfer.failed
  }

  /** Says what a page of a buffer contains. */
  put(buffer: RawBuffer, i: number, writer: number, version: number): void {
    const { tokenVersion, tokenWriter } = this.#parts.pages.frames
    tokenWriter[buffer.pages[i]] = writer
    tokenVersion[buffer.pages[i]] = version
  }

  /** What was read into a page of a buffer: that, another content, or zeroes because the server has forgotten it. */
  look(buffer: RawBuffer, i: number, writer: number, version: number): "right" | "wrong" | "lost" {
    const { tokenVersion, tokenWriter } = this.#parts.pages.frames
    const pfn = buffer.pages[i]
    if (tokenWriter[pfn] === writer && tokenVersion[pfn] === version) return "right"
    return tokenWriter[pfn] === LOST_WRITER ? "lost" : "wrong"
  }
}

/** The machine of a swap device. */
export interface RawDeviceHost extends Omit<RawDeviceParts, "memory"> {
  readonly swap: Pick<Swap, "areas">
  readonly swapSetup: { readonly memory: PageMemory }
}

/** Opens the swap device of a machine, at the start of its workload: from now on nobody swaps to it. */
export const openRawDevice = ({ disk, pages, sim, swap, swapSetup }: RawDeviceHost): RawDevice => {
  swap.areas[0].map.withhold()
  return new RawDevice({ disk, pages, sim, memory: swapSetup.memory })
}
