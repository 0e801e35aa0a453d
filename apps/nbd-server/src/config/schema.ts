// The configuration file: what it may contain, and what is meant where nothing is said.
import { JSONSchema, Schema } from "effect"
import { FAULT_COMMANDS, FAULT_ERRORS } from "../stores/faults.ts"
import { bytesOf, bytesPerSecondOf, endpointOf, isNetwork, millisecondsOf } from "./units.ts"

const text = (expected: string, pattern: string, valid: (text: string) => boolean) =>
  Schema.String.pipe(
    Schema.filter((value) => valid(value) || `expected ${expected}`, { jsonSchema: { pattern }, description: expected })
  )

const parsed = (expected: string, pattern: string, parse: (text: string) => number | null) =>
  Schema.transform(text(expected, pattern, (value) => parse(value) !== null), Schema.Number, {
    strict: true,
    decode: (value) => parse(value) ?? 0,
    encode: String
  })

const Size = parsed("a size such as 512 MiB", "^\\d+(\\.\\d+)? ?([KMGT]iB|[kMGT]?B)$", bytesOf)
const Duration = parsed("a duration such as 10 min", "^\\d+(\\.\\d+)? ?(ms|s|min|h|d)$", millisecondsOf)
/** As long as a timer of Node can be. */
const Grace = Duration.pipe(
  Schema.filter((value) => value <= 24 * 86_400_000 || "expected at most 24 d, or keep: true")
)
const BytesPerSecond = parsed(
  "a rate such as 50 MiB/s",
  "^\\d+(\\.\\d+)? ?([KMGT]iB|[kMGT]?B)/s$",
  (value) => bytesPerSecondOf(value) || null
)
const Place = text(
  "an address such as 127.0.0.1:10809, or unix:/path",
  "^(unix:.+|.+:\\d+)$",
  (value) => endpointOf(value) !== null
)
const Network = text(
  "an address or a network such as 192.168.0.0/16",
  "^[0-9A-Fa-f:.]+(/\\d+)?$",
  isNetwork
)
const count = (minimum: number, expected: string) =>
  Schema.Number.pipe(
    Schema.filter((value) => Number.isInteger(value) && value >= minimum || `expected ${expected}`, {
      jsonSchema: { type: "integer", minimum }
    })
  )
const Positive = count(1, "a whole number from 1")
const Probability = Schema.Number.pipe(
  Schema.filter((value) => value >= 0 && value <= 1 || "expected a probability from 0 to 1", {
    jsonSchema: { minimum: 0, maximum: 1 }
  })
)
const ExportName = Schema.String.pipe(
  Schema.filter((name) => Buffer.byteLength(name) <= 256 && !name.includes("\0") || "expected at most 256 bytes")
)

const optional = <A, I>(schema: Schema.Schema<A, I>, standard: () => NoInfer<A>) =>
  Schema.optionalWith(schema, { default: standard })
const orNull = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

const Rates = {
  requestsPerSecond: orNull(Positive),
  bytesPerSecond: orNull(BytesPerSecond)
}

const DelaySchema = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("fixed", "exponential"), ms: Schema.NonNegative }),
  Schema.Struct({ kind: Schema.Literal("uniform"), ms: Schema.NonNegative, maxMs: Schema.NonNegative })
)

const names = <T extends string>(table: Readonly<Record<T, number>>) => Object.keys(table) as [T, ...Array<T>]

/** Faults of an export; an empty one switches nothing on but lets the control socket do it. */
export const FaultPlanSchema = Schema.Struct({
  delay: orNull(DelaySchema),
  stall: optional(Schema.Boolean, () => false),
  errors: optional(
    Schema.Array(Schema.Struct({
      command: Schema.Literal(...names(FAULT_COMMANDS)),
      probability: Probability,
      error: Schema.Literal(...names(FAULT_ERRORS))
    })),
    () => []
  ),
  drop: optional(Probability, () => 0),
  diskFull: optional(Schema.Boolean, () => false),
  diskBytesPerSecond: orNull(BytesPerSecond)
})

const Common = {
  description: optional(Schema.String, () => ""),
  /** Who may use it; null: everybody who may connect. */
  allow: orNull(Schema.Array(Network)),
  tls: optional(Schema.Boolean, () => false),
  minimumBlock: optional(
    Schema.Literal(1, 512, 4096),
    () => 1 as const
  ),
  ...Rates,
  faults: orNull(FaultPlanSchema)
}

const StaticExport = Schema.Struct({
  ...Common,
  file: orNull(Schema.NonEmptyString),
  /** Size of an export in memory, or of tokens. */
  memory: orNull(Size),
  tokens: orNull(Size),
  /** Size of a file that is made when it is not there. */
  size: orNull(Size),
  readOnly: optional(Schema.Boolean, () => false)
})

const SwapTemplate = Schema.Struct({
  ...Common,
  size: Size,
  store: optional(Schema.Literal("memory", "file"), () => "memory" as const),
  directory: orNull(Schema.NonEmptyString),
  per: optional(Schema.Literal("name", "address"), () => "name" as const),
  header: optional(Schema.Boolean, () => true),
  grace: optional(Grace, () => 600_000),
  keep: optional(Schema.Boolean, () => false),
  anyAddress: optional(Schema.Boolean, () => false)
})

const Tls = Schema.Struct({
  mode: optional(Schema.Literal("optional", "required"), () => "required" as const),
  certificate: orNull(Schema.NonEmptyString),
  key: orNull(Schema.NonEmptyString),
  /** Certificates of clients are asked for and must be signed by it. */
  clientAuthority: orNull(Schema.NonEmptyString),
  /** A file with lines identity:hexadecimal-key. */
  pskFile: orNull(Schema.NonEmptyString)
})

const Limits = Schema.Struct({
  connections: optional(Positive, () => 4096),
  connectionsPerAddress: optional(Positive, () => 1024),
  handshakes: optional(Positive, () => 512),
  handshakesPerAddress: optional(Positive, () => 256),
  handshake: optional(Duration, () => 10_000),
  inFlight: optional(Positive, () => 64),
  inFlightBytes: optional(Size, () => 8 * 2 ** 20),
  diskRequests: optional(Positive, () => 8),
  shutdown: optional(Duration, () => 500),
  ...Rates
})

/** The whole file. */
export const Config = Schema.Struct({
  listen: optional(Schema.Array(Place), () => ["127.0.0.1:10809"]),
  allow: orNull(Schema.Array(Network)),
  list: optional(Schema.Boolean, () => true),
  exports: optional(Schema.Record({ key: ExportName, value: StaticExport }), () => ({})),
  swap: optional(Schema.Record({ key: ExportName, value: SwapTemplate }), () => ({})),
  /** Bytes that the stores of all templates may take together. */
  quota: orNull(Size),
  tls: orNull(Tls),
  limits: optional(Limits, () => Schema.decodeSync(Limits)({})),
  metrics: orNull(Place),
  control: orNull(Schema.Struct({ socket: Schema.NonEmptyString, tokenFile: Schema.NonEmptyString })),
  record: orNull(
    Schema.Struct({ transactions: orNull(Schema.NonEmptyString), pcapng: orNull(Schema.NonEmptyString) })
  ),
  log: optional(Schema.Literal("text", "json"), () => "text" as const)
})

export type Config = typeof Config.Type
export type StaticExport = typeof StaticExport.Type
export type SwapTemplate = typeof SwapTemplate.Type

/** For editors. */
export const configJsonSchema = (): unknown => JSONSchema.make(Config)
