// What ethtool -K makes of a card.
import {
  type Card,
  CARD_NAMES,
  cardOf,
  type Ethtool,
  FEATURE_NAMES,
  featureRefused,
  featuresOf
} from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"

const card: Card = { ...cardOf("e1000"), sg: true, tso: true, gro: true, fixed: [] }

it.each<{ readonly asked: Ethtool; readonly is: string }>([
  { asked: {}, is: "sg tso gro" },
  { asked: { gro: "off" }, is: "sg tso" },
  { asked: { tso: "off" }, is: "sg gro" },
  { asked: { sg: "off" }, is: "gro" },
  { asked: { sg: "off", tso: "on" }, is: "gro" },
  { asked: { sg: "off", gro: "off" }, is: "" }
])("$asked makes $is", ({ asked, is }) => {
  const features = featuresOf(card, asked)
  expect(FEATURE_NAMES.filter((name) => features[name]).join(" ")).toBe(is)
})

it("refuses tso without sg, and what the driver has fixed", () => {
  expect(featureRefused(card, { sg: "off", tso: "on" }, "tso")).toBe("tso falls with sg, which is off")
  expect(featureRefused({ ...card, sg: false }, { tso: "on" }, "tso")).toBe("tso falls with sg, which is off")
  expect(featureRefused({ ...card, sg: false }, { tso: "on", sg: "on" }, "tso")).toBe(null)
  const fixed: Card = { ...card, tso: false, fixed: ["tso"] }
  expect(featureRefused(fixed, { tso: "on" }, "tso")).toBe("the driver has it off [fixed]")
  expect(featureRefused(fixed, { tso: "off" }, "tso")).toBe(null)
  expect(featuresOf(fixed, { tso: "on" }).tso).toBe(false)
})

describe.each(CARD_NAMES)("%s", (name) => {
  it("has what the kernel allows: no tso without sg", () => {
    const { fixed, gro, sg, tso } = cardOf(name)
    expect(featuresOf(cardOf(name))).toEqual({ sg, tso, gro })
    // ethtool can change everything else
    for (const feature of FEATURE_NAMES) {
      const asked = { sg: "on", [feature]: cardOf(name)[feature] ? "off" : "on" } as Ethtool
      if (fixed.includes(feature)) expect(featureRefused(cardOf(name), asked, feature)).not.toBe(null)
      else if (!fixed.includes("sg")) expect(featuresOf(cardOf(name), asked)[feature]).toBe(!cardOf(name)[feature])
    }
  })
})
