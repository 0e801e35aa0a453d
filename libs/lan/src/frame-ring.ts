// The frames of a link in order, as columns; positions are taken modulo their length, a power of two.

/** Columns of the frames that a link has accepted and not yet delivered. */
export class FrameRing {
  readonly mask: number
  readonly frame: Int32Array
  readonly bytes: Int32Array
  /** What the buffer owner is told when the frame has left. */
  readonly tag: Int16Array
  /** What becomes of it: bits of `Fate`. */
  readonly fate: Uint8Array
  readonly startAt: Float64Array
  /** When its last bit leaves; Infinity while the link is paused. */
  readonly departAt: Float64Array

  constructor(capacity: number) {
    this.mask = capacity - 1
    this.frame = new Int32Array(capacity)
    this.bytes = new Int32Array(capacity)
    this.tag = new Int16Array(capacity)
    this.fate = new Uint8Array(capacity)
    this.startAt = new Float64Array(capacity)
    this.departAt = new Float64Array(capacity)
  }

  /** Twice the room, with the frames from `head` up to `tail` at the same positions. */
  doubled(head: number, tail: number): FrameRing {
    const wider = new FrameRing(2 * (this.mask + 1))
    for (let at = head; at !== tail; at++) {
      const from = at & this.mask
      const to = at & wider.mask
      wider.frame[to] = this.frame[from]
      wider.bytes[to] = this.bytes[from]
      wider.tag[to] = this.tag[from]
      wider.fate[to] = this.fate[from]
      wider.startAt[to] = this.startAt[from]
      wider.departAt[to] = this.departAt[from]
    }
    return wider
  }
}
