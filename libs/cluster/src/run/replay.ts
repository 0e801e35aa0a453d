// Running a simulation again, to look closer or to change something on the way. A run depends on its scenario, kernel and
// seed alone, so it is the same again, event by event, until something is changed; looking changes nothing.
import { type Patch, switchPatches } from "@swaplab/kernel"
import { assert, type Nanoseconds } from "@swaplab/sim"
import { Schema } from "effect"
import { closeUpColumns } from "./close-up.ts"
import type { Series } from "./series.ts"
import { SeriesRecorder } from "./series.ts"
import type { Cluster } from "./topology.ts"

/** What is different when a run is run again. */
export const Replay = Schema.Struct({
  /** The client that is looked at and changed. The run ends when it is done. */
  client: Schema.String,
  /** Samples of the client at a finer grain than the series, from one time to another. */
  closeUp: Schema.optionalWith(Schema.Struct({ fromNs: Schema.Number, toNs: Schema.Number, everyNs: Schema.Number }), {
    exact: true
  }),
  /** Patches of the client's kernel that are exchanged at a time, while it runs. */
  change: Schema.optionalWith(
    Schema.Struct({
      atNs: Schema.Number,
      patches: Schema.Record({ key: Schema.String, value: Schema.Boolean })
    }),
    { exact: true }
  ),
  /** Ends the run at this time if it has not ended before. */
  untilNs: Schema.optionalWith(Schema.Number, { exact: true })
})
export interface Replay extends Schema.Schema.Type<typeof Replay> {}

/** The steps of a replay: the run stops at `nextNs` and calls `step`. */
export class ReplaySteps {
  /** Infinity: none is left. */
  nextNs: Nanoseconds = Number.POSITIVE_INFINITY
  readonly #replay: Replay
  readonly #cluster: Cluster
  readonly #recorder: SeriesRecorder
  #sampleNs: Nanoseconds
  #changeNs: Nanoseconds

  constructor(cluster: Cluster, replay: Replay, packetsLost: () => number) {
    assert(replay.closeUp === undefined || replay.closeUp.everyNs > 0, "samples of a close-up must lie apart")
    this.#cluster = cluster
    this.#replay = replay
    this.#recorder = new SeriesRecorder()
    const connection = cluster.clients.find(({ machine }) => machine.name === replay.client)?.connection
    if (connection !== undefined) closeUpColumns(this.#recorder, connection, packetsLost)
    this.#sampleNs = replay.closeUp?.fromNs ?? Number.POSITIVE_INFINITY
    this.#changeNs = replay.change?.atNs ?? Number.POSITIVE_INFINITY
    this.#next()
  }

  /** What is due now: first the sample, then the change. */
  step(): void {
    const { now } = this.#cluster.sim
    const { change, closeUp } = this.#replay
    if (closeUp !== undefined && now >= this.#sampleNs) {
      this.#recorder.sample(now)
      const next = this.#sampleNs + closeUp.everyNs
      this.#sampleNs = next <= closeUp.toNs ? next : Number.POSITIVE_INFINITY
    }
    if (change !== undefined && now >= this.#changeNs) {
      const client = this.#cluster.clients.find(({ machine }) => machine.name === this.#replay.client)
      if (client !== undefined) {
        switchPatches(client.machine, change.patches as Partial<Record<Patch["name"], boolean>>)
      }
      this.#changeNs = Number.POSITIVE_INFINITY
    }
    this.#next()
  }

  /** The samples. */
  series(): Series {
    return this.#recorder.series()
  }

  #next(): void {
    this.nextNs = Math.min(this.#sampleNs, this.#changeNs)
  }
}
