import type { Request } from "../wire/request.ts"
import type { Job } from "./job.ts"
import type { ReplyBuffer } from "./reply-buffer.ts"

/** The owner of a transmission: who lets it go on, sends for it and keeps the accounts. */
export interface TransmissionHost {
  /**
   * Called before each request: true takes what the request needs (a turn, a place), false stops the transmission in front
   * of it, until `resume`. `apart`: its payload, or a part of it, comes by itself and is counted in `absorbed`. `prompt`: the
   * store, which has jobs otherwise, performs it at once.
   */
  tryStart(request: Request, apart: boolean, prompt: boolean): boolean
  /** Sends what `replies` holds, and renews it. */
  send(replies: ReplyBuffer): void
  /** A request went to a store that waits. */
  jobTaken(job: Job): void
  /** A job ended outside of `receive` and `resume`: its reply will be put into `replies` now, and must be sent soon. */
  replyReady(): void
  /** A request was answered. `bytes`: what it read, wrote, trimmed or zeroed, 0 after an error. */
  answered(request: Request, error: number, bytes: number, job: Job | null): void
}
