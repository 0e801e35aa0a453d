// The scenario: what a cluster consists of, what runs on it, what is expected of it. Each field is a line of an Effect
// Schema that decodes the text of a file to base units (bytes, nanoseconds, bits per second, shares from 0 to 1), carries
// the default and says why it is what it is; the JSON Schema for editors comes out of the same lines.
// Defaults describe a small diskless machine of 2012 on a gigabit LAN.
import { choice, field, jsonSchemaOf, maybe, number, section, text, Time, TimeOfDay, whole } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import { Schema } from "effect"
import { type Outcome, OUTCOMES } from "../run/result.ts"
import { ApplicationsConfig } from "./applications.ts"
import { FaultEntry } from "./faults.ts"
import { MS, name, positiveTime, S } from "./fields.ts"
import { KernelConfig } from "./kernels.ts"
import { clientGroupSchema, CostConfig, LanConfig, ServerConfig } from "./machines.ts"
import { perTable } from "./per-table.ts"
import { ServersConfig } from "./servers.ts"
import { thresholdText } from "./threshold.ts"

/** The most seeds that a count can ask for. */
export const MAX_SEEDS = 10_000
/** The same in each field of a map. */
export const MAX_MAP_SEEDS = 1000

const SeedsValue = Schema.Array(Schema.Number)
const SEEDS_WORDS = "a count such as 10, or a list of different seeds such as [1, 2, 5]"
const seed = whole(0)
const Seeds: Schema.Schema<ReadonlyArray<number>, number | ReadonlyArray<number>> = Schema.transform(
  Schema.Union(
    whole(1, MAX_SEEDS),
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

/** An outcome that can be expected of a kernel: all but the one that is the user's doing. */
type Expectable = Exclude<Outcome, "stopped">

/** What a kernel is expected to do: an outcome that may come instead of completing, or any. */
const EXPECTATIONS: ReadonlyArray<Expectable | "any"> = [
  ...OUTCOMES.filter((outcome) => outcome !== "stopped").toReversed(),
  "any"
]
export type Expectation = Expectable | "any"

const scalar = Schema.Union(Schema.String, Schema.JsonNumber, Schema.Boolean).annotations({
  title: "a text or a number"
})
const axis = Schema.Struct({
  path: text.annotations({ description: "A path in this scenario, as for --set: clients.0.pageCache" }),
  values: Schema.Array(scalar).pipe(
    Schema.minItems(1, { title: "a list of at least one value", jsonSchema: { minItems: 1 } })
  ).annotations({ description: "Its values, as in a file." })
})

/** Outcomes over two parameters of the scenario. */
const MapConfig = Schema.Struct({
  x: axis.annotations({ description: "The parameter across." }),
  y: maybe(axis, "A second parameter, down. Without it the map is a line."),
  seeds: field(whole(1, MAX_MAP_SEEDS), 3, "Seeds in each field of the map."),
  kernels: maybe(Schema.Array(text), "The kernels to map. Without it: all.")
})
interface MapConfig extends Schema.Schema.Type<typeof MapConfig> {}

/** What something costs. No currency: every price of a file is in the same one. */
const PriceConfig = Schema.Struct({
  path: text.annotations({ description: "A path in this scenario, as for --set: server.disk" }),
  values: Schema.Record({ key: Schema.String, value: number(0, 1e12) }).annotations({
    description: "The price of each of its values, as in a file: { hdd: 50, sata-ssd: 90 }."
  }),
  each: maybe(text, "A path of a number of such things, such as clients.0.count. Without it: one.")
})

const scenarioFields = (workloads: WorkloadTable) => ({
  name: name.annotations({ description: "Name of the scenario, in results and tables." }),
  description: field(text, "", "What the scenario is about."),
  seeds: field(
    Seeds,
    Array.from({ length: 10 }, (_, i) => i + 1),
    "Seeds to run each kernel with: a count, or a list."
  ),
  duration: field(positiveTime, 900 * S, "Limit of simulated time. A lockup shows within minutes."),
  settle: field(
    Time,
    0,
    "The run goes on so long after its last workload. What clients then still hold of requests, packets, swap and sockets is a "
      + "broken law (nothing left over). 0: it ends with its last workload, and nothing of that is asked."
  ),
  clock: maybe(
    TimeOfDay,
    "Time of day at the start of the simulation, so that clients can start at 09:00. Without it: times from the start only."
  ),
  hz: field(
    choice(100, 250, 1000),
    250,
    "CONFIG_HZ of the clients: timers of Linux round to its ticks. 250 is common."
  ),
  kernels: Schema.Record({ key: Schema.String, value: KernelConfig }).annotations({
    description: "The cells of the experiment by name. Each is run with every seed."
  }),
  compare: maybe(Comparisons, "Kernels to compare. Without it: the first kernel with each of the others."),
  clients: Schema.Array(clientGroupSchema(workloads)).pipe(
    Schema.minItems(1, { title: "a list of at least one client group", jsonSchema: { minItems: 1 } })
  ).annotations({ description: "Groups of clients." }),
  lan: section(LanConfig, "The network."),
  server: maybe(
    ServerConfig,
    "The NBD server that all clients share, called server. Without it, and without servers: one with every default."
  ),
  servers: maybe(
    ServersConfig,
    "Several NBD servers, instead of server. A client whose group names none gets one by a hash of its name (FNV-1a, 32 bits, "
      + "modulo their number), the same for its swap and its root."
  ),
  applications: maybe(ApplicationsConfig, "The server on which the programs of thin clients run. Without it: none."),
  faults: field(
    Schema.Array(FaultEntry),
    [],
    "What goes wrong, where and when. Each entry is one of the kinds below. A run ends with its last workload; what would begin "
      + "later does not happen, which is said."
  ),
  costs: section(CostConfig, "CPU time that a client's kernel takes, of a machine of 2012."),
  watchdog: section(
    Schema.Struct({
      stall: field(positiveTime, S, "No progress of any process for this long is a stall."),
      hang: field(
        positiveTime,
        120 * S,
        "No completion for this long, with a task asleep uninterruptibly, is a hang. khungtaskd waits 120 s."
      ),
      livelock: field(
        positiveTime,
        10 * S,
        "Window for livelock in reclaim: requests complete all the time, with no pause longer than half of it, and reclaim "
          + "only scans. Assumed: Linux has no such figure. It is two rounds of the longest poll that lets a client crawl, "
          + "mempool_alloc's 5 s."
      ),
      scanRatio: field(
        whole(2, 1_000_000),
        20,
        "In such a window reclaim scans at least so many pages for each that it frees. 20 is what Linux calls critical "
          + "pressure since 3.10 (mm/vmpressure.c: 95 % of the scanned pages are not freed)."
      )
    }),
    "When a lack of progress is reported."
  ),
  expect: field(
    Schema.Record({ key: Schema.String, value: choice(...EXPECTATIONS) }),
    {},
    "Expected outcome by kernel; `default` is for those not named, and is completed. A lockup where none is expected "
      + "ends the command with 98, another outcome that is neither completed nor the expected one with 99. Completing is "
      + "never a failure, whatever is expected: whether a lockup comes can depend on the seed."
  ),
  thresholds: field(
    Schema.Array(thresholdText(workloads)),
    [],
    "Limits such as client.faultLatency.p99 < 50 ms. A miss ends the command with 99."
  ),
  slo: field(
    Schema.Array(thresholdText(workloads)),
    [],
    "What people may expect of the service, written like thresholds. swaplab capacity searches the most clients for which a run "
      + "keeps these and the thresholds; the other commands do not judge them."
  ),
  series: section(
    Schema.Struct({ interval: field(positiveTime, 100 * MS, "Time between two samples.") }),
    "The time series that is recorded."
  ),
  prices: maybe(
    Schema.Array(PriceConfig),
    "What things cost, so that a sweep can say what to buy. Changes no run. Without it: none."
  ),
  map: maybe(MapConfig, "A map of outcomes over one or two parameters, printed beside the table. Without it: none.")
} as const)

/** The schema of scenarios whose clients run workloads of a table. */
export const scenarioSchema = perTable((workloads) =>
  Schema.Struct(scenarioFields(workloads)).annotations({ title: "a scenario" })
)

/** A scenario, decoded: sizes in bytes, times in nanoseconds, rates in bits per second, percentages as shares. */
export const Scenario = scenarioSchema()
export interface Scenario extends Schema.Schema.Type<typeof Scenario> {}
/** A scenario as it stands in a file, after includes. */
export interface ScenarioEncoded extends Schema.Schema.Encoded<typeof Scenario> {}

const scenarioFile = perTable((workloads) =>
  Schema.Struct({
    $schema: maybe(text, "Where an editor finds this schema, relative to the file: ./scenario.schema.json."),
    include: maybe(
      Schema.Array(text),
      "Files below this one, relative to it. Mappings merge key by key, client groups by name, other lists are replaced. "
        + "At most 64 files."
    ),
    ...scenarioFields(workloads)
  })
)

/** The JSON Schema of scenario files, for editors. */
export const scenarioJsonSchema = (workloads?: WorkloadTable): object => {
  const description = "A cluster of diskless machines that swap over NBD to one server."
  const { required, ...schema } = jsonSchemaOf(scenarioFile(workloads), "swaplab scenario", description)
  // what an included file gives need not be given again
  return { ...schema, if: { required: ["include"] }, else: { required } }
}
