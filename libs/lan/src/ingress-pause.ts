// Flow control of a switch (802.3x): which ports are told to pause, by the bytes of the packet buffer that their own frames
// hold.
//
// Every port has headroom of its own in the buffer: room for what still arrives after the switch has asked it to pause. The
// rest is shared. A port must pause as soon as its frames hold more than its reserve and alpha × (what of the shared part is
// free), the rule that Choudhury and Hahne give for output queues, applied to inputs; it may go on when they hold two full frames
// less than that, so that the order does not change with every frame. Nothing is dropped as long as there is a shared part.
// The frames of an input are counted together, wherever they go. That is the head-of-line blocking of flow control: what a slow
// output has not sent counts for the port that it came in by, and a pause there stops the frames for all other outputs, too.
// Modelled: the threshold, headroom computed from rate and latency of each cable, one pause order per change of mind.
// Not modelled: the place of a pause frame on the wire, quanta and their refreshing (a pause holds until it is taken back),
// and cards that ask the switch to pause: a card without receive buffers loses what comes, as with flow control off.
// Headroom is that of the rates and latencies at the beginning, as a switch is configured once: where a cable has grown
// longer since, frames can be dropped.
// What that costs: a pause reaches its sender up to 12 µs (gigabit) early, and a client that starves does not hold up others.
// source: IEEE 802.3 Annex 31B; Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches" (1998)
import { wireBytes } from "./framing.ts"
import type { Link } from "./link.ts"

/** A full Ethernet packet. */
const FULL_PACKET_BYTES = 1500

/** Bytes of time of a pause frame on the wire: 64, preamble and gap. */
const PAUSE_WIRE_BYTES = 84

/** A port may go on when its frames hold so many full frames less than the threshold. */
const HYSTERESIS_FRAMES = 2

/** Time from the order to the sender: the frame itself and the cable. */
export const pauseFlightNs = (back: Link): number =>
  Math.ceil((PAUSE_WIRE_BYTES * 8e9) / back.bitsPerSecond) + back.latencyNs

/**
 * What may still arrive from a port after the switch has asked it to pause: what is on the cable, what is sent while the
 * order flies, the frame that its sender has begun, and the one that is arriving.
 */
export const headroomBytes = (input: Link, back: Link): number => {
  const flying = ((input.latencyNs + pauseFlightNs(back)) * input.bitsPerSecond) / 8e9
  return Math.ceil(flying) + 2 * wireBytes(input.framing, FULL_PACKET_BYTES)
}

/** Bytes held by input port, and who pauses. */
export class IngressPause {
  /** Orders to pause or to go on that were sent, all ports and each. */
  frames = 0
  readonly framesOf: Array<number> = []
  /** The part of the buffer that is nobody's headroom; 0 or less: more ports than the buffer can keep lossless. */
  sharedBytes: number
  readonly #alpha: number
  readonly #reserve: number
  readonly #enabled: boolean
  readonly #order: (port: number, on: boolean) => void
  #held = new Float64Array(8)
  #pausing = new Uint8Array(8)
  #pausingPorts = 0
  #ports = 0

  constructor(
    bufferBytes: number,
    alpha: number,
    reserveBytes: number,
    enabled: boolean,
    order: (port: number, on: boolean) => void
  ) {
    this.sharedBytes = bufferBytes
    this.#alpha = alpha
    this.#reserve = reserveBytes
    this.#enabled = enabled
    this.#order = order
  }

  addPort(input: Link, back: Link): void {
    if (this.#ports === this.#held.length) {
      const held = new Float64Array(this.#ports * 2)
      const pausing = new Uint8Array(this.#ports * 2)
      held.set(this.#held)
      pausing.set(this.#pausing)
      this.#held = held
      this.#pausing = pausing
    }
    this.#ports++
    this.framesOf.push(0)
    this.sharedBytes -= headroomBytes(input, back) + this.#reserve
  }

  /** The buffer has `bytes` more (or less), of which `used` are in use. */
  resize(bytes: number, used: number): void {
    this.sharedBytes += bytes
    if (!this.#enabled) return
    const threshold = this.#threshold(used)
    for (let at = 0; at < this.#ports; at++) {
      if (this.#pausing[at] === 0 && this.#held[at] > threshold) this.#set(at, 1)
    }
    this.#resumeBelow(threshold)
  }

  /** Somebody pauses: what leaves the buffer matters at its time. */
  get pausing(): boolean {
    return this.#pausingPorts !== 0
  }

  /** A frame of `bytes` from `port` would make it pause, if the buffer held `used` bytes with it. */
  wouldPause(port: number, bytes: number, used: number): boolean {
    return this.#enabled && this.#pausing[port] === 0 && this.#held[port] + bytes > this.#threshold(used)
  }

  /** A frame of `port` takes its place in the buffer, which holds `used` bytes with it. */
  hold(port: number, bytes: number, used: number): void {
    this.#held[port] += bytes
    if (this.#enabled && this.#pausing[port] === 0 && this.#held[port] > this.#threshold(used)) this.#set(port, 1)
  }

  /** A frame of `port` has left the buffer, which holds `used` bytes without it. */
  release(port: number, bytes: number, used: number): void {
    this.#held[port] -= bytes
    if (this.#pausingPorts !== 0) this.#resumeBelow(this.#threshold(used))
  }

  /** Bytes in the buffer, by the sum over the ports. */
  heldBytes(): number {
    let sum = 0
    for (const bytes of this.#held) sum += bytes
    return sum
  }

  /** Most that a port may hold before it pauses. */
  #threshold(used: number): number {
    const free = this.sharedBytes - used + (this.#reserve === 0 ? 0 : this.#reserved())
    return this.#reserve + (free > 0 ? this.#alpha * free : 0)
  }

  /** What is in use of the reserves. */
  #reserved(): number {
    let sum = 0
    for (let at = 0; at < this.#ports; at++) sum += Math.min(this.#reserve, this.#held[at])
    return sum
  }

  #resumeBelow(threshold: number): void {
    const xon = Math.max(0, threshold - HYSTERESIS_FRAMES * FULL_PACKET_BYTES)
    // with less in the buffer every port may hold more
    for (let at = 0; at < this.#ports; at++) if (this.#pausing[at] !== 0 && this.#held[at] <= xon) this.#set(at, 0)
  }

  #set(port: number, on: 0 | 1): void {
    this.#pausing[port] = on
    this.#pausingPorts += on === 1 ? 1 : -1
    this.frames++
    this.framesOf[port]++
    this.#order(port, on === 1)
  }
}
