// Rules and advice about what ethtool is to switch on cards.
import { type Finding, mismatch, type Path, quoteValue, type Rule } from "@swaplab/config"
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
