// A workload is a plug-in: one row of a table that says which options it has, what it needs, what it does, what is measured
// of it and what a report says about it. Nothing outside of the rows knows a workload by its name.
import type { Choices } from "@swaplab/config"
import type { Schema } from "effect"
import type { WorkloadHost } from "./host.ts"
import type { MetricRow, OperationRow } from "./metric-row.ts"
import type { ClientFacts, ProcessPlan } from "./plan.ts"
import type { Quantity } from "./shrink.ts"

/** Something that options must keep, as one field alone cannot tell. */
export interface OptionRule<Options> {
  readonly name: string
  /** Keys from the options to the value that is wrong. */
  readonly path: ReadonlyArray<string>
  holds(options: Options, client: ClientFacts): boolean
  /** What was found, and what was expected. */
  words(options: Options, client: ClientFacts): string
}

/** Something that a user should know about options that can be run. */
export interface OptionAdvice<Options> {
  readonly name: string
  readonly path: ReadonlyArray<string>
  /** Null: nothing to say. */
  of(options: Options, client: ClientFacts): string | null
}

/** A setting that has no effect under a condition. It is said where somebody wrote it. */
export interface IdleOption<Options> {
  readonly path: ReadonlyArray<string>
  idle(options: Options, client: ClientFacts): boolean
  readonly reason: string
}

/** One workload. `F` are the fields of its options, each with description, default and reason. */
export interface Workload<F extends Schema.Struct.Fields = Schema.Struct.Fields, Figure extends string = string> {
  /** Where a scenario names it: as the workload of a client, which is measured, or in the background. */
  readonly slot: "workload" | "background"
  /** Keys from the slot to its options; without it the key is its name. Rows with the same keys share a section. */
  readonly at?: ReadonlyArray<string>
  /** Its name in a report; without it: its name. */
  readonly title?: string
  /** What it is, for the reference of scenarios. */
  readonly description: string
  readonly options: F
  /**
   * What a swarm of small clients draws its options from, by key and as a file has them; null leaves a key out. Without it no
   * swarm draws it: it needs more memory or time than such clients have.
   */
  readonly swarm?: Choices
  /** A run with it takes many seconds of CPU time: a swarm draws it seldom, for one client with memory of its own. */
  readonly costly?: true
  /** The option that says by 0 that it is off. Without one it runs wherever a scenario names it. */
  readonly switch?: Extract<keyof F, string>
  /**
   * What it needs of other hosts of the LAN, or of the server of the client. Such a workload is started when its client has
   * booted, so that its sockets are there before the first packet; all others are started at the start of their client.
   */
  readonly lan?: "datagrams" | "streams" | "server"
  /** It runs from the boot of the client on, not from its start. */
  readonly atBoot?: true
  /** What it needs of a client; asked before the client boots. */
  processes(options: Schema.Struct.Type<F>, client: ClientFacts): ProcessPlan
  /** Pages that it touches from its start to its end, all processes together. Without it: nobody knows beforehand. */
  touches?(options: Schema.Struct.Type<F>, client: ClientFacts): number
  /**
   * Its programs can run on a server, with a thin client in front of the person: `half` of the facts says what is asked for.
   */
  readonly divides?: true
  /** Starts its processes and tasks. Takes no simulated time. With a thin client: its half on the server. */
  start(host: WorkloadHost<Figure>, options: Schema.Struct.Type<F>): void
  /** What `operations` of its host counts; null: it has none. */
  readonly operations: OperationRow | null
  readonly metrics: Readonly<Record<Figure, MetricRow>>
  readonly rules?: ReadonlyArray<OptionRule<Schema.Struct.Type<F>>>
  readonly advice?: ReadonlyArray<OptionAdvice<Schema.Struct.Type<F>>>
  readonly idle?: ReadonlyArray<IdleOption<Schema.Struct.Type<F>>>
  /** The largest share of RAM and swap that the anonymous memory of a client may have, and who says so. */
  readonly limit?: { readonly share: number; readonly words: string }
  /** Settings that can be made smaller, as keys from its options. */
  readonly shrink: ReadonlyArray<Quantity>
  /**
   * It replays the requests of a swap device: the options for such (lines of trace/requests.ts), and for how many were under way at
   * most, where that is known. As a file has them.
   */
  replays?(requests: string, tasks: number | null): Readonly<Record<string, unknown>>
  /** What a report says about its options, in a few words each. */
  describe(options: Schema.Struct.Type<F>): ReadonlyArray<string>
}

/** Workloads by name. A name is the key in a scenario, in the names of metrics and in results. */
export type WorkloadTable = Readonly<Record<string, Workload>>

/**
 * Makes a row of a table of workloads: its options are those of its fields.
 *
 * **When to use.** For a workload of your own; put the row into a table (beside {@link WORKLOADS}, or instead) and pass
 * the table to what loads and runs scenarios.
 *
 * **Details.** The row is returned as it is; the call only ties the types of its methods to `options` and `metrics`.
 * `start` begins tasks through its host and takes no simulated time.
 *
 * **Gotchas.** Keys of `options` become keys of scenarios, and names of metrics go into results: to rename one breaks
 * files that exist. Draw random numbers from the host only, or equal runs differ.
 */
export const workload = <F extends Schema.Struct.Fields, Figure extends string = never>(
  row: Workload<F, Figure>
): Workload<F, Figure> => row
