// The network card of a client group, in the terms of the kernel.
import type { MachineFacts } from "@swaplab/kernel"
import { type CardName, cardOf } from "@swaplab/net-skb"

/** What of a client decides whether a patch can matter on it. */
export const machineFacts = (group: { readonly nic: { readonly driver: CardName } }): MachineFacts => {
  const { buffers, copyBreak, scatterGather } = cardOf(group.nic.driver)
  return { receiveBuffers: buffers, copiesPackets: copyBreak > 0, scatterGather }
}
