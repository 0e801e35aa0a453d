// Why a store refuses requests, said once and not once for each of them. A store notes its reason, and then answers with an
// error. The first refusal for a reason begins an episode and is logged with its client; during the episode a line a minute
// tells how many there were since. The episode ends with a request of the same command that succeeds, when nothing was refused
// for ten seconds: a store at its quota refuses some writes and serves others, many times a second.
import { Command, NbdError, type Request } from "@swaplab/nbd"

/** Reasons, and what they say in the log. */
export const WHY = {
  quota: "the quota of all swap stores is used up",
  "disk full": "no space left on the disk",
  "disk quota": "the disk quota of the server's user is used up",
  "file size": "the file would be larger than the file system or the limits of the process allow",
  "read only": "the file may not be written",
  "I/O error": "the disk failed",
  cut: "the file was cut behind the server's back: the end of it is missing",
  "sync failed": "what was written could not be made durable",
  lost: "an earlier sync failed, so nothing vouches for what was written before",
  fault: "the plan of faults",
  "no token": "the page does not repeat eight bytes"
} as const

export type Why = keyof typeof WHY

/** The reason for an error of the file system. */
export const whyOf = ({ code }: NodeJS.ErrnoException): Why => {
  switch (code) {
    case "ENOSPC":
      return "disk full"
    case "EDQUOT":
      return "disk quota"
    case "EFBIG":
      return "file size"
    case "EPERM":
    case "EROFS":
    case "EBADF":
      return "read only"
    default:
      return "I/O error"
  }
}

/** What is told of a refused request. */
export interface Refused {
  readonly address: string
  readonly command: string
  readonly bytes: number
  readonly why: Why
  /** Refusals for this reason since the last line. */
  readonly more: number
}

export interface Served {
  readonly why: Why
  /** Refusals of the whole episode. */
  readonly refused: number
  readonly seconds: number
}

interface Episode {
  readonly type: number
  readonly sinceMs: number
  lastMs: number
  saidMs: number
  count: number
  said: number
}

const COMMANDS: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(Command).map(([name, code]) => [code, name])
)
const AGAIN_MS = 60_000
const QUIET_MS = 10_000

export interface RefusalsOptions {
  /** A store in memory of so many bytes gives no reasons: it has no room when the quota has none. Null: another store. */
  readonly memoryBytes: number | null
  readonly nowMs: () => number
  readonly refused: (what: Refused) => void
  readonly served: (what: Served) => void
}

export class Refusals {
  /** Refused requests by reason. */
  readonly counts = new Map<Why, number>()
  readonly #options: RefusalsOptions
  readonly #episodes = new Map<Why, Episode>()
  #why: Why | null = null

  constructor(options: RefusalsOptions) {
    this.#options = options
  }

  /** The reason for the error that the store answers with next. */
  note(why: Why): void {
    this.#why = why
  }

  /** Reasons for which requests are refused now. */
  get now(): ReadonlyArray<Why> {
    return [...this.#episodes.keys()]
  }

  /** A request was answered; an error that the store gave no reason for is none of its refusals. */
  answered(request: Request, error: number, address: string): void {
    const { length, offset, type } = request
    const memory = this.#options.memoryBytes ?? 0
    const why = this.#why ?? (error === NbdError.ENOSPC && offset + length <= memory ? "quota" : null)
    this.#why = null
    if (error === 0) {
      if (this.#episodes.size > 0) this.#succeeded(type)
    } else if (why !== null) this.#refused(type, length, why, address)
  }

  #refused(type: number, bytes: number, why: Why, address: string): void {
    const nowMs = this.#options.nowMs()
    this.counts.set(why, (this.counts.get(why) ?? 0) + 1)
    let episode = this.#episodes.get(why)
    const isNew = episode === undefined
    this.#episodes.set(why, episode ??= { type, sinceMs: nowMs, lastMs: nowMs, saidMs: nowMs, count: 0, said: 0 })
    episode.count++
    episode.lastMs = nowMs
    if (!isNew && nowMs - episode.saidMs < AGAIN_MS) return
    const more = episode.count - episode.said - 1
    episode.said = episode.count
    episode.saidMs = nowMs
    this.#options.refused({ address, command: COMMANDS[type] ?? String(type), bytes, why, more })
  }

  #succeeded(type: number): void {
    const nowMs = this.#options.nowMs()
    for (const [why, episode] of this.#episodes) {
      if (episode.type !== type || nowMs - episode.lastMs < QUIET_MS) continue
      this.#episodes.delete(why)
      this.#options.served({ why, refused: episode.count, seconds: Math.round((nowMs - episode.sinceMs) / 1000) })
    }
  }
}
