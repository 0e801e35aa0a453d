// What `ethtool -K` switches on a card: scatter-gather, segmentation by the card, and GRO.
// Modelled: what a card has without ethtool (its row), what ethtool can change, and what the kernel makes of a combination: no
//   segmentation by the card without scatter-gather. Software segmentation (GSO) is on exactly where scatter-gather is.
// Not modelled: a change while the machine runs; checksums, without which there is no scatter-gather either.
// source: net/core/dev.c:netdev_fix_features; net/core/ethtool.c:ethtool_set_features
import type { Card } from "./cards.ts"

/** Features by their names in ethtool, and what each is. */
export const FEATURES = {
  sg: "scatter-gather: the card takes what is sent in fragments of pages",
  tso:
    "tcp-segmentation-offload: the card cuts long skbs into segments; without it, but with sg, the kernel does (GSO)",
  gro: "generic-receive-offload: received segments that follow each other become one skb before they reach TCP"
} as const

/** The name of a feature. */
export type Feature = keyof typeof FEATURES

/** Names of all features, in the order of the table. */
export const FEATURE_NAMES = Object.keys(FEATURES) as ReadonlyArray<Feature>

/** Which features a card has on. */
export type Features = { readonly [K in Feature]: boolean }

/** What was asked of `ethtool -K`: the features that were named. */
export type Ethtool = { readonly [K in Feature]?: "on" | "off" | undefined }

/** The features of a card after `ethtool -K`. What its driver has fixed stays, and `tso` falls with `sg`. */
export const featuresOf = (card: Card, asked: Ethtool = {}): Features => {
  const is = (name: Feature): boolean =>
    asked[name] === undefined || card.fixed.includes(name) ? card[name] : asked[name] === "on"
  const sg = is("sg")
  return { sg, tso: sg && is("tso"), gro: is("gro") }
}

/** Why a feature cannot be what was asked, or null. */
export const featureRefused = (card: Card, asked: Ethtool, name: Feature): string | null => {
  if (asked[name] === undefined) return null
  const wanted = asked[name] === "on"
  if (card.fixed.includes(name) && card[name] !== wanted) {
    return `the driver has it ${card[name] ? "on" : "off"} [fixed]`
  }
  if (name === "tso" && wanted && !featuresOf(card, asked).sg) return "tso falls with sg, which is off"
  return null
}
