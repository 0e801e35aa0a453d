// A thin client, as the programs of its person see it, which run on a server.
import type { Process, Sleeps } from "@swaplab/sim"
import type { WorkloadHost } from "./host.ts"

/** The screen and the keyboard of a person whose programs run on another machine. */
export interface Display {
  /** The same workload on the thin client: what stays there runs on its machine. */
  readonly terminal: WorkloadHost
  /** Sends so many bytes to the programs (a key, a click), and waits until they are there. False: the connection is lost. */
  readonly input: (person: Process, bytes: number) => Sleeps<boolean>
  /** Sends so many bytes to the screen, and waits until they are there. False: the connection is lost. */
  readonly picture: (person: Process, bytes: number) => Sleeps<boolean>
}

/** What of a workload a machine runs: all of it, what stays at a thin client, or the programs of a thin client. */
export type Half = "all" | "screen" | "programs"
