// Congestion controls by name, and what they share.
// Modelled: growth only while the window limits the sender, slow start, growth by one segment after a count of ACKs.
// Not modelled: the clamp of the window, other controls (bic, westwood, …), setsockopt(TCP_CONGESTION).
// source: net/ipv4/tcp_cong.c
import type { CongestionName, NetSysctls } from "@swaplab/net-skb"
import type { CongestionControl } from "./congestion-control.ts"
import { Cubic } from "./cubic.ts"
import { RENO } from "./reno.ts"

/** Makes the congestion control of one socket on a machine with these sysctls and HZ. */
type MakeCongestion = (sysctls: NetSysctls, hz: number) => CongestionControl

/** The table; its names are those of net.ipv4.tcp_congestion_control. */
const CONGESTION_CONTROLS = {
  reno: () => RENO,
  cubic: (sysctls, hz) => new Cubic(sysctls, hz)
} as const satisfies Readonly<Record<CongestionName, MakeCongestion>>

/** `tcp_init_congestion_control`: what a new socket of the machine gets. */
export const congestionControl: MakeCongestion = (sysctls, hz) => {
  const make: MakeCongestion = CONGESTION_CONTROLS[sysctls["net.ipv4.tcp_congestion_control"]]
  return make(sysctls, hz)
}
