import { Command } from "@swaplab/nbd"
import { RequestLatency } from "./request-latency.ts"

/** Names of the commands in metrics and in the status. */
export const COMMAND_NAMES: ReadonlyArray<readonly [code: number, name: string]> = [
  [Command.Read, "read"],
  [Command.Write, "write"],
  [Command.Flush, "flush"],
  [Command.Trim, "trim"],
  [Command.Cache, "cache"],
  [Command.WriteZeroes, "write_zeroes"],
  [Command.BlockStatus, "block_status"]
]

/** What one client did; counters only grow. */
export class ClientStats {
  /** Requests by command code. */
  readonly requests = new Float64Array(16)
  errors = 0
  bytesRead = 0
  bytesWritten = 0
  readonly latency = new RequestLatency()

  get total(): number {
    return this.requests.reduce((sum, count) => sum + count, 0)
  }

  answered(type: number, error: number, bytes: number): void {
    this.requests[type & 15]++
    if (error !== 0) this.errors++
    else if (type === Command.Read) this.bytesRead += bytes
    else if (type === Command.Write) this.bytesWritten += bytes
  }
}
