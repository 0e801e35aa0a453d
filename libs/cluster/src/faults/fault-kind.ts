// A kind of fault is a row of a table: what it may be applied to, its options, how it begins and ends, and what it counts.
// Time belongs to the script (fault-script.ts), never to the kind.
import type { Choices } from "@swaplab/config"
import type { Machine } from "@swaplab/kernel"
import type { Link, Switch } from "@swaplab/lan"
import type { ServerMachine } from "@swaplab/server-model"
import type { Random, Sim } from "@swaplab/sim"
import type { Schema } from "effect"

/** A machine's cable. */
export interface PortPlace {
  readonly sim: Sim
  /** The machine at its end. */
  readonly name: string
  /** From the machine to the switch, and back. */
  readonly up: Link
  readonly down: Link
}

/** A flood of datagrams. */
export interface FloodOptions {
  readonly packetsPerSecond: number
  /** Payload of each. */
  readonly bytes: number
  readonly sockets: number
  readonly receiveBuffer: number
  readonly read: boolean
}

/** A client. */
export interface ClientPlace {
  readonly name: string
  /** As it has booted last. */
  readonly machine: Machine
  /** Its plug. Pulled, it says how many processes that ended. */
  readonly power: { readonly unplug: () => number; readonly plugIn: () => void }
  /** Starts a process of so many pages. Null: it cannot begin now. */
  readonly startHog: (pages: number) => ActiveFault | null
  readonly startFlood: (options: FloodOptions, chance: Random) => ActiveFault
}

/** What faults act on. */
export interface Places {
  readonly server: { readonly name: string; readonly machine: ServerMachine }
  readonly port: PortPlace
  readonly switch: { readonly name: string; readonly fabric: Switch }
  readonly client: ClientPlace
}

/** What a fault may be applied to. */
export type PlaceKind = keyof Places

/** One figure of what a fault did: `frames lost`, 12. */
export type Effect = readonly [what: string, count: number]

/** A fault that is on. */
export interface ActiveFault {
  /** Puts everything back. */
  readonly end: () => void
  /** What it has done so far. */
  readonly effects: () => ReadonlyArray<Effect>
}

/** Something that the options of a fault must keep, as one field alone cannot tell. */
interface FaultRule<Options> {
  readonly path: ReadonlyArray<string>
  readonly holds: (options: Options) => boolean
  readonly words: (options: Options) => string
}

/** What a fault sets at its place. */
type FaultTarget =
  | "server"
  | "disk"
  | "capacity"
  | "errors"
  | "cable"
  | "rate"
  | "latency"
  | "loss"
  | "burst loss"
  | "order"
  | "duplicates"
  | "pause"
  | "buffer"
  | "CPU"
  | "power"
  | "hog"
  | "flood"
  | "failslab"
  | "fail_page_alloc"
  | "sysctl"
  | "kernel"

/** One kind of fault. `F` are the fields of its options, each with description and default. */
export interface FaultKind<On extends PlaceKind = PlaceKind, F extends Schema.Struct.Fields = Schema.Struct.Fields> {
  readonly on: On
  /** What happens, for the reference of scenarios. */
  readonly meaning: string
  /** What it sets: two faults that set the same at one place contradict each other. */
  readonly sets: FaultTarget
  /** Which parts of it, where options choose: faults of different parts do not contradict each other. Without it: all of it. */
  readonly parts?: (options: Schema.Struct.Type<F>) => ReadonlyArray<string>
  /** A lockup that it may be the cause of has this beside it: what does not arrive, or what is not free. */
  readonly cause: "network" | "memory" | "cpu"
  /** The figure that says by 0 that it hit nothing. */
  readonly hits: string
  /** It makes no sense without `for`. */
  readonly needsEnd?: true
  readonly options: F
  /**
   * What a swarm draws its options from, by key and as a file has them; null leaves a key out.
   */
  readonly swarm: Choices
  readonly rules?: ReadonlyArray<FaultRule<Schema.Struct.Type<F>>>
  /** Pages of a process that it starts on a client, whose address space is made at boot. */
  readonly process?: (options: Schema.Struct.Type<F>) => number
  /** Begins it at one place. `chance` is of this fault and place alone. Null: it cannot begin there now. */
  begin(place: Places[On], options: Schema.Struct.Type<F>, chance: Random): ActiveFault | null
  /** Its options in a few words. */
  describe(options: Schema.Struct.Type<F>): string
}

/** Makes a row: its options are those of its fields. */
export const faultKind = <const On extends PlaceKind, F extends Schema.Struct.Fields>(
  row: FaultKind<On, F>
): FaultKind<On, F> => row
