// One client of a cluster, as the parts of a run know it: its machine, its cable, its swap device on a server, its loads.
import type { Machine } from "@swaplab/kernel"
import type { Link } from "@swaplab/lan"
import type { Socket } from "@swaplab/net-skb"
import type { Nanoseconds } from "@swaplab/sim"
import type { ClientSpec } from "../scenario/clients.ts"
import type { ClientLoad } from "./client-load.ts"
import type { ClientSeat } from "./client-machine.ts"
import type { Connection } from "./connection.ts"
import type { Station } from "./drop-sites.ts"
import type { HogSeat } from "./hog.ts"
import type { MachineFigures } from "./machine-figures.ts"
import type { LawResult } from "./result.ts"
import type { Server } from "./server.ts"

/** The power of a client: what has become of it, and what may be done to it. */
export interface ClientPower {
  /** It has power, and it has booted as far as its swap. */
  readonly on: boolean
  readonly booted: boolean
  /** It goes down, or has gone down, to come up again by itself. */
  readonly rebooting: boolean
  /** Boots so far, the first at the start of the run. */
  readonly boots: number
  /** Figures of all boots before this one; null: it is the first. */
  readonly before: MachineFigures | null
  /** Laws that were checked when it lost its power. */
  readonly laws: ReadonlyArray<LawResult>
  /** Told when the power goes, when a new machine has booted, and when its workload begins again. */
  readonly onLoss: Array<() => void>
  onBoot: () => void
  onStart: () => void
  /** Somebody pulls the plug. Returns how many processes of its workload that ends. */
  unplug(): number
  /** The plug is back: the client boots. */
  plugIn(): void
}

/** One client with what belongs to it. */
export interface Client {
  readonly spec: ClientSpec
  readonly seat: ClientSeat
  /** When its workload starts. */
  readonly startNs: Nanoseconds
  /** Another one after each boot. */
  machine: Machine
  connection: Connection
  /** That of its swap, then that of its root where it is another one. */
  readonly servers: ReadonlyArray<Server>
  /** From the client to the switch, and back. */
  readonly up: Link
  readonly down: Link
  readonly station: Station
  /** Its programs run on a server: the first of its loads is on that machine. */
  readonly thin: boolean
  /** What it runs: the measured workload first. */
  readonly loads: ReadonlyArray<ClientLoad>
  /** Where traffic from other hosts ends. */
  readonly sockets: Array<Socket>
  /** Address spaces of hogs that faults put on it. */
  hogs: ReadonlyArray<HogSeat>
  /** Ends what other hosts send to it. */
  readonly senders: Array<() => void>
  readonly power: ClientPower
}
