// @ts-check
// The requests of a client, the same on both sides: which kind, and where.

/** Whether the next request of a stream of mixed ones is a write, by a generator of 32 bits (xorshift). */
export class RequestStream {
  #state
  #op
  #places

  /**
   * @param {import("./grid.mjs").Operation} op
   * @param {number} places how many requests fit into the export
   * @param {number} client
   * @param {number} seed
   */
  constructor(op, places, client, seed) {
    this.#op = op
    this.#places = places
    this.#state = (Math.imul(client + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) | 1
  }

  #draw() {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return x >>> 0
  }

  /** @returns {{ write: boolean, place: number }} */
  next() {
    const chance = this.#draw()
    return {
      write: this.#op === "mixed" ? (chance & 0x10000) !== 0 : this.#op === "write",
      place: this.#draw() % this.#places
    }
  }
}
