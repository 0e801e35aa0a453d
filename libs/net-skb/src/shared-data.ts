// Data areas that several skbs have: an skb and its clones (skb_shared_info.dataref).
// Modelled: the count of the skbs that have it; the memory is free when the last one is.
// Not modelled: fast clones, which are a second user of one row (skb.ts).
// source: net/core/skbuff.c:skb_clone, skb_release_data
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { SocketMemory } from "./memory.ts"

/** The shared data areas of one machine. */
export class SharedData {
  /** Areas held. */
  inUse = 0
  readonly #memory: SocketMemory
  readonly #object: Array<number> = []
  readonly #bytes: Array<number> = []
  readonly #refs: Array<number> = []
  readonly #free: Array<number> = []

  constructor(memory: SocketMemory) {
    this.#memory = memory
  }

  /** Takes over memory of kmalloc of that size, with one user. */
  adopt(object: number, bytes: number): number {
    const area = this.#free.pop() ?? this.#refs.length
    this.#object[area] = object
    this.#bytes[area] = bytes
    this.#refs[area] = 1
    this.inUse++
    return area
  }

  get(area: number): void {
    assert(this.#refs[area] > 0, "a clone of data that is free")
    this.#refs[area]++
  }

  put(ctx: Context, area: number): void {
    assert(this.#refs[area] > 0, "shared data are freed twice")
    if (--this.#refs[area] !== 0) return
    this.#free.push(area)
    this.inUse--
    this.#memory.freeData(ctx, this.#bytes[area], this.#object[area])
  }
}
