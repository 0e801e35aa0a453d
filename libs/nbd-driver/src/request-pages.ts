// The pages of a request, bio by bio, into the socket and out of it.
// source: drivers/block/nbd.c:nbd_send_req, nbd_read_stat
import { type BlockQueue, NO_BIO } from "@swaplab/blk"
import { EPIPE, type Frames, LOST_WRITER, PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { NbdCounters } from "./nbd-options.ts"
import type { SockXmit } from "./sock-xmit.ts"
import type { Transport } from "./transport.ts"

export class RequestPages {
  readonly #queue: BlockQueue
  readonly #frames: Frames
  readonly #xmit: SockXmit
  readonly #counters: NbdCounters
  readonly #token: PageToken = { tokenWriter: 0, tokenVersion: 0 }

  constructor(queue: BlockQueue, frames: Frames, xmit: SockXmit, counters: NbdCounters) {
    this.#queue = queue
    this.#frames = frames
    this.#xmit = xmit
    this.#counters = counters
  }

  /** Sends the pages of a write, MSG_MORE on all but the last. Returns 0 or a negative errno. */
  *send(task: Task, transport: Transport, rq: number): Sleeps<number> {
    const queue = this.#queue
    const xmit = this.#xmit
    const { tokenWriter, tokenVersion } = this.#frames
    for (let bio = queue.rqBioHead[rq]; bio !== NO_BIO;) {
      const pfn = queue.bioPage[bio]
      const next = queue.bioNext[bio]
      const saved = xmit.beginSend(task, transport)
      const sent = yield* transport.sendPage(task, tokenWriter[pfn], tokenVersion[pfn], next !== NO_BIO)
      const result = xmit.endSend(task, saved, sent)
      if (result < PAGE_SIZE) return result < 0 ? result : -EPIPE
      this.#counters.sentPages++
      bio = next
    }
    return 0
  }

  /** Receives the pages of a read straight into the frames of its bios. False when that failed. */
  *receive(task: Task, transport: Transport, rq: number): Sleeps<boolean> {
    const queue = this.#queue
    const xmit = this.#xmit
    const token = this.#token
    const { tokenWriter, tokenVersion } = this.#frames
    for (let bio = queue.rqBioHead[rq]; bio !== NO_BIO; bio = queue.bioNext[bio]) {
      const saved = xmit.begin(task, transport)
      const got = xmit.end(task, saved, yield* transport.recvPage(task, token))
      if (got < PAGE_SIZE) {
        // "Receive data failed": this request ends with an error, the next receive will end the connection
        yield* xmit.receiveFailed(task, got)
        return false
      }
      const pfn = queue.bioPage[bio]
      tokenWriter[pfn] = token.tokenWriter
      tokenVersion[pfn] = token.tokenVersion
      if (token.tokenWriter === LOST_WRITER) this.#counters.lostPages++
      this.#counters.receivedPages++
    }
    return true
  }
}
