// The scenario: what a cluster consists of, what runs on it, what is expected of it. Each field is a line of an Effect
// Schema that decodes the text of a file to base units (bytes, nanoseconds, bits per second, shares from 0 to 1), carries
// the default and says why it is what it is; the JSON Schema for editors comes out of the same lines.
// Defaults describe a small diskless machine of 2012 on a gigabit LAN.
import { BASES } from "@swaplab/kernel"
import { identity, JSONSchema, Option, ParseResult, Schema, SchemaAST } from "effect"
import { KERNEL_NAME, PATCH_NAMES } from "./kernels.ts"
import { ThresholdText } from "./threshold.ts"
import { Percentage, RATE, Rate, SIZE, Size, TIME, Time, within } from "./units.ts"

/** A field that may be left out. Its range, where it has one, stands in the title of the JSON Schema. */
const field = <A, I>(schema: Schema.Schema<A, I>, value: A, description: string) => {
  const title = SchemaAST.isRefinement(schema.ast) ? SchemaAST.getTitleAnnotation(schema.ast) : Option.none()
  return Schema.optionalWith(schema, { exact: true, default: () => value }).annotations({
    description,
    default: value,
    ...(Option.isSome(title) && { title: title.value })
  })
}

/** A mapping that may be left out, or given in part. */
const section = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalWith(schema, { exact: true, default: () => Schema.decodeUnknownSync(schema)({}) }).annotations({
    description
  })

/** A field that is absent unless given. Of an optionalWith without default the JSON Schema would lose the description. */
const maybe = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalToOptional(schema, Schema.typeSchema(schema), { decode: identity, encode: identity }).annotations({
    description
  })

const whole = (min: number, max: number) =>
  Schema.Number.pipe(
    Schema.filter((value) => Number.isInteger(value) && value >= min && value <= max, {
      title: `a whole number from ${min} to ${max}`,
      jsonSchema: { type: "integer", minimum: min, maximum: max }
    })
  )

const choice = <const L extends ReadonlyArray<string | number>>(...values: L): Schema.Schema<L[number]> =>
  Schema.Literal(...values).annotations({ title: values.join(", ").replace(/, ([^,]*)$/, " or $1") })

const yesNo = Schema.Boolean.annotations({ title: "true or false" })
const name = Schema.String.pipe(
  Schema.pattern(KERNEL_NAME, { title: "a name of letters, digits, - and _", description: "a name" })
)
const text = Schema.String.annotations({ title: "a text" })

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const US = 1e3
const MS = 1e6
const S = 1e9

/** Objects of the slab allocators are numbered by page frame, which ends below 16 GiB. */
const ram = within(Size, SIZE, { min: 8 * MIB, max: 15 * GIB })
const positiveTime = within(Time, TIME, { min: 1 })
const positiveRate = within(Rate, RATE, { min: 1000 })
/** A link or switch must hold one full frame. */
const buffer = within(Size, SIZE, { min: 2 * KIB, max: GIB })

/** A kernel: a release and an object allocator, with single patches put in or taken out. */
export const KernelConfig = Schema.Struct({
  allocator: choice("slab", "slub").annotations({ description: "The object allocator it was built with." }),
  base: choice(...BASES).annotations({
    description:
      "v3.5: before the series. feb-2012: the revision of the slab patch posted in February 2012. v9: the series of "
      + "April 2012. v3.6: the series as merged. v3.6-P: the same, for a NIC driver that marks reserve packets."
  }),
  patches: Schema.optionalWith(
    Schema.Record({ key: choice(...PATCH_NAMES), value: yesNo }).pipe(Schema.partialWith({ exact: true })),
    { exact: true, default: () => ({}) }
  ).annotations({ description: "Single patches switched on (true) or off (false) on top of the base." })
})
export interface KernelConfig extends Schema.Schema.Type<typeof KernelConfig> {}

/** A network card. */
export const NicConfig = Schema.Struct({
  driver: field(
    choice("e1000", "igb", "tg3", "r8169", "kmalloc"),
    "e1000",
    "What receive buffers are made of: e1000 page fragments and a refilled ring; igb headers as fragments and marked "
      + "pages; tg3 and r8169 recycle a buffer when a new one fails; kmalloc is the 2048-byte buffer of the 3.4 era. "
      + "The published runs do not name theirs; e1000 is the commonest of the time."
  ),
  rxRing: field(whole(16, 4096), 256, "Receive descriptors. 256 is the default of e1000, e1000e and igb."),
  txRing: field(whole(16, 4096), 256, "Transmit descriptors. 256 is the default of e1000, e1000e and igb."),
  interruptModeration: field(
    Time,
    50 * US,
    "Shortest time between two interrupts. Measured gigabit cards add 25 to 60 us a side; e1000 was seen at 125 us."
  )
})
export interface NicConfig extends Schema.Schema.Type<typeof NicConfig> {}

const link = (queue: number, reason: string) =>
  Schema.Struct({
    rate: field(positiveRate, 1e9, "Bits per second. A gigabit: the published throughput needs more than 100 Mbit."),
    latency: field(Time, 20 * US, "One way, wire and host. 20 us is the base measured between gigabit hosts."),
    queue: field(buffer, queue, reason)
  })

/** A cable from a machine to the switch. */
export const LinkConfig = link(256 * KIB, "Output queue. 256 KiB is about the 256 full frames of a transmit ring.")
export interface LinkConfig extends Schema.Schema.Type<typeof LinkConfig> {}

const WORKLOAD_SIZE = /^(\d{1,6}(?:\.\d{1,3})?)x RAM$/
const WorkloadSizeValue = Schema.Union(
  Schema.Struct({ timesRam: Schema.Number }),
  Schema.Struct({ bytes: Schema.Number })
)

/** How much memory a workload maps: a multiple of the client's RAM, or a size. */
export type WorkloadSize = Schema.Schema.Type<typeof WorkloadSizeValue>

const WORKLOAD_SIZE_WORDS = "a size such as 256 MiB, or a multiple of RAM such as 4x RAM"
const WorkloadSize: Schema.Schema<WorkloadSize, string> = Schema.transformOrFail(
  Schema.String.annotations({ jsonSchema: { type: "string", description: WORKLOAD_SIZE_WORDS } }),
  WorkloadSizeValue,
  {
    strict: true,
    decode: (value, _options, ast) => {
      const times = WORKLOAD_SIZE.exec(value)
      if (times !== null && Number(times[1]) > 0) return ParseResult.succeed({ timesRam: Number(times[1]) })
      const bytes = ParseResult.decodeUnknownOption(Size)(value)
      return bytes._tag === "Some" && bytes.value >= 4096
        ? ParseResult.succeed({ bytes: bytes.value })
        : ParseResult.fail(new ParseResult.Type(ast, value))
    },
    encode: (value) =>
      "timesRam" in value ? ParseResult.succeed(`${value.timesRam}x RAM`) : ParseResult.encode(Size)(value.bytes)
  }
).annotations({ identifier: "WorkloadSize", title: WORKLOAD_SIZE_WORDS })

/** usemem of MMTests' vmscan-anon-mmap: processes that walk their share of a mapping, page by page, several times. */
export const UsememConfig = Schema.Struct({
  processesPerCpu: field(whole(1, 1024), 8, "Processes per CPU. 8 in the published runs."),
  size: field(
    WorkloadSize,
    { timesRam: 4 },
    "All mappings together. 4 times RAM in the published runs; MMTests needs it to be at most 70 % of RAM and swap."
  ),
  passes: field(
    whole(1, 1000),
    5,
    "Walks over the mapping. 5 is MMTests' default of 2012 and fits the published times."
  ),
  mode: field(choice("write", "read"), "write", "write: later passes verify, then write. read: a page is written once.")
})
export interface UsememConfig extends Schema.Schema.Type<typeof UsememConfig> {}

/** A group of equal clients. */
export const ClientGroup = Schema.Struct({
  name: field(name, "client", "Clients of the group are called name-1, name-2, and so on."),
  count: field(whole(1, 10_000), 1, "Clients in the group."),
  kernel: maybe(text, "A kernel of this scenario for this group. Without it: the kernel of the cell."),
  ram: field(ram, 64 * MIB, "Memory. 64 MiB keeps a run short; the published runs had 2 GiB."),
  cpus: field(whole(1, 64), 2, "CPUs. Not stated for the published runs."),
  thp: field(yesNo, false, "Transparent huge pages: their only effect here is the larger default of min_free_kbytes."),
  minFree: field(
    Schema.Union(Schema.Literal("auto"), Size).annotations({ title: "auto, or a size such as 4 MiB" }),
    "auto" as const,
    "min_free_kbytes, the reserve. auto: as Linux computes it from the size of memory."
  ),
  pageCache: field(
    Percentage,
    0.05,
    "Clean page cache at the start as a share of RAM: program text and files, reclaimable without I/O. Not documented "
      + "for the published runs; a diskless machine under memory pressure keeps little."
  ),
  swap: field(Size, 320 * MIB, "Size of its swap export on the server. 4 times RAM fits the rule of 70 % with room."),
  nic: section(NicConfig, "The network card."),
  link: section(LinkConfig, "The cable to the switch."),
  workload: section(
    Schema.Struct({ usemem: section(UsememConfig, "MMTests' vmscan-anon-mmap.") }),
    "What the clients run."
  ),
  background: section(
    Schema.Struct({
      packetsPerSecond: field(
        Schema.Number.pipe(
          Schema.filter((n) => Number.isFinite(n) && n >= 0 && n <= 1e6, { title: "a number from 0 to 1000000" })
        ),
        0,
        "UDP packets a second to sockets that nobody reads, as other traffic of a LAN. 0: a quiet network."
      ),
      bytes: field(whole(1, 1472), 1000, "Payload of each.")
    }),
    "Traffic that is not swap."
  ),
  start: field(Time, 0, "When the workload starts.")
})
export interface ClientGroup extends Schema.Schema.Type<typeof ClientGroup> {}

/** The network between the machines. */
export const LanConfig = Schema.Struct({
  switch: section(
    Schema.Struct({
      latency: field(Time, 4 * US, "Forwarding, beside the time to store a frame. 2 to 5 us are usual."),
      buffer: field(buffer, 512 * KIB, "Packet memory shared by all ports. A 24-port switch has about half a MiB.")
    }),
    "A store-and-forward switch."
  ),
  loss: field(Percentage, 0, "Frames lost on the wire, by chance."),
  flowControl: field(yesNo, false, "Pause frames (802.3x). LTSP switches them off on every card.")
})
export interface LanConfig extends Schema.Schema.Type<typeof LanConfig> {}

const service = (base: number, perKiB: number, reason: string) =>
  section(
    Schema.Struct({
      base: field(Time, base, "CPU time of a request."),
      perKiB: field(Time, perKiB, "CPU time of each KiB in it.")
    }),
    reason
  )

/** The NBD server that all clients share. */
export const ServerConfig = Schema.Struct({
  link: section(
    link(512 * KIB, "Output queue. Twice a client's: servers came with larger rings."),
    "The cable from the server to the switch."
  ),
  cpus: field(whole(1, 256), 2, "CPUs. An nbd-server of 2012 has one process per connection."),
  pageCache: field(Size, GIB, "Memory for swap data. Swapped-out pages stay here until it is full."),
  disk: field(
    choice("memory", "hdd", "sata-ssd", "nvme"),
    "memory",
    "What lies behind the page cache. The published runs do not say; memory leaves the disk out of the question."
  ),
  read: service(22 * US, 300, "Cost of a read request. Measured with nbd-server 3.24 on one core of 2.5 GHz."),
  write: service(42 * US, 550, "Cost of a write request. Measured with nbd-server 3.24 on one core of 2.5 GHz.")
})
export interface ServerConfig extends Schema.Schema.Type<typeof ServerConfig> {}

/** CPU time that a client's kernel takes, of a machine of 2012. */
export const CostConfig = Schema.Struct({
  minorFault: field(
    Time,
    US,
    "A minor fault: entry, page-table walk, zeroing. Median measured on bare metal: 1.01 us."
  ),
  touch: field(Time, 35, "A touch of a resident page, cold TLB and cache. Measured: 30 to 40 ns."),
  copyPage: field(Time, 670, "Copying 4 KiB, cold. Measured: 0.65 to 0.69 us."),
  scanPage: field(
    Time,
    300,
    "Reclaim looks at a page. Estimated from 7 to 19 us of system time per page swapped out and in."
  ),
  unmapPage: field(Time, 300, "Unmapping a page. Measured: 0.25 to 0.33 us."),
  swapOutPage: field(Time, 2 * US, "A swap slot, a bio and its submission. Estimated like scanPage."),
  packet: field(Time, 1500, "A packet in softirq. 1 to 2 us for kernels of the time."),
  perKiB: field(Time, 250, "Copying a KiB between a socket and its user."),
  contextSwitch: field(Time, 2 * US, "A switch between tasks.")
})
export interface CostConfig extends Schema.Schema.Type<typeof CostConfig> {}

const SeedsValue = Schema.Array(Schema.Number)
const SEEDS_WORDS = "a count such as 10, or a list of different seeds such as [1, 2, 5]"
const seed = whole(0, 2 ** 53 - 1)
const Seeds: Schema.Schema<ReadonlyArray<number>, number | ReadonlyArray<number>> = Schema.transform(
  Schema.Union(
    whole(1, 10_000),
    Schema.Array(seed).pipe(
      Schema.filter((list) => list.length > 0 && new Set(list).size === list.length, {
        jsonSchema: { minItems: 1, uniqueItems: true }
      })
    )
  ),
  SeedsValue,
  {
    strict: true,
    decode: (value) => typeof value === "number" ? Array.from({ length: value }, (_, i) => i + 1) : value,
    // 1 to n is written as the count n
    encode: (list) => list.every((value, i) => value === i + 1) ? list.length : list
  }
).annotations({ title: SEEDS_WORDS })

const CompareConfig = Schema.Struct({
  baseline: text.annotations({ description: "The kernel that others are measured against." }),
  against: text.annotations({ description: "The kernel that is measured." })
})
/** A comparison of two kernels of the scenario. */
export interface CompareConfig extends Schema.Schema.Type<typeof CompareConfig> {}

const Comparisons: Schema.Schema<ReadonlyArray<CompareConfig>, CompareConfig | ReadonlyArray<CompareConfig>> = Schema
  .transform(Schema.Union(Schema.Array(CompareConfig), CompareConfig), Schema.Array(Schema.typeSchema(CompareConfig)), {
    strict: true,
    decode: (value) => (Array.isArray(value) ? value : [value]) as ReadonlyArray<CompareConfig>,
    encode: (list) => list
  }).annotations({ title: "a mapping with baseline and against, or a list of such" })

/** What a kernel is expected to do. */
export const EXPECTATIONS = ["completed", "lockup", "any"] as const
export type Expectation = (typeof EXPECTATIONS)[number]

const scalar = Schema.Union(Schema.String, Schema.Number, Schema.Boolean).annotations({ title: "a text or a number" })
const axis = Schema.Struct({
  path: text.annotations({ description: "A path in this scenario, as for --set: clients.0.pageCache" }),
  values: Schema.Array(scalar).pipe(
    Schema.minItems(1, { title: "a list of at least one value", jsonSchema: { minItems: 1 } })
  ).annotations({ description: "Its values, as in a file." })
})

/** Outcomes over two parameters of the scenario. */
export const MapConfig = Schema.Struct({
  x: axis.annotations({ description: "The parameter across." }),
  y: maybe(axis, "A second parameter, down. Without it the map is a line."),
  seeds: field(whole(1, 1000), 3, "Seeds in each field of the map."),
  kernels: maybe(Schema.Array(text), "The kernels to map. Without it: all.")
})
export interface MapConfig extends Schema.Schema.Type<typeof MapConfig> {}

const scenarioFields = {
  name: name.annotations({ description: "Name of the scenario, in results and tables." }),
  description: field(text, "", "What the scenario is about."),
  seeds: field(
    Seeds,
    Array.from({ length: 10 }, (_, i) => i + 1),
    "Seeds to run each kernel with: a count, or a list."
  ),
  duration: field(positiveTime, 900 * S, "Limit of simulated time. A lockup shows within minutes."),
  hz: field(
    choice(100, 250, 1000),
    250,
    "CONFIG_HZ of the clients: timers of Linux round to its ticks. 250 is common."
  ),
  kernels: Schema.Record({ key: Schema.String, value: KernelConfig }).annotations({
    description: "The cells of the experiment by name. Each is run with every seed."
  }),
  compare: maybe(Comparisons, "Kernels to compare. Without it: the first kernel with each of the others."),
  clients: Schema.Array(ClientGroup).pipe(
    Schema.minItems(1, { title: "a list of at least one client group", jsonSchema: { minItems: 1 } })
  ).annotations({ description: "Groups of clients." }),
  lan: section(LanConfig, "The network."),
  server: section(ServerConfig, "The NBD server that all clients share."),
  costs: section(CostConfig, "CPU time that a client's kernel takes, of a machine of 2012."),
  watchdog: section(
    Schema.Struct({
      stall: field(positiveTime, S, "No progress of any process for this long is a stall."),
      hang: field(
        positiveTime,
        120 * S,
        "No completion for this long, with a task asleep uninterruptibly, is a hang. khungtaskd waits 120 s."
      )
    }),
    "When a lack of progress is reported."
  ),
  expect: field(
    Schema.Record({ key: Schema.String, value: choice(...EXPECTATIONS) }),
    {},
    "Expected outcome by kernel; `default` is for those not named, and is completed. A lockup where none is expected "
      + "ends the command with 98, another outcome than completed with 99. A lockup that is expected and does not come "
      + "is shown and no failure."
  ),
  thresholds: field(
    Schema.Array(ThresholdText),
    [],
    "Limits such as client.faultLatency.p99 < 50 ms. A miss ends the command with 99."
  ),
  series: section(
    Schema.Struct({ interval: field(positiveTime, 100 * MS, "Time between two samples.") }),
    "The time series that is recorded."
  ),
  map: maybe(MapConfig, "A map of outcomes over one or two parameters, printed beside the table. Without it: none.")
} as const

/** A scenario, decoded: sizes in bytes, times in nanoseconds, rates in bits per second, percentages as shares. */
export const Scenario = Schema.Struct(scenarioFields).annotations({ title: "a scenario" })
export interface Scenario extends Schema.Schema.Type<typeof Scenario> {}
/** A scenario as it stands in a file, after includes. */
export interface ScenarioEncoded extends Schema.Schema.Encoded<typeof Scenario> {}

const ScenarioFile = Schema.Struct({
  $schema: maybe(text, "Where an editor finds this schema, relative to the file: ./scenario.schema.json."),
  include: maybe(
    Schema.Array(text),
    "Files below this one, relative to it. Mappings merge key by key, client groups by name, other lists are replaced. "
      + "At most 64 files."
  ),
  ...scenarioFields
})

type Json = { [key: string]: unknown }

const isMapping = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Puts the defaults as a file would write them (64 MiB) where the schema has them decoded (67108864). */
const writeDefaults = (schema: Json, sample: unknown): void => {
  const properties = schema.properties
  if (isMapping(properties) && isMapping(sample)) {
    for (const [key, property] of Object.entries(properties)) {
      if (!isMapping(property)) continue
      if ("default" in property && key in sample) property.default = sample[key]
      writeDefaults(property, sample[key])
    }
  }
  if (isMapping(schema.items) && Array.isArray(sample)) writeDefaults(schema.items, sample[0])
}

/** The JSON Schema of scenario files, for editors. */
export const scenarioJsonSchema = (): object => {
  const { required, ...schema } = JSONSchema.make(ScenarioFile) as unknown as Json
  const sample = { name: "x", kernels: {}, clients: [{}] }
  writeDefaults(schema, Schema.encodeSync(Scenario)(Schema.decodeUnknownSync(Scenario)(sample)))
  return {
    title: "swaplab scenario",
    description: "A cluster of diskless machines that swap over NBD to one server.",
    ...schema,
    // what an included file gives need not be given again
    if: { required: ["include"] },
    else: { required }
  }
}
