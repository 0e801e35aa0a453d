// Tracepoints of the block layer, by their Linux names. `rwbs` has bit 0 for a write and bit 1 for REQ_SYNC: "R", "W" or "WS".
// Not modelled: block_rq_requeue and block_rq_abort (nbd of 3.5/3.6 does neither), block_bio_complete (which only device mapper and
// RAID report), the command bytes of SCSI requests.
// source: include/trace/events/block.h; block/blk-core.c, block/elevator.c (where each is reported)
import type { Sim, Tracepoint } from "@swaplab/sim"
import type { BioSet } from "./bio-set.ts"
import { BLK_RW_SYNC } from "./congestion.ts"
import { SECTORS_PER_PAGE } from "./merge.ts"
import type { Requests } from "./requests.ts"

const RWBS_WRITE = 1
const RWBS_SYNC = 2

const OF_A_REQUEST = ["major", "minor", "rwbs", "sector", "nr_sector"]

/** The tracepoints of one queue. */
export class BlkTrace {
  readonly bioQueue: Tracepoint
  readonly bioBackmerge: Tracepoint
  readonly bioFrontmerge: Tracepoint
  readonly getrq: Tracepoint
  readonly sleeprq: Tracepoint
  readonly rqInsert: Tracepoint
  readonly rqIssue: Tracepoint
  readonly rqComplete: Tracepoint
  readonly plug: Tracepoint
  readonly unplug: Tracepoint
  readonly #group: number
  readonly #major: number
  readonly #minor: number

  constructor({ trace }: Sim, group: number, [major, minor]: readonly [major: number, minor: number]) {
    this.#group = group
    this.#major = major
    this.#minor = minor
    this.bioQueue = trace.point("block_bio_queue", OF_A_REQUEST)
    this.bioBackmerge = trace.point("block_bio_backmerge", OF_A_REQUEST)
    this.bioFrontmerge = trace.point("block_bio_frontmerge", OF_A_REQUEST)
    this.getrq = trace.point("block_getrq", OF_A_REQUEST)
    this.sleeprq = trace.point("block_sleeprq", OF_A_REQUEST)
    this.rqInsert = trace.point("block_rq_insert", OF_A_REQUEST)
    this.rqIssue = trace.point("block_rq_issue", OF_A_REQUEST)
    this.rqComplete = trace.point("block_rq_complete", [...OF_A_REQUEST, "errors"])
    this.plug = trace.point("block_plug", [])
    this.unplug = trace.point("block_unplug", ["nr_rq"])
  }

  /** Reports something of a bio. */
  bio(point: Tracepoint, bios: BioSet, bio: number): void {
    const write = bios.write[bio] === 1
    const sync = write && bios.sync[bio] === 1
    const rwbs = (write ? RWBS_WRITE : 0) | (sync ? RWBS_SYNC : 0)
    point.emit(this.#group, this.#major, this.#minor, rwbs, bios.sector[bio], SECTORS_PER_PAGE)
  }

  /** Reports something of a request that is under way. */
  request(point: Tracepoint, rqs: Requests, rq: number): void {
    point.emit(this.#group, this.#major, this.#minor, rwbsOf(rqs, rq), rqs.sector[rq], rqs.pages[rq] * SECTORS_PER_PAGE)
  }

  /** Reports that a request ends. `error` is 0 or an errno; `errors` counts as nbd does in rq->errors. */
  complete(rqs: Requests, rq: number, error: number): void {
    const sectors = rqs.pages[rq] * SECTORS_PER_PAGE
    this.rqComplete.emit(
      this.#group,
      this.#major,
      this.#minor,
      rwbsOf(rqs, rq),
      rqs.sector[rq],
      sectors,
      error === 0 ? 0 : 1
    )
  }

  plugged(): void {
    this.plug.emit(this.#group)
  }

  unplugged(requests: number): void {
    this.unplug.emit(this.#group, requests)
  }
}

const rwbsOf = (rqs: Requests, rq: number): number =>
  rqs.write[rq] === 0 ? 0 : rqs.rwClass[rq] === BLK_RW_SYNC ? RWBS_WRITE | RWBS_SYNC : RWBS_WRITE
