// A local disk that holds a root image, behind a queue of the block layer.
// Modelled: requests in the order in which they come, each with the latency of the disk and the time of its bytes; the
//   interrupt that ends them, on CPU 0; what the image contains.
// Not modelled: seeks, errors.
import { type BlockDriver, type DispatchQueue, NO_BIO, NO_REQUEST } from "@swaplab/blk"
import { bootContext, type Context, type Frames } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { Cpus } from "../cpus.ts"
import type { LocalDisk } from "./local-disk.ts"

const SECTORS_PER_PAGE = 8

/** Drives a queue with a local disk. */
export class DiskDriver implements BlockDriver {
  readonly #disk: LocalDisk
  readonly #cpus: Cpus
  readonly #frames: Frames
  readonly #tokenWriter: number
  readonly #interrupt: Context = bootContext()

  constructor(disk: LocalDisk, cpus: Cpus, frames: Frames, tokenWriter: number) {
    this.#disk = disk
    this.#cpus = cpus
    this.#frames = frames
    this.#tokenWriter = tokenWriter
  }

  requestFn(queue: DispatchQueue): void {
    for (let rq = queue.fetch(); rq !== NO_REQUEST; rq = queue.fetch()) {
      const request = rq
      assert(queue.rqWrite[request] === 0, "a root image is never written")
      this.#disk.submit(queue.rqPages[request], () => this.#end(queue, request))
    }
  }

  #end(queue: DispatchQueue, rq: number): void {
    const { tokenVersion, tokenWriter } = this.#frames
    let version = queue.rqSector[rq] / SECTORS_PER_PAGE + 1
    for (let bio = queue.rqBioHead[rq]; bio !== NO_BIO; bio = queue.bioNext[bio]) {
      const pfn = queue.bioPage[bio]
      tokenWriter[pfn] = this.#tokenWriter
      tokenVersion[pfn] = version++
    }
    queue.endRequest(this.#interrupt, rq, 0)
    this.#cpus.steal(0, Math.round(this.#interrupt.ns))
    this.#interrupt.ns = 0
  }
}
