// The network card of a client group, in the terms of the kernel.
import type { MachineFacts } from "@swaplab/kernel"
import {
  type CardName,
  cardOf,
  type CoalesceAsked,
  type Coalescing,
  coalescingOf,
  type Ethtool,
  featuresOf
} from "@swaplab/net-skb"

/** The card of a group: what of its section decides on features. And its memory nodes, if it has several. */
export interface GroupNic {
  readonly nic: { readonly driver: CardName; readonly ethtool: Ethtool }
  readonly numa?: { readonly nodes: number; readonly policy?: { readonly mode: string } | undefined } | undefined
}

/** What of a client decides whether a patch can matter on it. */
export const machineFacts = ({ nic: { driver, ethtool }, numa }: GroupNic): MachineFacts => {
  const card = cardOf(driver)
  const { buffers, page } = card
  return {
    // what is never marked is as good as a fragment to the patches: data without an skb, and pages of alloc_page
    receiveBuffers: buffers === "data" || (page !== null && !page.reserve) ? "fragment" : buffers,
    copiesPackets: card.copyBreak > 0,
    scatterGather: featuresOf(card, ethtool).sg,
    memoryNodes: numa?.nodes ?? 1,
    boundToNodes: numa?.policy?.mode === "bind"
  }
}

/** How a card moderates interrupts: null where that is a constant of the scenario. */
export const moderationOf = (
  { coalesce, ethtool }: { readonly coalesce: "constant" | "driver"; readonly ethtool: CoalesceAsked },
  driver: CardName,
  { rate }: { readonly rate: number }
): Coalescing | null => coalesce === "constant" ? null : coalescingOf(cardOf(driver), rate, ethtool)
