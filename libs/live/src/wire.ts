// What goes between a page and the command that makes a run which the page shows: remote procedure calls, packed as MessagePack.
// What a page asks for is checked; what it is told is data of our own.
import { Rpc, RpcGroup } from "@effect/rpc"
import type { ClientSnapshot, FaultMark } from "@swaplab/cluster"
import { Schema } from "effect"
import type { Batch, Ended, Facts } from "./protocol.ts"

/** A row for each time, as the bytes of columns: little-endian floats, 32 bits of clients and 64 of others, as every machine with a browser has them. */
interface PackedBatch {
  readonly timesNs: Uint8Array
  readonly clients: Uint8Array
  readonly servers: Uint8Array
}

/** What a viewer lacks. */
export interface Update {
  /** Name of the run that its rows are of: another one begins with its facts and all of its rows. */
  readonly run: string
  readonly facts: Facts | null
  /** Null: nothing can be done by hand, and time does not go back, because the result of the run is kept. */
  readonly acts: ReadonlyArray<Readonly<Record<string, string | number>>> | null
  /** Which run of how many this is, in words; empty: there is only one. */
  readonly words: string
  readonly nowNs: number
  readonly batch: PackedBatch
  readonly snapshot: ClientSnapshot | null
  readonly faults: ReadonlyArray<FaultMark>
  readonly ended: Ended | null
  readonly still: boolean
}

const Time = Schema.Number.pipe(Schema.nonNegative(), Schema.nonNaN())
const ShortText = Schema.String.pipe(Schema.maxLength(200))

/** Entries of a fault script by hand: so many at most, and short ones. */
const Acts = Schema.Array(
  Schema.Record({ key: ShortText, value: Schema.Union(ShortText, Schema.Number) })
).pipe(Schema.maxItems(1000))

/** What a viewer may ask for. */
const Ask = Schema.Union(
  Schema.Struct({
    kind: Schema.Literal("play"),
    fromNs: Schema.NullOr(Time),
    toNs: Time,
    speed: Schema.Number.pipe(Schema.positive(), Schema.nonNaN())
  }),
  Schema.Struct({ kind: Schema.Literal("pause") }),
  Schema.Struct({ kind: Schema.Literal("acts"), acts: Acts, atNs: Time })
)
export type Ask = typeof Ask.Type

const PlainUpdate = Schema.Unknown as unknown as Schema.Schema<Update, unknown>

/** The calls. */
export const LiveRpcs = RpcGroup.make(
  /** The run from where the viewer is on: the run that it knows, and the time of its last row; negative without one. */
  Rpc.make("watch", {
    payload: { run: ShortText, afterNs: Schema.Number, client: Schema.NullOr(ShortText) },
    success: PlainUpdate,
    error: Schema.String,
    stream: true
  }),
  /** Asks for something. The answer is why it cannot be; empty: it is done. */
  Rpc.make("ask", { payload: { ask: Ask }, success: Schema.String })
)

const bytesOf = ({ buffer, byteLength, byteOffset }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Columns as bytes. */
export const packBatch = ({ clients, servers, timesNs }: Batch): PackedBatch => ({
  timesNs: bytesOf(timesNs),
  clients: bytesOf(clients),
  servers: bytesOf(servers)
})

/** A copy, because what has been unpacked begins anywhere, and columns begin at multiples of 8. */
const aligned = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

/** Columns from their bytes. */
export const unpackBatch = ({ clients, servers, timesNs }: PackedBatch): Batch => ({
  timesNs: new Float64Array(aligned(timesNs)),
  clients: new Float32Array(aligned(clients)),
  servers: new Float64Array(aligned(servers))
})
