// The schema of `faults`: what happens, where, and when. The kinds and their options are rows of the table of faults.
import {
  field,
  firstMoment,
  maybe,
  MomentDistribution,
  type Nanoseconds,
  required,
  text,
  TimeDistribution
} from "@swaplab/config"
import { Schema } from "effect"
import { FAULT_NAMES, type FaultName, faultNamed } from "../faults/faults.ts"
import { THE_SWITCH } from "./switches.ts"

type Moment = Schema.Schema.Type<typeof MomentDistribution>
type Length = Schema.Schema.Type<typeof TimeDistribution>

/** One entry of `faults`. The options of its kind stand beside these keys. */
export interface FaultConfig {
  readonly what: FaultName
  readonly where: ReadonlyArray<string>
  readonly at?: Moment
  readonly between?: readonly [Moment, Moment]
  readonly every?: Length
  readonly from?: Moment
  readonly until?: Moment
  readonly for?: Length
}

const names = Schema.Array(text).pipe(
  Schema.minItems(1, { title: "a list of at least one name", jsonSchema: { minItems: 1 } })
)

/** One name, or a list of them. */
const Names: Schema.Schema<ReadonlyArray<string>, string | ReadonlyArray<string>> = Schema.transform(
  Schema.Union(text, names),
  Schema.Array(Schema.String),
  {
    strict: true,
    decode: (value) => typeof value === "string" ? [value] : value,
    encode: (list) => list.length === 1 ? list[0] : list
  }
).annotations({ title: "a name, or a list of names" })

const WHERE =
  "Where it happens: a client (client-1), a group of clients, `clients` for all of them; a server (`server`, or its name), "
  + "`servers` for all of them; or, for cables, `applications`, an uplink (room.uplink), or one of several cables that act as one "
  + "(room.uplink.2, server.1). The table of kinds says what a kind can be applied to. The one switch needs no name; of several each "
  + "has its own, and `switches` are all of them."

/** Where a kind happens: mostly there is one switch. */
const where = (name: FaultName) =>
  faultNamed(name).on === "switch"
    ? { where: field(Names, [THE_SWITCH], WHERE) }
    : required("where", Names, WHERE)

const times = {
  at: maybe(
    MomentDistribution,
    "When it begins: a time from the start of the run, a time of day where clock is given, or a distribution of such. One of at, "
      + "between and every."
  ),
  between: maybe(
    Schema.Tuple(MomentDistribution, MomentDistribution).annotations({ title: "a list of two times" }),
    "It begins once between these two times, all equally likely."
  ),
  every: maybe(
    TimeDistribution,
    "It begins again and again: the time from one beginning to the next, drawn anew each time. exponential(0 s, 10 min) is a "
      + "Poisson process. Needs for. A run has 100,000 beginnings at most, by the mean. One that would begin while the one before it "
      + "is still on is left out, and a warning says so."
  ),
  from: maybe(MomentDistribution, "With every: when the first time is counted from. Without it: the start of the run."),
  until: maybe(MomentDistribution, "With every: nothing begins after this time. Without it: the end of the run."),
  for: maybe(TimeDistribution, "How long it lasts. Without it: to the end of the run; every and restart need it.")
}

const entry = (name: FaultName) => {
  const { meaning, options } = faultNamed(name)
  return Schema.Struct({
    what: Schema.Literal(name),
    ...where(name),
    ...times,
    ...options
  }).annotations({ title: name, description: meaning })
}

/** The entries of `faults`, one shape for each kind. */
export const FaultEntry = Schema.Union(...FAULT_NAMES.map(entry)).annotations({
  title: `a mapping with what: one of ${FAULT_NAMES.join(", ")}`
}) as unknown as Schema.Schema<FaultConfig, unknown>

/** The options of an entry, for its kind. */
export const optionsOf = (config: FaultConfig): Schema.Struct.Type<Schema.Struct.Fields> =>
  Object.fromEntries(
    Object.entries(config).filter(([key]) => Object.hasOwn(faultNamed(config.what).options, key))
  )

/** The first moment at which a fault may begin, of a run that starts at `clock`. */
export const firstBegin = ({ at, between, from }: FaultConfig, clock: Nanoseconds | undefined): Nanoseconds => {
  const moment = at ?? between?.[0] ?? from
  return moment === undefined ? 0 : firstMoment(moment, clock)
}

/** Pages of the processes that faults of a scenario start on a client, each of an entry. `concerns`: it names that client. */
export const processesOfFaults = (
  faults: ReadonlyArray<FaultConfig>,
  concerns: (where: ReadonlyArray<string>) => boolean
): ReadonlyArray<number> =>
  faults.flatMap((fault) => {
    const { process } = faultNamed(fault.what)
    return process === undefined || !concerns(fault.where) ? [] : [process(optionsOf(fault))]
  })
