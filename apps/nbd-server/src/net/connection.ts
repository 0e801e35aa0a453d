// The transmission phase of one connection on its socket. A request that may not start yet (gate.ts says which) stops the
// connection in front of it: the socket is not read any further, and TCP holds the client back. What a client can make the
// server hold is therefore bounded, whatever it sends and however little it reads.
import {
  Command,
  type Job,
  type ReplyBuffer,
  type Request,
  type ServedExport,
  Transmission,
  type TransmissionHost,
  type TransmissionMode
} from "@swaplab/nbd"
import type { Socket } from "node:net"
import { performance } from "node:perf_hooks"
import type { RateLimit } from "../limits/rate-limit.ts"
import type { Faults } from "../stores/faults.ts"
import type { Refusals } from "../stores/refusals.ts"
import type { Client } from "./client.ts"
import type { Engine, Tap } from "./engine.ts"
import { Gate } from "./gate.ts"
import { Silence } from "./vanished.ts"
import { Wire } from "./wire.ts"

/** Fewer bytes than this are copied before they wait for a client that does not read: they are not worth a whole buffer. */
const LENT_BYTES = 65536

/** What a client may still say on a connection that the server has ended, before it is closed on him. */
export const DISCARD_BYTES = 262144

/** A client that reads nothing has so long to take the last replies. */
export const LINGER_MS = 10_000

/** How a connection ended. */
export interface Ending {
  /** The client said DISC. */
  readonly clean: boolean
  readonly reason: string
  /** Requests that had started and were not answered. */
  readonly unanswered: number
  /** When the client was last heard from. */
  readonly heardMs: number
}

export class Connection implements TransmissionHost {
  readonly transmission: Transmission
  readonly client: Client
  readonly silence = new Silence(performance.now())
  readonly #wire: Wire
  readonly #engine: Engine
  readonly #gate: Gate
  readonly #onLeave: (ending: Ending) => void
  readonly #onClosed: () => void
  readonly #faults: Faults | null
  readonly #refusals: Refusals
  readonly #address: string
  readonly #tap: Tap | null
  #lent: Array<Uint8Array> = []
  /** Until the end of a client that does not read. */
  #lingerTimer: NodeJS.Timeout | null = null
  #chunkStartMs = 0
  #answered = 0
  #ending: Pick<Ending, "clean" | "reason"> | null = null
  #unanswered = 0
  #open = true
  /** The store is not needed any more. */
  #left = false
  /** The client has ended. */
  #halfClosed = false
  #lingering = false
  /** Bytes thrown away since it lingers, and how many may be. */
  #discarded = 0
  #mayDiscard = DISCARD_BYTES

  constructor(options: {
    readonly socket: Socket
    readonly plain: boolean
    readonly served: ServedExport
    readonly mode: TransmissionMode
    readonly client: Client
    readonly engine: Engine
    readonly exportRate: RateLimit
    readonly usesDisk: boolean
    /** What its store takes counts for the quota. */
    readonly counted: boolean
    readonly faults: Faults | null
    /** What its store refuses, and the address that it is told with. */
    readonly refusals: Refusals
    readonly address: string
    readonly tap: Tap | null
    /** It needs its store no more: all is answered that ever will be. The socket may still be open. */
    readonly onLeave: (ending: Ending) => void
    /** The socket is closed. */
    readonly onClosed: () => void
  }) {
    const { client, engine, mode, served } = options
    this.client = client
    this.#engine = engine
    this.#gate = new Gate({
      client,
      engine,
      exportRate: options.exportRate,
      usesDisk: options.usesDisk,
      counted: options.counted,
      resume: () => this.resume()
    })
    this.#faults = options.faults
    this.#refusals = options.refusals
    this.#address = options.address
    this.#tap = options.tap
    this.#onLeave = options.onLeave
    this.#onClosed = options.onClosed
    this.transmission = new Transmission(served, mode, engine.replies, this)
    this.#wire = new Wire(options.socket, options.plain, {
      received: (bytes, length) => this.receive(bytes, 0, length),
      place: () => this.transmission.place,
      placed: (bytes, length) => this.#placed(bytes, length),
      discarded: (bytes) => this.#discard(bytes),
      drained: () => this.#drained(),
      ended: () => {
        this.#halfClosed = true
        this.#proceed()
      },
      closed: (error) => this.#closed(error)
    })
  }

  /** Memory that this connection makes the server hold. */
  get heldBytes(): number {
    return this.transmission.heldBytes + this.#wire.unsent + this.#gate.inFlightBytes
  }

  /** Begins: `early` is what came in behind the last option. */
  start(early: Uint8Array): void {
    if (early.length > 0) this.receive(early, 0, early.length)
    this.#proceed()
  }

  receive(bytes: Uint8Array, from: number, to: number): void {
    this.#tap?.received(bytes, from, to)
    this.#engine.toSend.flush()
    this.#chunkStartMs = this.silence.heardMs = performance.now()
    this.#engine.busyPoll.seen(this.#chunkStartMs)
    this.transmission.receive(bytes, from, to)
    this.#account()
    this.#proceed()
  }

  #placed(bytes: Uint8Array, length: number): void {
    this.#tap?.received(bytes, 0, length)
    this.#engine.toSend.flush()
    this.#chunkStartMs = this.silence.heardMs = performance.now()
    this.transmission.placed(length)
    this.#account()
    this.#proceed()
  }

  /** It may be able to go on. */
  resume(): void {
    this.#gate.stopWaiting()
    if (!this.#open || !this.transmission.stopped) return this.#proceed()
    this.#engine.toSend.flush()
    this.#chunkStartMs = performance.now()
    this.transmission.resume()
    this.#account()
    this.#proceed()
  }

  /** All is answered and handed to the kernel, and the client was told that nothing follows. */
  get saidAll(): boolean {
    return this.#lingering && this.#wire.unsent === 0
  }

  /**
   * Starts nothing more, answers what is in flight, and ends without a word: a client that connects again repeats what it
   * got no answer to. What it still sends is thrown away for as long as it takes, because a socket that is closed with
   * something unread resets the connection, and replies on their way are lost.
   */
  stop(reason: string): void {
    this.#ending ??= { clean: false, reason }
    this.#mayDiscard = Number.POSITIVE_INFINITY
    this.transmission.stop()
    this.#proceed()
  }

  /** Has the kernel ask whether the client is there when nothing was heard from it for so long, and then once a second. */
  askAfter(idleMs: number): void {
    this.#wire.socket.setKeepAlive(true, idleMs)
  }

  /** Closes at once, and tells the client's machine to forget the connection, should it come back. */
  reset(reason: string): void {
    this.#ending ??= { clean: false, reason }
    this.#wire.reset()
  }

  /** Closes at once. */
  destroy(reason: string): void {
    this.#ending ??= { clean: false, reason }
    this.#wire.destroy()
  }

  tryStart(request: Request, apart: boolean, prompt: boolean): boolean {
    const { transmission } = this
    if (request.type === Command.Disc) return true
    if (this.#wire.isFull) return false
    if (!this.#gate.tryStart(request, apart, prompt ? "prompt" : transmission.inFlight)) return false
    this.#tap?.request(request)
    return true
  }

  send(replies: ReplyBuffer): void {
    const copied = this.#wire.unsent > 0 && replies.at < LENT_BYTES
    const pieces = copied ? replies.copies() : replies.pieces()
    this.#tap?.sent(pieces)
    this.silence.owedMs ??= performance.now()
    this.silence.sends++
    const lent = replies.renew(!this.#wire.send(pieces) && !copied)
    if (lent !== null) this.#lent.push(lent)
  }

  sendReplies(): void {
    if (this.#engine.replies.length > 0) this.send(this.#engine.replies)
    this.resume()
  }

  jobTaken(job: Job): void {
    job.stamp = performance.now()
    this.#gate.jobTaken(job)
    if (this.#faults?.drops() === true) this.destroy("fault: drop")
  }

  replyReady(): void {
    this.#engine.toSend.claim(this)
  }

  answered(request: Request, error: number, bytes: number, job: Job | null): void {
    this.client.stats.answered(request.type, error, bytes)
    this.#refusals.answered(request, error, this.#address)
    this.#tap?.reply(request, error)
    if (job === null) {
      this.#answered++
      return
    }
    this.client.stats.latency.add((performance.now() - job.stamp) * 1000)
    this.#gate.jobDone(job)
    if (!this.#open) this.#leave()
  }

  /**
   * After a round of requests: what came of payloads by itself; latency of those that were answered at once; a slot that none
   * of them used.
   */
  #account(): void {
    this.#gate.payForPrompt()
    this.#gate.payForRead(this.transmission.absorbed)
    this.transmission.absorbed = 0
    this.#gate.giveUnusedSlotBack()
    if (this.#answered === 0) return
    this.client.stats.latency.add((performance.now() - this.#chunkStartMs) * 1000, this.#answered)
    this.#answered = 0
  }

  #proceed(): void {
    if (!this.#open) return
    const { transmission } = this
    if (transmission.ended !== null) {
      this.#ending ??= { clean: transmission.ended === "disc", reason: transmission.ended }
      if (transmission.done) this.#linger()
    } else if (this.#halfClosed && !transmission.stopped && transmission.inFlight === 0) {
      this.#ending ??= { clean: false, reason: "connection lost" }
      this.#linger()
    }
    if (this.#tryRead()) this.#wire.read()
    else this.#wire.pause()
  }

  /** True: what is read now is taken. The rest of a payload, and what is thrown away, take their turns, too. */
  #tryRead(): boolean {
    const { absorbing, ended, stopped } = this.transmission
    if (!this.#lingering) {
      if (ended !== null || stopped || this.#wire.isFull) return false
      if (!absorbing) return true
    }
    return this.#gate.tryRead()
  }

  /** Ends after what is left has been sent, or after a while. */
  #linger(): void {
    if (this.#lingering) return
    this.#lingering = true
    // the last replies of jobs
    this.#engine.toSend.flush()
    this.#wire.end()
    this.#lingerTimer = setTimeout(() => this.#wire.destroy(), LINGER_MS)
    this.#leave()
  }

  #discard(bytes: number): void {
    this.#gate.payForRead(bytes)
    this.#discarded += bytes
    if (this.#discarded > this.#mayDiscard) this.#wire.destroy()
    else this.#proceed()
  }

  #drained(): void {
    for (const lent of this.#lent) this.#engine.replies.giveBack(lent)
    this.#lent = []
    this.resume()
  }

  #closed(error: Error | null): void {
    this.#open = false
    if (this.#lingerTimer !== null) clearTimeout(this.#lingerTimer)
    this.#gate.close()
    this.#lent = []
    this.#tap?.closed()
    this.#ending ??= { clean: false, reason: error?.message ?? "connection lost" }
    this.transmission.abandoned = true
    this.#unanswered = this.transmission.inFlight
    this.#leave()
    this.#onClosed()
  }

  /** Lets its store go, once no job is with it any more. */
  #leave(): void {
    if (this.#left || this.#ending === null || this.transmission.inFlight > 0) return
    this.#left = true
    this.#onLeave({ ...this.#ending, unanswered: this.#unanswered, heardMs: this.silence.heardMs })
  }
}
