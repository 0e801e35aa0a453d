// The configuration file: what it may contain, what is meant where nothing is said, and why. The JSON Schema and the
// tables of docs/nbd-server/reference.md come out of the same lines.
import {
  ByteRate,
  choice,
  field,
  jsonSchemaOf,
  number,
  orNull,
  required,
  section,
  Size,
  text,
  TIME,
  Time,
  whole,
  within,
  yesNo
} from "@swaplab/config"
import { Schema } from "effect"
import { FAULT_COMMANDS, FAULT_ERRORS } from "../stores/faults.ts"
import { endpointOf, isNetwork } from "./addresses.ts"

const matching = (title: string, pattern: string, valid: (text: string) => boolean) =>
  Schema.String.pipe(Schema.filter(valid, { title, jsonSchema: { pattern } }))

const MS = 1e6
const DAY = 24 * 3600e9
const MIB = 2 ** 20

/** A time of the host in milliseconds, at most as long as a timer of Node can be. */
const Duration = Schema.transform(within(Time, TIME, { max: 24 * DAY }), Schema.Number, {
  strict: true,
  decode: (ns) => ns / MS,
  encode: (ms) => Math.round(ms * MS)
})
/** A rate that lets something through. */
const Throughput = ByteRate.pipe(Schema.filter((value) => value > 0, { title: "a rate such as 50 MiB/s, above 0" }))
const Listen = matching(
  "an address such as 127.0.0.1:10809, or unix:/path",
  "^(unix:.+|.+:\\d+)$",
  (value) => endpointOf(value) !== null
)
const Network = matching(
  "an address or a network such as 192.168.0.0/16",
  "^[0-9A-Fa-f:.]+(/\\d+)?$",
  isNetwork
)
const Positive = whole(1)
const Probability = number(0, 1).annotations({ title: "a probability from 0 to 1" })
const FilePath = Schema.String.pipe(Schema.minLength(1, { title: "a path" }))

const Rates = {
  requestsPerSecond: orNull(Positive, "Requests a second. Without it: as many as come."),
  bytesPerSecond: orNull(Throughput, "Bytes a second, read and written together. Without it: as many as come.")
}

const Milliseconds = number(0, 24 * 86_400_000).annotations({ title: "milliseconds, at most 24 d" })

const DelaySchema = Schema.Union(
  Schema.Struct({
    kind: Schema.Literal("fixed", "exponential").annotations({
      description: "`exponential`: by chance, `ms` on average."
    }),
    ms: Milliseconds.annotations({ description: "How long a request is held back." })
  }),
  Schema.Struct({
    kind: Schema.Literal("uniform").annotations({ description: "By chance, between `ms` and `maxMs`." }),
    ms: Milliseconds.annotations({ description: "The shortest." }),
    maxMs: Milliseconds.annotations({ description: "The longest." })
  })
).annotations({ title: "a delay such as { kind: fixed, ms: 10 }; kinds are fixed, exponential and uniform" })

const names = <T extends string>(table: Readonly<Record<T, number>>) => Object.keys(table) as [T, ...Array<T>]

/** Faults of an export; an empty one switches nothing on but lets the control socket do it. */
export const FaultPlanSchema = Schema.Struct({
  delay: orNull(DelaySchema, "Holds every request back."),
  stall: field(yesNo, false, "Nothing is answered until the plan changes."),
  errors: field(
    Schema.Array(Schema.Struct({
      command: choice(...names(FAULT_COMMANDS)).annotations({ description: "The command that fails." }),
      ...required("probability", Probability, "How many of its requests fail."),
      error: choice(...names(FAULT_ERRORS)).annotations({ description: "What the client is told." })
    })),
    [],
    "Errors by command, each with a probability."
  ),
  drop: field(Probability, 0, "Probability with which a request costs the client its connection."),
  diskFull: field(yesNo, false, "WRITE and WRITE_ZEROES get ENOSPC."),
  diskBytesPerSecond: orNull(Throughput, "What the disk moves in a second. Without it: as fast as it can.")
})

const Common = {
  description: field(text, "", "Told to clients that list the exports."),
  allow: orNull(
    Schema.Array(Network),
    "Addresses and networks that may use it; for all others it does not exist. Without it: everybody who may connect."
  ),
  tls: field(yesNo, false, "Over TLS only."),
  minimumBlock: field(
    choice(1, 512, 4096),
    1,
    "Offsets and lengths must be multiples of it. 1: Linux asks for whole sectors, and other clients for anything."
  ),
  ...Rates,
  faults: orNull(
    FaultPlanSchema,
    "A plan of faults, `{}` for none at first. Without it the control socket cannot switch faults on."
  )
}

const StaticExport = Schema.Struct({
  ...Common,
  file: orNull(FilePath, "An image file."),
  memory: orNull(Size, "An export in memory, of this size."),
  tokens: orNull(
    Size,
    "An export of this size for emulated clients, whose pages repeat 8 bytes; other pages get EIO."
  ),
  size: orNull(Size, "Makes the file, sparse and of this size, when it is not there."),
  readOnly: field(yesNo, false, "Changes are refused with EPERM.")
})

const SwapTemplate = Schema.Struct({
  ...Common,
  ...required("size", Size, "Size of each store, sparse: a multiple of 4096 bytes, at least 40 KiB."),
  store: field(choice("memory", "file"), "memory", "Where the pages are kept."),
  directory: orNull(FilePath, "Where files are: one a client, named by export and address."),
  per: field(
    choice("name", "address"),
    "name",
    "`name`: a store for each name that fits. `address`: one name, a store for each client address."
  ),
  header: field(yesNo, true, "A new store begins with a swap header, so that `swapon` works at once."),
  grace: field(
    Duration,
    600_000,
    "How long a store waits for its client after a connection was lost, at most 24 d. 10 min let a client reboot."
  ),
  keep: field(yesNo, false, "Stores are never removed."),
  anyAddress: field(
    yesNo,
    false,
    "With `per: name`: whoever knows the name may attach. Otherwise only the address that came first."
  )
})

const Tls = Schema.Struct({
  mode: field(
    choice("optional", "required"),
    "required",
    "`required`: nothing is said before STARTTLS. `optional`: clients choose."
  ),
  certificate: orNull(FilePath, "A PEM file."),
  key: orNull(FilePath, "A PEM file."),
  clientAuthority: orNull(FilePath, "A PEM file: clients must show a certificate that it has signed."),
  pskFile: orNull(FilePath, "A file with lines `identity:hexadecimal-key`. TLS is at most 1.2 then.")
})

const Limits = Schema.Struct({
  connections: field(Positive, 4096, "Connections at once, those in the handshake included."),
  connectionsPerAddress: field(
    Positive,
    1024,
    "The same, from one address. A quarter: one machine cannot lock out others."
  ),
  handshakes: field(Positive, 512, "Handshakes at once."),
  handshakesPerAddress: field(Positive, 256, "The same, from one address."),
  handshake: field(Duration, 10_000, "How long a handshake may take."),
  inFlight: field(Positive, 64, "Requests of one connection that wait for a disk or a fault."),
  inFlightBytes: field(Size, 8 * MIB, "Bytes of these requests."),
  diskRequests: field(
    Positive,
    8,
    "Requests at all disks at once, a third of that while several clients use them. The next is chosen by deficit round "
      + "robin."
  ),
  deadAfter: field(
    Duration,
    30_000,
    "A client that answers nothing for so long, neither by a request nor by its kernel, is dropped: it has lost its power or "
      + "its network. Idle ones after 11 s at the earliest."
  ),
  shutdown: field(
    Duration,
    2000,
    "How long after SIGTERM requests in flight may take, and clients to receive the answers. What is not answered by then is "
      + "repeated by clients that connect again."
  ),
  requestsPerSecond: orNull(Positive, "Requests a second of one client. Without it: as many as come."),
  bytesPerSecond: orNull(
    Throughput,
    "Bytes a second of one client, read and written together. Without it: as many as come."
  )
})

/** Lengths of a name that the NBD document lets a server refuse are longer. */
export const MAX_NAME_BYTES = 256

/** The whole file. */
export const Config = Schema.Struct({
  listen: field(
    Schema.Array(Listen),
    ["127.0.0.1:10809"],
    "Places to listen at; sockets that systemd passes (LISTEN_FDS) take the place of all of them. Port 10809 is NBD's; "
      + "without more said, only this machine can connect."
  ),
  allow: orNull(Schema.Array(Network), "Addresses and networks that may connect over TCP. Without it: everybody."),
  list: field(
    yesNo,
    true,
    "Clients may list the exports that they may use; of a template with a pattern, the stores of their address, or a name "
      + "that would give them one. Without it they are also not told which names there are when they ask for another."
  ),
  exports: field(
    Schema.Record({ key: Schema.String, value: StaticExport }),
    {},
    "Static exports by name. The first is the default one."
  ),
  swap: field(
    Schema.Record({ key: Schema.String, value: SwapTemplate }),
    {},
    "Templates by name: each makes stores for its clients. A name that ends in `*` fits every name with that start."
  ),
  quota: orNull(
    Size,
    "Bytes that the stores of all templates may take; beyond it, writes get ENOSPC. Without it: no limit."
  ),
  processes: field(
    whole(1, 64),
    1,
    "Processes that serve exports: more than one use more processors, and cost each request a little. An export that can "
      + "be changed is in one of them, an image that cannot is in all."
  ),
  tls: orNull(Tls, "TLS by STARTTLS. Without it: none."),
  limits: section(Limits, "What one client may take from others."),
  metrics: orNull(Listen, "Where /metrics, /healthz and /status are served. Without it: nowhere."),
  control: orNull(
    Schema.Struct({
      socket: FilePath.annotations({ description: "Path of the socket." }),
      tokenFile: FilePath.annotations({ description: "A file with the token, at least 16 characters." })
    }),
    "A Unix socket that switches faults. Without it: none."
  ),
  record: orNull(
    Schema.Struct({
      transactions: orNull(FilePath, "A log of all requests and replies, which nbd-trdump reads."),
      pcapng: orNull(FilePath, "The traffic, with TLS decrypted.")
    }),
    "What is recorded. Without it: nothing."
  ),
  log: field(choice("text", "json"), "text", "How lines on standard error are written.")
}).annotations({ title: "a configuration: a mapping with exports or swap" })

export type Config = typeof Config.Type
export type StaticExport = typeof StaticExport.Type
export type SwapTemplate = typeof SwapTemplate.Type

/** For editors. */
export const configJsonSchema = (): object =>
  jsonSchemaOf(Config, "swaplab-nbd-server configuration", "An NBD server for swap.")
