// A store-and-forward Ethernet switch with output queues in one shared packet buffer.
// Modelled: a frame is forwarded after it has arrived whole, plus a forwarding latency; one buffer for all ports, in
// which a port may hold at most alpha × (what is free) (Choudhury and Hahne's dynamic threshold); 802.3x pause by
// input port, off by default.
// Not modelled: learning and flooding (routes are given), fabric contention, priorities, spanning tree. A pause frame
// needs its flight time but no place on the wire; it holds until the switch takes it back (real ones are refreshed).
// Buffers of real boxes have cells of about 200 bytes; here a frame takes exactly its own bytes.
import { assert, type Nanoseconds } from "@swaplab/sim"
import { DropReason, dropReasonNames } from "./frame-ops.ts"
import { storedBytes } from "./framing.ts"
import type { Lan } from "./lan.ts"
import { type BufferOwner, DROPPED, type Link } from "./link.ts"

export interface FlowControl {
  /** A port whose frames hold more than this of the buffer is told to pause. */
  readonly xoffBytes: number
  /** It may go on when its frames hold no more than this. */
  readonly xonBytes: number
}

export interface SwitchOptions {
  readonly name: string
  /** From the last bit in to the first bit out, when the output is idle. */
  readonly forwardingLatencyNs: Nanoseconds
  /** Size of the packet buffer shared by all ports. */
  readonly bufferBytes: number
  /** Share of the free buffer that one output queue may hold. 1 by default; Infinity for no threshold. */
  readonly alpha?: number
  /** Send pause frames to ports that fill the buffer. Off by default. */
  readonly flowControl?: FlowControl
}

const NO_PORT = -1

/** A store-and-forward switch. */
export class Switch implements BufferOwner {
  readonly name: string
  readonly forwardingLatencyNs: Nanoseconds
  readonly bufferBytes: number
  readonly alpha: number
  /** Frames that came in, went out and were dropped here (drops of the output links are counted there). */
  receivedFrames = 0
  forwardedFrames = 0
  droppedFrames = 0
  readonly dropped = new Float64Array(dropReasonNames.length)
  /** Drops by output port. */
  readonly portDrops: Array<number> = []
  /** Bytes of the buffer in use, and the most there ever were. */
  usedBytes = 0
  maxUsedBytes = 0
  /** Pause and resume orders sent. */
  pauseFrames = 0
  readonly #lan: Lan
  readonly #flowControl: FlowControl | null
  readonly #inputs: Array<Link> = []
  readonly #outputs: Array<Link> = []
  #inputBytes = new Float64Array(8)
  #pausing = new Uint8Array(8)
  #routes = new Int16Array(64).fill(NO_PORT)
  readonly #pauseKind: number

  constructor(lan: Lan, options: SwitchOptions) {
    const { flowControl } = options
    assert(
      flowControl === undefined || (flowControl.xonBytes >= 0 && flowControl.xonBytes < flowControl.xoffBytes),
      "xon must lie below xoff"
    )
    this.name = options.name
    this.forwardingLatencyNs = options.forwardingLatencyNs
    this.bufferBytes = options.bufferBytes
    this.alpha = options.alpha ?? 1
    this.#flowControl = flowControl ?? null
    this.#lan = lan
    lan.switches.push(this)
    this.#pauseKind = lan.sim.queue.register((arg) => {
      if ((arg & 1) === 1) this.#inputs[arg >> 1].pause()
      else this.#inputs[arg >> 1].resume()
    })
  }

  /** Connects a cable: frames of `input` come here, `output` leads back to the other end. Returns the port. */
  addPort(input: Link, output: Link): number {
    const port = this.#inputs.push(input) - 1
    this.#outputs.push(output)
    this.portDrops.push(0)
    if (port >= this.#inputBytes.length) {
      const inputBytes = new Float64Array(port * 2)
      const pausing = new Uint8Array(port * 2)
      inputBytes.set(this.#inputBytes)
      pausing.set(this.#pausing)
      this.#inputBytes = inputBytes
      this.#pausing = pausing
    }
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
    this.#inputBytes[inputPort] -= bytes
    if (
      this.#flowControl !== null && this.#pausing[inputPort] === 1 &&
      this.#inputBytes[inputPort] <= this.#flowControl.xonBytes
    ) this.#orderPause(inputPort, 0)
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
    let held = 0
    for (const bytes of this.#inputBytes) held += bytes
    assert(held === this.usedBytes, "the input shares of a switch's buffer are miscounted")
    assert(this.usedBytes <= this.bufferBytes, "more bytes in a packet buffer than it holds")
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
    const free = this.bufferBytes - this.usedBytes
    if (bytes > free || output.queuedBytes + bytes > this.alpha * free) {
      this.portDrops[port]++
      this.#drop(frame, DropReason.BufferFull)
      return
    }
    this.usedBytes += bytes
    this.#inputBytes[inputPort] += bytes
    this.forwardedFrames++
    if (output.enqueue(frame, bytes, this.#lan.sim.queue.now + this.forwardingLatencyNs, inputPort) === DROPPED) {
      this.release(inputPort, bytes)
      return
    }
    if (this.usedBytes > this.maxUsedBytes) this.maxUsedBytes = this.usedBytes
    if (
      this.#flowControl !== null && this.#pausing[inputPort] === 0 &&
      this.#inputBytes[inputPort] > this.#flowControl.xoffBytes
    ) this.#orderPause(inputPort, 1)
  }

  /** A pause frame needs one shortest frame's time and the propagation delay to reach the sender. */
  #orderPause(inputPort: number, on: number): void {
    this.#pausing[inputPort] = on
    this.pauseFrames++
    const back = this.#outputs[inputPort]
    const flight = Math.ceil((84 * 8e9) / back.bitsPerSecond) + back.latencyNs
    this.#lan.sim.queue.after(flight, this.#pauseKind, (inputPort << 1) | on)
  }

  #drop(frame: number, reason: number): void {
    this.droppedFrames++
    this.dropped[reason]++
    this.#lan.ops.drop(frame, reason)
  }
}
