// A disk of a machine's own, for its swap area: what the server of thin clients swaps to.
// Modelled: every request of the block layer as one of the disk, in the order in which they come, on the channels that the disk
//   has; the interrupt at its end; what each slot holds.
// Not modelled: errors of the disk, the elevator.
import { type BlockDriver, type DispatchQueue, NO_BIO, NO_REQUEST } from "@swaplab/blk"
import type { Machine } from "@swaplab/kernel"
import { bootContext, type Context, PAGE_SIZE } from "@swaplab/page-alloc"
import type { Disk } from "@swaplab/server-model"
import type { Sim } from "@swaplab/sim"

const SECTOR_BYTES = 512
const SECTORS_PER_PAGE = PAGE_SIZE / SECTOR_BYTES

/** Drives the swap queue of a machine with a disk. */
export class SwapDisk implements BlockDriver {
  readonly disk: Disk
  readonly #sim: Sim
  readonly #machine: Machine
  readonly #kind: number
  /** Writer and version of the page in each slot, in turn. */
  readonly #tokens: Uint32Array
  readonly #interrupt: Context = bootContext()

  constructor(sim: Sim, machine: Machine, disk: Disk, slots: number) {
    this.disk = disk
    this.#sim = sim
    this.#machine = machine
    this.#tokens = new Uint32Array(2 * slots)
    this.#kind = sim.queue.register((rq) => this.#end(rq), { name: "end of a disk request", group: machine.group })
  }

  requestFn(queue: DispatchQueue): void {
    for (let rq = queue.fetch(); rq !== NO_REQUEST; rq = queue.fetch()) {
      const bytes = queue.rqPages[rq] * PAGE_SIZE
      const end = this.disk.start(queue.rqSector[rq] * SECTOR_BYTES, bytes, queue.rqWrite[rq] === 1)
      this.#sim.queue.at(end, this.#kind, rq)
    }
  }

  /** The interrupt of the disk. */
  #end(rq: number): void {
    const { cpus, disk: queue, pages: { frames } } = this.#machine
    const write = queue.rqWrite[rq] === 1
    let at = queue.rqSector[rq] / SECTORS_PER_PAGE * 2
    for (let bio = queue.rqBioHead[rq]; bio !== NO_BIO; bio = queue.bioNext[bio]) {
      const pfn = queue.bioPage[bio]
      if (write) {
        this.#tokens[at] = frames.tokenWriter[pfn]
        this.#tokens[at + 1] = frames.tokenVersion[pfn]
      } else {
        frames.tokenWriter[pfn] = this.#tokens[at]
        frames.tokenVersion[pfn] = this.#tokens[at + 1]
      }
      at += 2
    }
    queue.endRequest(this.#interrupt, rq, 0)
    cpus.steal(0, Math.round(this.#interrupt.ns))
    this.#interrupt.ns = 0
  }
}
