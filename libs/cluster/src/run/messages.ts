// One direction of a stream between two machines, in messages: what a thin client and the server of its programs say to each
// other (X11). One message is under way at a time: who passes one waits until it has arrived.
// Modelled: every byte as TCP carries it, a sender and a reader with CPU time of their machines, both ends' memory.
// Not modelled: the contents and the round trips inside of the X11 protocol (Xlib hardly waits for replies while it draws).
import { PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import { assert, type Process, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { TcpSocket } from "@swaplab/tcp"

/** Length of a message, in front of it. */
const HEADER_BYTES = 4

/** Messages from one socket to the one that it is connected with. */
export class Messages {
  /** Bytes of all messages that have arrived. */
  bytes = 0
  readonly #from: TcpSocket
  readonly #to: TcpSocket
  readonly #wanted: WaitQueue
  readonly #arrived: WaitQueue
  /** Messages that somebody wants to pass, that were sent, and that have arrived: the last is at most one behind the first. */
  #asked = 0
  #sent = 0
  #read = 0
  /** Bytes of the last one that somebody wants to pass. */
  #length = 0
  #ended = false

  constructor(sim: Sim, name: string, from: TcpSocket, to: TcpSocket) {
    this.#from = from
    this.#to = to
    this.#wanted = new WaitQueue(sim, `${name} queue`, "a message")
    this.#arrived = new WaitQueue(sim, name, "the other end has read all of it")
  }

  /** Sends so many bytes and waits until the other end has read them. False: the connection has ended. */
  *pass(process: Process, bytes: number): Sleeps<boolean> {
    assert(this.#read === this.#asked, "one message is under way at a time")
    this.#length = bytes
    const message = ++this.#asked
    this.#wanted.wakeOne()
    while (this.#read < message && !this.#ended) yield* this.#arrived.sleep(process, "interruptible")
    return !this.#ended
  }

  /** The task that sends. */
  *sender(task: Task): Sleeps<void> {
    const header = new Uint8Array(HEADER_BYTES)
    const view = new DataView(header.buffer)
    const rest = new Uint8Array(PAGE_SIZE)
    while (!this.#ended) {
      if (this.#sent === this.#asked) {
        yield* this.#wanted.sleep(task.process, "interruptible")
        continue
      }
      this.#sent++
      const length = this.#length
      view.setUint32(0, length)
      if ((yield* this.#from.sendBytes(task, header, true)) <= 0) return this.#end()
      for (let left = length; left > 0; left -= PAGE_SIZE) {
        const sent = left >= PAGE_SIZE
          ? yield* this.#from.sendPage(task, 0, 0, left > PAGE_SIZE)
          : yield* this.#from.sendBytes(task, rest.subarray(0, left), false)
        if (sent <= 0) return this.#end()
        yield* task.condResched()
      }
    }
  }

  /** The task that reads. */
  *reader(task: Task): Sleeps<void> {
    const header = new Uint8Array(HEADER_BYTES)
    const view = new DataView(header.buffer)
    const rest = new Uint8Array(PAGE_SIZE)
    const page: PageToken = { tokenWriter: 0, tokenVersion: 0 }
    for (;;) {
      if ((yield* this.#to.recvBytes(task, header)) <= 0) return this.#end()
      const length = view.getUint32(0)
      for (let left = length; left > 0; left -= PAGE_SIZE) {
        const got = left >= PAGE_SIZE
          ? yield* this.#to.recvPage(task, page)
          : yield* this.#to.recvBytes(task, rest.subarray(0, left))
        if (got <= 0) return this.#end()
        yield* task.condResched()
      }
      this.bytes += length
      this.#read++
      this.#arrived.wakeOne()
    }
  }

  #end(): void {
    this.#ended = true
    this.#arrived.wakeAll()
    this.#wanted.wakeAll()
  }
}
