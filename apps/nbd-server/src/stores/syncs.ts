// The syncs of one file: calls that arrive during a sync share the next one.
import { NbdError } from "@swaplab/nbd"
import { type Done, type FileCalls, replyError } from "./file-calls.ts"

export class Syncs {
  /** A sync failed: the kernel may have dropped what it could not write, so no later one can vouch for it. */
  lost = false
  readonly #fd: number
  readonly #sync: FileCalls["sync"]
  /** Calls that wait for the sync that runs, and for the one after it. */
  #running: ReadonlyArray<Done> | null = null
  #next: Array<Done> = []

  constructor(fd: number, sync: FileCalls["sync"]) {
    this.#fd = fd
    this.#sync = sync
  }

  /** A sync is under way. */
  get busy(): boolean {
    return this.#running !== null
  }

  /** Makes all finished writes durable. */
  flush(done: Done): void {
    if (this.lost) return done(NbdError.EIO)
    if (this.#running !== null) {
      this.#next.push(done)
      return
    }
    this.#start([done])
  }

  #start(waiters: ReadonlyArray<Done>): void {
    this.#running = waiters
    this.#sync(this.#fd, (error) => {
      const next = this.#next
      this.#running = null
      this.#next = []
      if (error !== null) this.lost = true
      for (const waiter of waiters) waiter(error === null ? NbdError.Ok : replyError(error))
      if (next.length === 0) return
      if (this.lost) { for (const waiter of next) waiter(NbdError.EIO) }
      else if (this.#running === null) this.#start(next)
      else this.#next.push(...next)
    })
  }
}
