// What all connections of the server share.
import type { ReplyBuffer, Request } from "@swaplab/nbd"
import type { DiskSlots } from "../limits/disk-slots.ts"
import type { Lease } from "../limits/lease.ts"
import type { Turns } from "../limits/turns.ts"
import type { BusyPoll } from "./busy-poll.ts"

/** Sees everything that goes over a connection: recorders. */
export interface Tap {
  request(request: Request): void
  reply(request: Request, error: number): void
  sent(pieces: ReadonlyArray<Uint8Array>): void
  received(bytes: Uint8Array, from: number, to: number): void
  closed(): void
}

/** What connections share. */
export interface Engine {
  readonly replies: ReplyBuffer
  readonly turns: Turns
  readonly busyPoll: BusyPoll
  readonly disk: DiskSlots
  /** Requests of a connection that may be in flight, and their bytes (one request may be larger). */
  inFlight: number
  inFlightBytes: number
  /** The part of the quota that stores of templates in this process may take; null: it has all of it. */
  readonly lease: Lease | null
  /** Connections with replies of finished jobs that are to be sent at the end of this round of the event loop. */
  readonly toSend: SendLater
}

/** Has replies in the buffer that all connections share. */
interface Sender {
  sendReplies(): void
}

/** Sends what jobs answered, once for all jobs that end in one round of the event loop. */
export class SendLater {
  #sender: Sender | null = null
  #scheduled = false

  /** `sender` put a reply into the buffer; what another one put there before is sent. */
  claim(sender: Sender): void {
    if (this.#sender !== sender) {
      this.flush()
      this.#sender = sender
    }
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  flush(): void {
    const sender = this.#sender
    this.#sender = null
    sender?.sendReplies()
  }
}
