// The switches of a scenario one by one, the cables between them, and what these are called.
// Without a list there is one switch, called switch. In a list the first stands alone, and each other has an uplink to one before it,
// so that there is one way between any two machines: spanning tree would leave no other.
import {
  choice,
  documented,
  field,
  maybe,
  meanings,
  number,
  type Path,
  section,
  Size,
  text,
  Time,
  whole
} from "@swaplab/config"
import { HASH_POLICIES, HASH_POLICY_NAMES, type HashPolicy } from "@swaplab/net-skb"
import { Schema } from "effect"
import { buffer, KIB, MS, name, positiveRate, US } from "./fields.ts"

/** What the one switch is called. */
export const THE_SWITCH = "switch"

/** Most cables that act as one: 802.3ad groups of switches have up to eight. */
const MAX_LINKS = 8

const links = (of: string) =>
  field(
    whole(1, MAX_LINKS),
    1,
    `Cables ${of} that act as one (802.3ad), each with this rate. Frames of one conversation all take the same.`
  )

const policy = (of: string) =>
  field(
    choice(...HASH_POLICY_NAMES),
    HASH_POLICY_NAMES[0],
    `By what ${of} spreads frames over several links: ${meanings(HASH_POLICIES)}.`
  )

/** The cable from a switch to the next one. */
const UplinkConfig = Schema.Struct({
  to: maybe(text, "A switch before it in the list. Without it: the first."),
  rate: field(positiveRate, 1e9, "Bits per second of each link."),
  latency: field(Time, US, "One way: some 200 m of cable."),
  links: links("to it"),
  hash: policy("each of the two switches")
})
interface UplinkConfig extends Schema.Schema.Type<typeof UplinkConfig> {}

const UPLINK: UplinkConfig = Schema.decodeUnknownSync(UplinkConfig)({})

const LATENCY = "Forwarding, beside the time to store a frame. 2 to 5 us are usual."
const BUFFER = "Packet memory shared by all ports. A 24-port switch has about half a MiB."
const ALPHA =
  "How much of the memory that is free one port may take: a frame for a port is dropped when what waits there would be more "
  + "than so many times what is free (Choudhury and Hahne's dynamic threshold). 1: a port that is busy alone gets half. With "
  + "flowControl it counts what came in by a port and has not left, and the port pauses. Chips of switches have 1/64 to 8."
const PORT_RESERVE = "Memory that each port has for itself; the rest is shared. Chips keep one to a few full frames."
const PORT_LIMIT = "Most that may wait for one port. Without it: what alpha allows."
const ECN_MARK =
  "A frame that finds more than this waiting for its port is marked, if it is of a connection with ECN (sysctl net.ipv4.tcp_ecn): "
  + "its sender slows down before anything is lost. Without it: no marks, as cheap switches."

const alpha = number(0.01, 100)

/** What every switch is like. */
export const SwitchConfig = Schema.Struct({
  latency: field(Time, 4 * US, LATENCY, documented(2 * US, 5 * US)),
  buffer: field(buffer, 512 * KIB, BUFFER, documented(128 * KIB, 2048 * KIB)),
  alpha: field(alpha, 1, ALPHA, documented(1 / 64, 8)),
  portReserve: field(Size, 0, PORT_RESERVE),
  portLimit: maybe(buffer, PORT_LIMIT),
  ecnMark: maybe(Size, ECN_MARK)
})
interface SwitchConfig extends Schema.Schema.Type<typeof SwitchConfig> {}

const AS_ALL = "Without it: as lan.switch has it."

/** One of several switches. */
const SwitchEntry = Schema.Struct({
  name: name.annotations({ description: "What machines and faults call it." }),
  latency: maybe(Time, AS_ALL),
  buffer: maybe(buffer, AS_ALL),
  alpha: maybe(alpha, AS_ALL),
  portReserve: maybe(Size, AS_ALL),
  portLimit: maybe(buffer, AS_ALL),
  ecnMark: maybe(Size, AS_ALL),
  uplink: maybe(
    UplinkConfig,
    "The way to another switch. The first of the list has none; without it each other has one with every default."
  )
})

/** Several switches. */
export const SwitchesConfig = Schema.Array(SwitchEntry).pipe(
  Schema.minItems(1, { title: "a list of at least one switch", jsonSchema: { minItems: 1 } })
)

/** Several cards of a machine as one. */
export const BondConfig = section(
  Schema.Struct({
    links: links("to its switch"),
    xmitHashPolicy: policy("the machine"),
    switchHash: policy("its switch"),
    miimon: field(
      Time,
      100 * MS,
      "How often the machine asks whether its links are in: until then it sends into one that is out. 802.3ad forces 100 ms where "
        + "nothing is set. The switch sees it at once."
    )
  }),
  "Link aggregation (bonding, mode 802.3ad): several cards and cables, which share its address."
)
export interface BondConfig extends Schema.Schema.Type<typeof BondConfig> {}

/** At which switch a machine is. */
export const switchKey = maybe(text, "The switch that its cable leads to, by name. Without it: the first.")

/** The way from a switch to the one above it. */
export interface UplinkSpec {
  /** What faults and results call it: room.uplink. */
  readonly name: string
  /** The number of the switch above. */
  readonly to: number
  readonly rate: number
  readonly latency: number
  readonly links: number
  readonly hash: HashPolicy
}

/** One switch. */
export interface SwitchSpec extends SwitchConfig {
  readonly name: string
  /** Where it stands in the scenario. */
  readonly path: Path
  /** Null: it is the first. */
  readonly uplink: UplinkSpec | null
}

/** What of `lan` says which switches there are. */
interface Switches {
  readonly switch: SwitchConfig
  readonly switches?: Schema.Schema.Type<typeof SwitchesConfig> | undefined
}

/** All switches, in the order of the scenario. A name that no switch has stands for the first: a rule has seen to it. */
export const switchesOf = (lan: Switches): ReadonlyArray<SwitchSpec> => {
  const { switch: usual, switches } = lan
  if (switches === undefined) return [{ ...usual, name: THE_SWITCH, path: ["lan", "switch"], uplink: null }]
  return switches.map(({ name: of, uplink: up = UPLINK, ...own }, i) => ({
    ...usual,
    ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    name: of,
    path: ["lan", "switches", i],
    uplink: i === 0
      ? null
      : { ...up, name: `${of}.uplink`, to: Math.max(0, switches.findIndex(({ name: other }) => other === up.to)) }
  }))
}

/** The number of the switch that a machine is at. */
export const switchNumber = (all: ReadonlyArray<SwitchSpec>, wanted: string | undefined): number =>
  Math.max(0, all.findIndex(({ name: of }) => of === wanted))

/** What the cables of something are called: itself if there is one, else with numbers from 1. */
export const cableNames = (of: string, count: number): ReadonlyArray<string> =>
  count === 1 ? [of] : Array.from({ length: count }, (_, i) => `${of}.${i + 1}`)
