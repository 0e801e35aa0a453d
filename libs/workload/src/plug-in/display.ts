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

/** How a workload is divided between a thin client and the server of its programs. Both halves are made by its options. */
export interface Halves<Options> {
  /** Options of what stays at the thin client. */
  screen(options: Options): Options
  /** Options of what runs on the server. */
  programs(options: Options): Options
}
