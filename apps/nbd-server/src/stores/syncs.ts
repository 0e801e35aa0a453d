// The syncs of one file: calls that arrive during a sync share the next one.
import { NbdError } from "@swaplab/nbd"
import { type Done, type FileCalls, replyError } from "./file-calls.ts"
import type { Why } from "./refusals.ts"

export class Syncs {
  /** A sync failed: the kernel may have dropped what it could not write, so no later one can vouch for it. */
  lost = false
  readonly #fd: number
  readonly #sync: FileCalls["sync"]
  readonly #note: (why: Why) => void
  /** Calls that wait for the sync that runs, and for the one after it. */
  #running: ReadonlyArray<Done> | null = null
  #next: Array<Done> = []

  constructor(fd: number, sync: FileCalls["sync"], note: (why: Why) => void) {
    this.#fd = fd
    this.#note = note
    this.#sync = sync
  }

  /** A sync is under way. */
  get busy(): boolean {
    return this.#running !== null
  }

  /** Makes all finished writes durable. */
  flush(done: Done): void {
    if (this.lost) return this.#refuse(done, "lost", NbdError.EIO)
    if (this.#running !== null) {
      this.#next.push(done)
      return
    }
    this.#start([done])
  }

  #refuse(done: Done, why: Why, error: number): void {
    this.#note(why)
    done(error)
  }

  #start(waiters: ReadonlyArray<Done>): void {
    this.#running = waiters
    this.#sync(this.#fd, (error) => {
      const next = this.#next
      this.#running = null
      this.#next = []
      if (error !== null) this.lost = true
      for (const waiter of waiters) {
        if (error === null) waiter(NbdError.Ok)
        else this.#refuse(waiter, "sync failed", replyError(error))
      }
      if (next.length === 0) return
      if (this.lost) { for (const waiter of next) this.#refuse(waiter, "lost", NbdError.EIO) }
      else if (this.#running === null) this.#start(next)
      else this.#next.push(...next)
    })
  }
}
