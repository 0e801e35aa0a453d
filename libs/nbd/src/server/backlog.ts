/** Room for what arrived behind a stop, as much as a socket brings at once; used again by all connections. */
const ROOM_BYTES = 262144
const SPARE_ROOMS = 16
const spare: Array<Uint8Array> = []

const NOTHING = new Uint8Array(0)

/** What arrived behind the request that a transmission stopped at: [at, end) of `bytes`. */
export class Backlog {
  bytes: Uint8Array = NOTHING
  /** Moved on by whoever takes from the front; see `taken`. */
  at = 0
  end = 0

  /** Appends a copy of [from, to). */
  push(bytes: Uint8Array, from: number, to: number): void {
    if (from === to) return
    const held = this.end - this.at
    const needed = held + to - from
    if (this.at + needed > this.bytes.length) {
      const room = needed <= ROOM_BYTES ? spare.pop() ?? new Uint8Array(ROOM_BYTES) : new Uint8Array(needed)
      room.set(this.bytes.subarray(this.at, this.end))
      this.clear()
      this.bytes = room
      this.end = held
    }
    this.bytes.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.end)
    this.end += to - from
  }

  /** Everything in front of `at` is done with. */
  taken(at: number): void {
    this.at = at
    if (at === this.end) this.clear()
  }

  /** Forgets what is left. */
  clear(): void {
    if (this.bytes.length === ROOM_BYTES && spare.length < SPARE_ROOMS) spare.push(this.bytes)
    this.bytes = NOTHING
    this.at = 0
    this.end = 0
  }
}
