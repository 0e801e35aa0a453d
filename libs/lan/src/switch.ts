// A store-and-forward Ethernet switch with output queues in one shared packet buffer.
// Modelled: a frame is forwarded after it has arrived whole, plus a forwarding latency; one buffer for all ports. Without
// flow control an output port may hold at most alpha × (what is free) (Choudhury and Hahne's dynamic threshold), and at
// most its limit if there is one; what comes beyond is dropped. With flow control no output drops: inputs pause before the
// buffer is full (ingress-pause.ts), which is how switches treat ports that have agreed on 802.3x.
// Not modelled: learning and flooding (routes are given), fabric contention, priorities, spanning tree, ports of which some
// pause and some do not. Buffers of real boxes have cells of about 200 bytes; here a frame takes exactly its own bytes.
// What that costs: a buffer of short frames holds up to three times as many here as there.
import { assert, type Nanoseconds } from "@swaplab/sim"
import { DropReason, dropReasonNames } from "./frame-ops.ts"
import { storedBytes } from "./framing.ts"
import { IngressPause, pauseFlightNs } from "./ingress-pause.ts"
import type { Lan } from "./lan.ts"
import { type BufferOwner, DROPPED } from "./link-options.ts"
import type { Link } from "./link.ts"

export interface SwitchOptions {
  readonly name: string
  /** From the last bit in to the first bit out, when the output is idle. */
  readonly forwardingLatencyNs: Nanoseconds
  /** Size of the packet buffer shared by all ports. */
  readonly bufferBytes: number
  /**
   * Share of the free buffer that one output queue may hold; with flow control, that the frames of one input may hold before
   * it pauses. 1 by default, so that a single busy port gets half; Infinity for no threshold.
   */
  readonly alpha?: number
  /** Most bytes that one output queue may hold besides. No limit by default; without effect with flow control. */
  readonly portLimitBytes?: number
  /** 802.3x: ports that fill the buffer pause, and no output queue is cut. Off by default. */
  readonly flowControl?: boolean
}

const NO_PORT = -1

/** A store-and-forward switch. */
export class Switch implements BufferOwner {
  readonly name: string
  readonly forwardingLatencyNs: Nanoseconds
  readonly alpha: number
  readonly portLimitBytes: number
  readonly flowControl: boolean
  /** Frames that came in, went out and were dropped here (drops of the output links are counted there). */
  receivedFrames = 0
  forwardedFrames = 0
  droppedFrames = 0
  readonly dropped = new Float64Array(dropReasonNames.length)
  /** Frames and bytes that found no place in the buffer, by output port. */
  readonly portDrops: Array<number> = []
  readonly portDroppedBytes: Array<number> = []
  /** Bytes of the buffer in use, and the most there ever were. */
  usedBytes = 0
  maxUsedBytes = 0
  #bufferBytes: number
  /** Bytes that were in the buffer when it shrank: so many may be inside until they have left. */
  #leftoverBytes = 0
  readonly #lan: Lan
  readonly #inputs: Array<Link> = []
  readonly #outputs: Array<Link> = []
  readonly #ingress: IngressPause
  #routes = new Int16Array(64).fill(NO_PORT)
  readonly #pauseKind: number

  constructor(lan: Lan, options: SwitchOptions) {
    this.name = options.name
    this.forwardingLatencyNs = options.forwardingLatencyNs
    this.#bufferBytes = options.bufferBytes
    this.alpha = options.alpha ?? 1
    this.portLimitBytes = options.portLimitBytes ?? Number.POSITIVE_INFINITY
    this.flowControl = options.flowControl ?? false
    this.#ingress = new IngressPause(
      options.bufferBytes,
      this.alpha,
      this.flowControl,
      (port, on) => this.#orderPause(port, on)
    )
    this.#lan = lan
    lan.switches.push(this)
    this.#pauseKind = lan.sim.queue.register((arg) => {
      if ((arg & 1) === 1) this.#inputs[arg >> 1].pause()
      else this.#inputs[arg >> 1].resume()
    })
  }

  /** Size of the packet buffer. */
  get bufferBytes(): number {
    return this.#bufferBytes
  }

  /** Changes the size of the packet buffer. What is in it leaves as before; nothing enters as long as it holds more. */
  setBufferBytes(bytes: number): void {
    assert(bytes >= 0, "a packet buffer holds 0 bytes or more")
    this.#leftoverBytes = this.usedBytes
    this.#ingress.resize(bytes - this.#bufferBytes, this.usedBytes)
    this.#bufferBytes = bytes
  }

  /** Connects a cable: frames of `input` come here, `output` leads back to the other end. Returns the port. */
  addPort(input: Link, output: Link): number {
    const port = this.#inputs.push(input) - 1
    this.#outputs.push(output)
    this.portDrops.push(0)
    this.portDroppedBytes.push(0)
    this.#ingress.addPort(input, output)
    input.receive = (frame) => this.#forward(frame, port)
    assert(output.bufferOwner === null, "an output link belongs to one switch only")
    output.bufferOwner = this
    return port
  }

  /** Frames for the address `destination` leave by `port`. */
  route(destination: number, port: number): void {
    assert(port >= 0 && port < this.#outputs.length, "no such port")
    if (destination >= this.#routes.length) {
      const routes = new Int16Array(destination * 2).fill(NO_PORT)
      routes.set(this.#routes)
      this.#routes = routes
    }
    this.#routes[destination] = port
  }

  /** A frame has left an output queue: its bytes are free again. */
  release(inputPort: number, bytes: number): void {
    this.usedBytes -= bytes
    this.#ingress.release(inputPort, bytes, this.usedBytes)
  }

  /** Pause and resume orders sent, to all ports or to one. */
  get pauseFrames(): number {
    return this.#ingress.frames
  }

  pauseFramesTo(port: number): number {
    return this.#ingress.framesOf[port]
  }

  /** What came in went out, or was dropped. */
  checkConservation(): void {
    assert(
      this.receivedFrames === this.forwardedFrames + this.droppedFrames,
      "frames of a switch are not conserved"
    )
    let queued = 0
    for (const output of this.#outputs) queued += output.queuedBytes
    assert(queued === this.usedBytes, "the packet buffer of a switch is miscounted")
    assert(this.#ingress.heldBytes() === this.usedBytes, "the input shares of a switch's buffer are miscounted")
    assert(
      this.usedBytes <= Math.max(this.#bufferBytes, this.#leftoverBytes),
      "more bytes in a packet buffer than it holds"
    )
  }

  #forward(frame: number, inputPort: number): void {
    this.receivedFrames++
    const destination = this.#lan.ops.destination(frame)
    const port = destination < this.#routes.length ? this.#routes[destination] : NO_PORT
    if (port === NO_PORT || port === inputPort) {
      this.#drop(frame, DropReason.NoRoute)
      return
    }
    const output = this.#outputs[port]
    output.settle()
    const bytes = storedBytes(output.framing, this.#lan.ops.bytes(frame))
    const free = this.#bufferBytes - this.usedBytes
    const queued = output.queuedBytes + bytes
    if (bytes > free || (!this.flowControl && (queued > this.alpha * free || queued > this.portLimitBytes))) {
      this.portDrops[port]++
      this.portDroppedBytes[port] += bytes
      this.#drop(frame, DropReason.BufferFull)
      return
    }
    this.usedBytes += bytes
    this.#ingress.hold(inputPort, bytes, this.usedBytes)
    this.forwardedFrames++
    if (output.enqueue(frame, bytes, this.#lan.sim.queue.now + this.forwardingLatencyNs, inputPort) === DROPPED) {
      this.release(inputPort, bytes)
      return
    }
    if (this.usedBytes > this.maxUsedBytes) this.maxUsedBytes = this.usedBytes
  }

  #orderPause(inputPort: number, on: boolean): void {
    this.#lan.sim.queue.after(pauseFlightNs(this.#outputs[inputPort]), this.#pauseKind, (inputPort << 1) | (on ? 1 : 0))
  }

  #drop(frame: number, reason: number): void {
    this.droppedFrames++
    this.dropped[reason]++
    this.#lan.ops.drop(frame, reason)
  }
}
