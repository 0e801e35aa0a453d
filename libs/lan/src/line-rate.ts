// How long bytes take on a wire.
// Modelled: exact times: what remains of a nanosecond is carried over to the next frame; a token bucket in place of a cable
// (tc's tbf: a frame leaves when the bucket holds its bytes, so that after a pause some leave at once). How full the bucket is
// stands in transmit-queue.ts.
import { assert, type Nanoseconds } from "@swaplab/sim"

/** The rate of a link. */
export class LineRate {
  #bitsPerSecond: number
  /** Nanoseconds per byte if that is an integer, else 0. */
  #nsPerByte: number
  #remainder = 0
  readonly #burstBytes: number
  #burstNs: Nanoseconds

  /** `burstBytes` is the size of the token bucket; 0: a cable. */
  constructor(bitsPerSecond: number, burstBytes: number) {
    this.#bitsPerSecond = checkedRate(bitsPerSecond)
    this.#nsPerByte = nsPerByte(bitsPerSecond)
    this.#burstBytes = burstBytes
    this.#burstNs = Math.floor((burstBytes * 8e9) / bitsPerSecond)
  }

  get bitsPerSecond(): number {
    return this.#bitsPerSecond
  }

  set bitsPerSecond(bitsPerSecond: number) {
    this.#bitsPerSecond = checkedRate(bitsPerSecond)
    this.#nsPerByte = nsPerByte(bitsPerSecond)
    this.#burstNs = Math.floor((this.#burstBytes * 8e9) / bitsPerSecond)
    this.#remainder = 0
  }

  /** The time in which a bucket fills that is empty; 0: there is none. */
  get burstNs(): Nanoseconds {
    return this.#burstNs
  }

  /** The time that the next frame to be sent takes. */
  serialise(bytes: number): Nanoseconds {
    if (this.#nsPerByte !== 0) return bytes * this.#nsPerByte
    const numerator = bytes * 8e9 + this.#remainder
    const ns = Math.floor(numerator / this.#bitsPerSecond)
    this.#remainder = numerator - ns * this.#bitsPerSecond
    return ns
  }

  /** The least time that so many bytes take. */
  shortestNs(bytes: number): Nanoseconds {
    if (this.#burstNs > 0) return 0
    return this.#nsPerByte !== 0 ? bytes * this.#nsPerByte : Math.floor((bytes * 8e9) / this.#bitsPerSecond)
  }
}

const checkedRate = (bitsPerSecond: number): number => {
  assert(Number.isInteger(bitsPerSecond) && bitsPerSecond > 0, "a link rate is a whole number of bits per second")
  return bitsPerSecond
}

/** 0 if it is no whole number. */
const nsPerByte = (bitsPerSecond: number): number => 8e9 % bitsPerSecond === 0 ? 8e9 / bitsPerSecond : 0
