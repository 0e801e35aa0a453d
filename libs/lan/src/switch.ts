// A store-and-forward Ethernet switch with output queues in one shared packet buffer.
// Modelled: a frame is forwarded after it has arrived whole, plus a forwarding latency; one buffer for all ports. Without
// flow control an output port may hold its reserve and at most alpha × (what is free of the rest) (Choudhury and Hahne's
// dynamic threshold), and at most its limit if there is one; what comes beyond is dropped. With flow control no output
// drops: inputs pause before the buffer is full (ingress-pause.ts), which is how switches treat ports that have agreed on
// 802.3x.
// Several switches are joined by links that are a port at either end; ports can be made one (aggregate.ts).
// Not modelled: learning and flooding (routes are given), fabric contention, priorities, spanning tree, ports of which some
// pause and some do not. Buffers of real boxes have cells of about 200 bytes; here a frame takes exactly its own bytes.
// What that costs: a buffer of short frames holds up to three times as many here as there.
import { assert, type Nanoseconds } from "@swaplab/sim"
import { Aggregate } from "./aggregate.ts"
import { DropReason, dropReasonNames } from "./frame-ops.ts"
import { storedBytes } from "./framing.ts"
import { IngressPause, pauseFlightNs } from "./ingress-pause.ts"
import type { Lan } from "./lan.ts"
import { type BufferOwner, DROPPED } from "./link-options.ts"
import type { Link } from "./link.ts"
import type { SwitchOptions } from "./switch-options.ts"

const NO_PORT = -1
/** A route to the first trunk; to the second it is one less, and so on. */
const TRUNKS = -2
const NEVER = Number.POSITIVE_INFINITY

/** Ports that act as one. */
interface Trunk {
  readonly ports: ReadonlyArray<number>
  readonly hash: (frame: number) => number
  readonly ends: Aggregate
}

/**
 * A store-and-forward switch with one packet buffer.
 *
 * **When to use.** To join links: `addPort` each cable, then `route` each address to a port.
 *
 * **Details.** Buffers, limits and marks are bytes, latencies nanoseconds; drops are counted by reason and by output
 * port.
 *
 * **Gotchas.** Nothing is learnt or flooded: a frame without a route, or whose route is its own port, is dropped
 * (`NoRoute`).
 */
export class Switch implements BufferOwner {
  readonly name: string
  readonly forwardingLatencyNs: Nanoseconds
  readonly alpha: number
  readonly portLimitBytes: number
  readonly portReserveBytes: number
  readonly ecnMarkBytes: number
  readonly flowControl: boolean
  #received = 0
  #forwarded = 0
  #droppedSum = 0
  readonly #dropped = new Float64Array(dropReasonNames.length)
  readonly #portDrops: Array<number> = []
  readonly #portDroppedBytes: Array<number> = []
  readonly #portMarks: Array<number> = []
  /** Bytes of frames that have come in and whose leaving is not in the books yet: at least what is in the buffer. */
  #used = 0
  #maxUsed = 0
  #bufferBytes: number
  /** Bytes that were in the buffer when it shrank: so many may be inside until they have left. */
  #leftoverBytes = 0
  readonly #lan: Lan
  readonly #inputs: Array<Link> = []
  readonly #outputs: Array<Link> = []
  readonly #ingress: IngressPause
  /** Pause frames under way to each port, in order: true to pause. */
  readonly #orders: Array<Array<boolean>> = []
  /** By destination: a port, or below `NO_PORT` the number of a trunk. */
  #routes = new Int16Array(64).fill(NO_PORT)
  readonly #trunks: Array<Trunk> = []
  readonly #pauseKind: number
  /** A frame leaves while somebody pauses. */
  readonly #departKind: number
  #departAt = NEVER

  constructor(lan: Lan, options: SwitchOptions) {
    this.name = options.name
    this.forwardingLatencyNs = options.forwardingLatencyNs
    this.#bufferBytes = options.bufferBytes
    this.alpha = options.alpha ?? 1
    this.portLimitBytes = options.portLimitBytes ?? Number.POSITIVE_INFINITY
    this.portReserveBytes = options.portReserveBytes ?? 0
    this.ecnMarkBytes = options.ecnMarkBytes ?? Number.POSITIVE_INFINITY
    this.flowControl = options.flowControl ?? false
    this.#ingress = new IngressPause(
      options.bufferBytes,
      this.alpha,
      this.portReserveBytes,
      this.flowControl,
      (port, on) => this.#orderPause(port, on)
    )
    this.#lan = lan
    lan.switches.push(this)
    this.#pauseKind = lan.sim.queue.register((port) => {
      if (this.#orders[port].shift() === true) this.#inputs[port].pause()
      else this.#inputs[port].resume()
    }, { name: "pause frame", interrupt: true })
    this.#departKind = lan.sim.queue.register(() => {
      if (lan.sim.queue.now !== this.#departAt) return
      this.#departAt = NEVER
      lan.advance()
      this.#settleAll(lan.sim.queue.now)
      this.replanned()
    }, { name: "frame leaves a switch", interrupt: true })
  }

  /** Frames that came in, went out and were dropped here (drops of the output links are counted there). */
  get receivedFrames(): number {
    this.#lan.settle()
    return this.#received
  }

  get forwardedFrames(): number {
    this.#lan.settle()
    return this.#forwarded
  }

  get droppedFrames(): number {
    this.#lan.settle()
    return this.#droppedSum
  }

  get dropped(): Float64Array {
    this.#lan.settle()
    return this.#dropped
  }

  /** Frames and bytes that found no place in the buffer, by output port. */
  get portDrops(): ReadonlyArray<number> {
    this.#lan.settle()
    return this.#portDrops
  }

  get portDroppedBytes(): ReadonlyArray<number> {
    this.#lan.settle()
    return this.#portDroppedBytes
  }

  /** Frames that were marked, by output port. */
  get portMarks(): ReadonlyArray<number> {
    this.#lan.settle()
    return this.#portMarks
  }

  /** Bytes of the buffer in use, and the most there ever were. */
  get usedBytes(): number {
    this.#settleNow()
    return this.#used
  }

  get maxUsedBytes(): number {
    this.#lan.settle()
    return this.#maxUsed
  }

  /** Size of the packet buffer. */
  get bufferBytes(): number {
    return this.#bufferBytes
  }

  /** Changes the size of the packet buffer. What is in it leaves as before; nothing enters as long as it holds more. */
  setBufferBytes(bytes: number): void {
    assert(bytes >= 0, "a packet buffer holds 0 bytes or more")
    this.#settleNow()
    this.#leftoverBytes = this.#used
    this.#ingress.resize(bytes - this.#bufferBytes, this.#used)
    this.#bufferBytes = bytes
    this.replanned()
  }

  /** Connects a cable: frames of `input` come here, `output` leads back to the other end. Returns the port. */
  addPort(input: Link, output: Link): number {
    const port = this.#inputs.push(input) - 1
    this.#outputs.push(output)
    this.#orders.push([])
    this.#portDrops.push(0)
    this.#portDroppedBytes.push(0)
    this.#portMarks.push(0)
    this.#ingress.addPort(input, output)
    // a pause must be ordered when the frame comes in that is too much
    input.into(this, port, (frame, at) => this.#forward(frame, port, at), this.flowControl)
    assert(output.bufferOwner === null, "an output link belongs to one switch only")
    output.bufferOwner = this
    if (output.device === null && output.prompt) this.#lan.watch()
    return port
  }

  /** Makes several ports act as one (802.3ad), by a hash of each frame. Returns what `route` takes for them. */
  aggregate(ports: ReadonlyArray<number>, hash: (frame: number) => number): number {
    const members = ports.map((port) => ({ out: this.#outputs[port], back: this.#inputs[port] }))
    return TRUNKS - this.#trunks.push({ ports, hash, ends: new Aggregate(this.#lan, members) }) + 1
  }

  /** Frames for the address `destination` leave by a port, or by one of several that `aggregate` made one. */
  route(destination: number, port: number): void {
    assert(
      port <= TRUNKS ? TRUNKS - port < this.#trunks.length : port >= 0 && port < this.#outputs.length,
      "no such port"
    )
    if (destination >= this.#routes.length) {
      const routes = new Int16Array(destination * 2).fill(NO_PORT)
      routes.set(this.#routes)
      this.#routes = routes
    }
    this.#routes[destination] = port
  }

  /** The link by which a frame that comes in at `inputPort` leaves; null: the switch knows none. */
  outputOf(frame: number, inputPort: number): Link | null {
    const port = this.#portOf(frame, inputPort)
    return port === NO_PORT ? null : this.#outputs[port]
  }

  /** A frame has left an output queue: its bytes are free again. */
  release(inputPort: number, bytes: number): void {
    this.#used -= bytes
    this.#ingress.release(inputPort, bytes, this.#used)
  }

  /** Pause and resume orders sent, to all ports or to one. */
  get pauseFrames(): number {
    this.#lan.settle()
    return this.#ingress.frames
  }

  pauseFramesTo(port: number): number {
    this.#lan.settle()
    return this.#ingress.framesOf[port]
  }

  /** While somebody pauses the next frame that leaves has an event, because it may let somebody go on. */
  replanned(): void {
    if (!this.#ingress.pausing) return
    let next = NEVER
    for (const output of this.#outputs) if (output.settledDeparture < next) next = output.settledDeparture
    const { queue } = this.#lan.sim
    if (next < queue.now) next = queue.now
    if (next >= this.#departAt) return
    this.#departAt = next
    queue.at(next, this.#departKind, 0)
  }

  /** What came in went out, or was dropped. */
  checkConservation(): void {
    assert(
      this.receivedFrames === this.#forwarded + this.#droppedSum,
      "frames of a switch are not conserved"
    )
    let queued = 0
    for (const output of this.#outputs) queued += output.queuedBytes
    assert(queued === this.#used, "the packet buffer of a switch is miscounted")
    assert(this.#ingress.heldBytes() === this.#used, "the input shares of a switch's buffer are miscounted")
    assert(
      this.#used <= Math.max(this.#bufferBytes, this.#leftoverBytes),
      "more bytes in a packet buffer than it holds"
    )
  }

  #portOf(frame: number, inputPort: number): number {
    const destination = this.#lan.ops.destination(frame)
    const port = destination < this.#routes.length ? this.#routes[destination] : NO_PORT
    if (port > TRUNKS) return port === inputPort ? NO_PORT : port
    const { ends, hash, ports } = this.#trunks[TRUNKS - port]
    return ports.includes(inputPort) ? NO_PORT : ports[ends.choose(hash(frame))]
  }

  /** A frame has come in at the time `at`. */
  #forward(frame: number, inputPort: number, at: Nanoseconds): void {
    this.#received++
    const port = this.#portOf(frame, inputPort)
    if (port === NO_PORT) {
      this.#drop(frame, DropReason.NoRoute)
      return
    }
    const output = this.#outputs[port]
    output.settleTo(at)
    const bytes = storedBytes(output.framing, this.#lan.ops.bytes(frame))
    // frames may have left other ports that are still in the books: they matter where they would decide
    if (this.#ingress.pausing || !this.#fits(output, bytes)) {
      this.#settleAll(at)
      if (!this.#fits(output, bytes)) {
        this.#portDrops[port]++
        this.#portDroppedBytes[port] += bytes
        this.#drop(frame, DropReason.BufferFull)
        return
      }
    }
    if (this.#used + bytes > this.#maxUsed || this.#ingress.wouldPause(inputPort, bytes, this.#used + bytes)) {
      this.#settleAll(at)
    }
    if (output.settledBytes > this.ecnMarkBytes && this.#lan.ops.mark?.(frame) === true) this.#portMarks[port]++
    this.#used += bytes
    this.#ingress.hold(inputPort, bytes, this.#used)
    this.#forwarded++
    if (output.enqueue(frame, bytes, at, at + this.forwardingLatencyNs, inputPort) === DROPPED) {
      this.release(inputPort, bytes)
    }
    if (this.#used > this.#maxUsed) this.#maxUsed = this.#used
    this.replanned()
  }

  /** There is room for so many bytes more, by the books. */
  #fits(output: Link, bytes: number): boolean {
    if (this.flowControl) return bytes <= this.#bufferBytes - this.#used
    const queued = output.settledBytes + bytes
    if (queued > this.portLimitBytes) return false
    const reserve = this.portReserveBytes
    if (reserve === 0) {
      const free = this.#bufferBytes - this.#used
      return bytes <= free && queued <= this.alpha * free
    }
    // a buffer that has shrunk may hold more than it should: nothing enters
    if (queued <= reserve) return bytes <= this.#bufferBytes - this.#used
    const free = this.#sharedFree()
    return queued - Math.max(reserve, queued - bytes) <= free && queued - reserve <= this.alpha * free
  }

  /** What is free of the part of the buffer that is nobody's reserve. */
  #sharedFree(): number {
    let free = this.#bufferBytes
    for (const output of this.#outputs) free -= Math.max(this.portReserveBytes, output.settledBytes)
    return free
  }

  /** Takes off the books what has left any port by then. */
  #settleAll(at: Nanoseconds): void {
    for (const output of this.#outputs) output.settleTo(at)
  }

  #settleNow(): void {
    this.#lan.advance()
    this.#settleAll(this.#lan.sim.queue.now)
  }

  #orderPause(inputPort: number, on: boolean): void {
    this.#orders[inputPort].push(on)
    this.#lan.sim.queue.after(pauseFlightNs(this.#outputs[inputPort]), this.#pauseKind, inputPort)
  }

  #drop(frame: number, reason: number): void {
    this.#droppedSum++
    this.#dropped[reason]++
    this.#lan.ops.drop(frame, reason)
  }
}
