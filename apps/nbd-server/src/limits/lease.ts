// The part of the quota that one of several processes may use without asking. A change that would need more waits until
// the others have given back what they do not use: none is refused while there is room anywhere.

/** After so many milliseconds without more, it asks again. */
const AGAIN_MS = 100

/** What has to be known of a process that uses a part of the quota. */
export interface LeaseOptions {
  /** Bytes that the stores of this process take. */
  readonly usedBytes: () => number
  /** Asks for more; `granted` is called with what came of it. */
  readonly want: (bytes: number) => void
  readonly later: (run: () => void, ms: number) => void
}

export class Lease {
  /** What its stores may take; infinite without a quota, and until it is known what those take that were there before. */
  bytes = Number.POSITIVE_INFINITY
  readonly #options: LeaseOptions
  /** At least so much of it is free. */
  #free = 0
  #asked = false
  /** There was not more to be had a moment ago. */
  #exhausted = false
  readonly #waiting = new Set<() => void>()

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** True: a change that takes at most so many bytes may be tried. False: `resume` is called when it is worth another try. */
  tryUse(bytes: number, resume: () => void): boolean {
    if (this.#free < bytes) this.#free = this.bytes - this.#options.usedBytes()
    if (this.#free >= bytes || this.#exhausted) {
      this.#free -= bytes
      return true
    }
    this.#waiting.add(resume)
    if (!this.#asked) {
      this.#asked = true
      this.#options.want(bytes)
    }
    return false
  }

  /** It does not wait any more. */
  leave(resume: () => void): void {
    this.#waiting.delete(resume)
  }

  /** How large it is now; after `want`, as large as before when there was not more. */
  granted(bytes: number): void {
    this.#exhausted = this.#asked && bytes <= this.bytes
    this.#asked = false
    if (this.#exhausted) this.#options.later(() => (this.#exhausted = false), AGAIN_MS)
    this.bytes = bytes
    this.#free = 0
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of waiting) resume()
  }

  /** Keeps what is used; returns how much that is. */
  giveBack(): number {
    this.#free = 0
    this.bytes = Math.min(this.bytes, this.#options.usedBytes())
    return this.bytes
  }
}
