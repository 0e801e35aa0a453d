// Rules and advice about what ethtool is to switch on cards.
import { type Finding, formatQuantity, mismatch, type Path, quoteValue, RATE, type Rule } from "@swaplab/config"
import {
  type Card,
  cardOf,
  CARDS,
  COALESCE_NAMES,
  type CoalesceAsked,
  coalesceRefused,
  type Ethtool,
  FEATURE_NAMES,
  featureRefused,
  featuresOf
} from "@swaplab/net-skb"
import type { ClientGroup } from "../machines.ts"
import type { Scenario } from "../scenario.ts"
import type { IdleRow } from "./advice.ts"
import { serverEntries } from "./server-rules.ts"

/** Every card of a scenario with what ethtool is to switch on it, and where that stands. */
const cards = (
  scenario: Scenario
): ReadonlyArray<{ readonly at: Path; readonly card: Card; readonly asked: Ethtool & CoalesceAsked }> => [
  ...scenario.clients.map(({ nic: { driver, ethtool } }, i) => ({
    at: ["clients", i, "nic", "ethtool"],
    card: cardOf(driver),
    asked: ethtool
  })),
  ...serverEntries(scenario).map(({ config, path }) => ({
    at: [...path, "nic", "ethtool"],
    card: CARDS.e1000,
    asked: config.nic.ethtool
  }))
]

export const ETHTOOL_RULES: ReadonlyArray<Rule<Scenario>> = [{
  name: "a card can have the features that ethtool asks for",
  broken: (scenario) =>
    cards(scenario).flatMap(({ asked, at, card }) =>
      FEATURE_NAMES.flatMap((name): ReadonlyArray<Finding> => {
        const reason = featureRefused(card, asked, name)
        return reason === null ? [] : [{
          path: [...at, name],
          text: mismatch(quoteValue(String(asked[name])), `${asked[name] === "on" ? "off" : "on"}: ${reason}`)
        }]
      })
    )
}, {
  name: "a driver can moderate interrupts as ethtool asks for",
  broken: (scenario) =>
    cards(scenario).flatMap(({ asked, at, card }) =>
      COALESCE_NAMES.flatMap((name): ReadonlyArray<Finding> => {
        const expected = coalesceRefused(card, asked, name)
        return expected === null
          ? []
          : [{ path: [...at, name], text: mismatch(quoteValue(asked[name] ?? null), expected) }]
      })
    )
}]

/** Moderation of a card by the driver, and by a constant: what is said of the other one is without effect. */
export const IDLE_MODERATION: ReadonlyArray<IdleRow<Pick<ClientGroup, "nic">>> = [
  ...COALESCE_NAMES.map((name) => ({
    path: ["nic", "ethtool", name],
    idle: ({ nic: { coalesce } }: Pick<ClientGroup, "nic">) => coalesce === "constant",
    reason: "interrupts are moderated by a constant (coalesce)"
  })),
  {
    path: ["nic", "interruptModeration"],
    idle: ({ nic: { coalesce } }) => coalesce === "driver",
    reason: "the driver moderates interrupts (coalesce)"
  }
]

/** Cables faster than the card of a client. */
export const CARD_RULES: ReadonlyArray<Rule<Scenario>> = [{
  name: "a cable is not faster than its card",
  broken: ({ clients }) =>
    clients.flatMap(({ link: { rate }, nic: { driver } }, i): ReadonlyArray<Finding> => {
      const { mostBitsPerSecond } = cardOf(driver)
      return rate <= mostBitsPerSecond ? [] : [{
        path: ["clients", i, "link", "rate"],
        text: mismatch(
          formatQuantity(RATE, rate),
          `at most ${formatQuantity(RATE, mostBitsPerSecond)}: ${driver} is no faster`
        )
      }]
    })
}]

/** Settings that the driver of a client's card does not know. */
export const IDLE_CARD: ReadonlyArray<IdleRow<ClientGroup>> = [
  ...(["rxRing", "txRing"] as const).map((key) => ({
    path: ["nic", key],
    idle: ({ nic: { driver } }: ClientGroup) => cardOf(driver).fixedRings,
    reason: "usbnet has four transfers of its own length, and 59 packets to send"
  })),
  {
    path: ["nic", "interruptModeration"],
    idle: ({ nic: { coalesce, driver } }) => coalesce === "constant" && cardOf(driver).coalesce !== null,
    reason: "a USB card interrupts at microframes of 125 us"
  },
  {
    path: ["sysctl", "net.core.netdev_max_backlog"],
    idle: ({ nic: { driver } }) => cardOf(driver).usb === null,
    reason: "its card has NAPI"
  }
]

/** Features of a client's card that are asked to be what they are anyway. */
export const IDLE_ETHTOOL: ReadonlyArray<IdleRow<ClientGroup>> = FEATURE_NAMES.map((name) => ({
  path: ["nic", "ethtool", name],
  idle: ({ nic: { driver, ethtool } }) => {
    const card = cardOf(driver)
    return ethtool[name] !== undefined &&
      featuresOf(card, { ...ethtool, [name]: undefined })[name] === (ethtool[name] === "on")
  },
  reason: "it is so anyway"
}))
