// Which link of a network hands a frame to a switch next: a heap of links by the time at which their next frame arrives, then
// by the number of the link. The order is a property of the frames alone, whoever asks and whenever.
import type { Nanoseconds } from "@swaplab/sim"

const NEVER = Number.POSITIVE_INFINITY
const OUTSIDE = -1

/** Links with frames under way to a switch. */
export class ArrivalMerge {
  /** When the first of them has its next arrival; Infinity if there is none. */
  nextAt: Nanoseconds = NEVER
  #size = 0
  #heap = new Int32Array(16)
  /** By link: its next arrival, and its place in the heap. */
  #at = new Float64Array(16)
  #place = new Int32Array(16).fill(OUTSIDE)

  /** The link whose frame arrives next. */
  get first(): number {
    return this.#heap[0]
  }

  get size(): number {
    return this.#size
  }

  /** Links with frames under way, in no order. */
  linkAt(place: number): number {
    return this.#heap[place]
  }

  /** The next arrival over a link is at that time; Infinity: there is none. */
  set(link: number, at: Nanoseconds): void {
    if (link >= this.#at.length) this.#grow(link)
    let place = this.#place[link]
    if (place === OUTSIDE) {
      if (at === NEVER) return
      if (this.#size === this.#heap.length) this.#heap = doubled(this.#heap)
      place = this.#size++
    }
    if (at !== NEVER) {
      this.#at[link] = at
      this.#settle(link, place)
    } else {
      this.#place[link] = OUTSIDE
      const last = this.#heap[--this.#size]
      if (last !== link) this.#settle(last, place)
    }
    this.nextAt = this.#size === 0 ? NEVER : this.#at[this.#heap[0]]
  }

  #before(a: number, b: number): boolean {
    return this.#at[a] < this.#at[b] || (this.#at[a] === this.#at[b] && a < b)
  }

  /** Finds the place of a link that may stand at `place`, above or below it. */
  #settle(link: number, place: number): void {
    const heap = this.#heap
    let at = place
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(link, heap[parent])) break
      heap[at] = heap[parent]
      this.#place[heap[at]] = at
      at = parent
    }
    for (let child = 2 * at + 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && this.#before(heap[child + 1], heap[child])) child++
      if (!this.#before(heap[child], link)) break
      heap[at] = heap[child]
      this.#place[heap[at]] = at
      at = child
    }
    heap[at] = link
    this.#place[link] = at
  }

  #grow(link: number): void {
    const size = 2 * link
    const at = new Float64Array(size)
    const place = new Int32Array(size).fill(OUTSIDE)
    at.set(this.#at)
    place.set(this.#place)
    this.#at = at
    this.#place = place
  }
}

const doubled = (column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const wider = new Int32Array(2 * column.length)
  wider.set(column)
  return wider
}
