// The network cards of a scenario, in the terms of the libs.
import type { MachineFacts, NicDriver } from "@swaplab/kernel"
import { nics } from "@swaplab/net-skb"

/** Receive buffers of the scenario, by the names of net-skb. */
export const NIC_DRIVER: Readonly<Record<string, NicDriver>> = {
  e1000: "e1000",
  igb: "igb",
  tg3: "tg3",
  r8169: "r8169",
  kmalloc: "e1000-3.4"
}

/** r8169 offers scatter-gather and segmentation but has them off unless ethtool switches them on. */
export const scatterGather = (driver: string): boolean => driver !== "r8169"

/** What of a client decides whether a patch can matter on it. */
export const machineFacts = (group: { readonly nic: { readonly driver: string } }): MachineFacts => ({
  receiveBuffers: nics[NIC_DRIVER[group.nic.driver]].buffers,
  scatterGather: scatterGather(group.nic.driver)
})
