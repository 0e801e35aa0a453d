// Doubly linked lists of page frames, intrusive over Frames.next and Frames.prev. A frame is on at most one list; LRU
// lists, per-CPU lists, buddy lists and slab lists all use these.
// source: include/linux/list.h
import { assert } from "@swaplab/sim"
import { type Frames, NONE, OFF_LIST } from "./frames.ts"

export class PageList {
  /** First frame, or NONE. */
  head = NONE
  /** Last frame, or NONE. */
  tail = NONE
  count = 0

  addHead(frames: Frames, pfn: number): void {
    const next = frames.next
    assert(next[pfn] === OFF_LIST, "the page is on a list already")
    const head = this.head
    next[pfn] = head
    frames.prev[pfn] = NONE
    if (head === NONE) this.tail = pfn
    else frames.prev[head] = pfn
    this.head = pfn
    this.count++
  }

  addTail(frames: Frames, pfn: number): void {
    const next = frames.next
    assert(next[pfn] === OFF_LIST, "the page is on a list already")
    const tail = this.tail
    frames.prev[pfn] = tail
    next[pfn] = NONE
    if (tail === NONE) this.head = pfn
    else next[tail] = pfn
    this.tail = pfn
    this.count++
  }

  /** Takes out a frame that is on this list; a frame of another list corrupts both. */
  remove(frames: Frames, pfn: number): void {
    const next = frames.next[pfn]
    const prev = frames.prev[pfn]
    assert(next !== OFF_LIST && this.count > 0, "the page is not on the list")
    if (prev === NONE) {
      assert(this.head === pfn, "the page is the head of another list")
      this.head = next
    } else {
      frames.next[prev] = next
    }
    if (next === NONE) {
      assert(this.tail === pfn, "the page is the tail of another list")
      this.tail = prev
    } else {
      frames.prev[next] = prev
    }
    frames.next[pfn] = OFF_LIST
    this.count--
  }

  /** Takes the first frame; NONE when the list is empty. */
  popHead(frames: Frames): number {
    const pfn = this.head
    if (pfn === NONE) return NONE
    const next = frames.next[pfn]
    this.head = next
    if (next === NONE) this.tail = NONE
    else frames.prev[next] = NONE
    frames.next[pfn] = OFF_LIST
    this.count--
    return pfn
  }

  /** Takes the last frame; NONE when the list is empty. */
  popTail(frames: Frames): number {
    const pfn = this.tail
    if (pfn === NONE) return NONE
    const prev = frames.prev[pfn]
    this.tail = prev
    if (prev === NONE) this.head = NONE
    else frames.next[prev] = NONE
    frames.next[pfn] = OFF_LIST
    this.count--
    return pfn
  }

  /** list_move(): a frame of this list becomes its first. */
  moveToHead(frames: Frames, pfn: number): void {
    if (this.head === pfn) return
    this.remove(frames, pfn)
    this.addHead(frames, pfn)
  }

  /** list_move_tail(): a frame of this list becomes its last. */
  moveToTail(frames: Frames, pfn: number): void {
    if (this.tail === pfn) return
    this.remove(frames, pfn)
    this.addTail(frames, pfn)
  }

  /** The frames from `first` to the last, `n` of them, go before all others, in their order. */
  rotate(frames: Frames, first: number, n: number): void {
    assert(n > 0 && n <= this.count, "page list: rotates more than it has")
    const before = frames.prev[first]
    if (before === NONE) return
    frames.next[this.tail] = this.head
    frames.prev[this.head] = this.tail
    frames.prev[first] = NONE
    frames.next[before] = NONE
    this.head = first
    this.tail = before
  }

  /** list_splice_init(): all frames of `other` go before the first of this list, in their order. */
  spliceHead(frames: Frames, other: PageList): void {
    if (other.count === 0) return
    if (this.head === NONE) {
      this.tail = other.tail
    } else {
      frames.next[other.tail] = this.head
      frames.prev[this.head] = other.tail
    }
    this.head = other.head
    this.count += other.count
    other.head = NONE
    other.tail = NONE
    other.count = 0
  }

  checkInvariants(frames: Frames): void {
    let previous = NONE
    let seen = 0
    for (let pfn = this.head; pfn !== NONE; pfn = frames.next[pfn]) {
      assert(frames.prev[pfn] === previous, "page list: prev does not match next")
      assert(++seen <= this.count, "page list: longer than its count")
      previous = pfn
    }
    assert(this.tail === previous, "page list: wrong tail")
    assert(seen === this.count, "page list: shorter than its count")
  }
}
