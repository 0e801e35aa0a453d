// The schema of network cards.
import { choice, field, maybe, meanings, measured, section, Time, whole } from "@swaplab/config"
import { CARD_NAMES, CARDS, COALESCE_PARAMETERS, type CoalesceName, type Feature, FEATURES } from "@swaplab/net-skb"
import { Schema } from "effect"
import { US } from "./fields.ts"

/** Skbs before the transmit ring. */
export const txQueue = field(
  whole(2, 100_000),
  1000,
  "Packets that wait for the transmit ring (txqueuelen). 1000 is Linux's default for Ethernet; what comes beyond is dropped."
)

const feature = (name: Feature) => maybe(choice("on", "off"), `${FEATURES[name]}. Without it: as the driver has it.`)

const parameter = (name: CoalesceName, most: number) =>
  maybe(whole(0, most), `${COALESCE_PARAMETERS[name]}. Only with coalesce: driver. Without it: as the driver has it.`)

/** What ethtool -K and -C are called with. */
const EthtoolConfig = Schema.Struct({
  sg: feature("sg"),
  tso: feature("tso"),
  gro: feature("gro"),
  "rx-usecs": parameter("rx-usecs", 10_000),
  "rx-frames": parameter("rx-frames", 255)
})

/** The section of a card. */
export const ethtool = section(
  EthtoolConfig,
  "What `ethtool -K` and `ethtool -C` set at boot, by their names. Without scatter-gather (sg) there is neither tso nor software "
    + "segmentation."
)

/** Who moderates interrupts. */
export const coalesce = field(
  choice("constant", "driver"),
  "constant",
  "How interrupts are moderated. constant: by interruptModeration, whatever the card (50 us for a server's). driver: as the driver "
    + "sets its card up, and as ethtool changes that."
)

/** A network card. */
export const NicConfig = Schema.Struct({
  driver: field(
    choice(...CARD_NAMES),
    CARD_NAMES[0],
    `What receive buffers are made of. ${meanings(CARDS)}. The published runs do not name theirs; e1000 is the `
      + "commonest of the time."
  ),
  rxRing: field(whole(16, 4096), 256, "Receive descriptors. 256 is the default of e1000, e1000e and igb."),
  txRing: field(whole(16, 4096), 256, "Transmit descriptors. 256 is the default of e1000, e1000e and igb."),
  txQueue,
  ethtool,
  coalesce,
  interruptModeration: field(
    Time,
    50 * US,
    "Shortest time between two interrupts. Measured gigabit cards add 25 to 60 us a side; e1000 was seen at 125 us.",
    measured(25 * US, 125 * US)
  )
})
export interface NicConfig extends Schema.Schema.Type<typeof NicConfig> {}
