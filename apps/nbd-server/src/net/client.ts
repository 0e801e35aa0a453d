import { FairClient } from "@swaplab/nbd"
import type { SlotUser } from "../limits/disk-slots.ts"
import { type Rate, RateLimit } from "../limits/rate-limit.ts"
import { type Resumable, TURN_UNITS } from "../limits/turns.ts"
import { ClientStats } from "../ops/client-stats.ts"

/** One client: everything that shares a turn, a rate and a line in the status. It may have many connections. */
export class Client {
  readonly key: string
  /** Its turns with the processor; the first one has begun. */
  readonly turns = new FairClient<Resumable>(1, TURN_UNITS)
  /** Its share of the disks. */
  readonly disk = new FairClient<SlotUser>()
  readonly stats = new ClientStats()
  /** Replaced when other limits are read. */
  rate: RateLimit
  connections = 0

  constructor(key: string, rate: Rate, nowMs: number) {
    this.key = key
    this.rate = new RateLimit(rate, nowMs)
  }
}
