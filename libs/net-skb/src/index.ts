/**
 * {@include ../README.md}
 *
 * @module @swaplab/net-skb
 */
export { Bond, type BondLinks } from "./bond.ts"
export { type Card, CARD_NAMES, type CardName, cardOf, CARDS, type NicOptions } from "./cards.ts"
export { freeCoalesced, RX_HEADROOM, skbTryCoalesce } from "./coalesce.ts"
export { DatagramSocket } from "./datagram.ts"
export {
  COALESCE_NAMES,
  COALESCE_PARAMETERS,
  type CoalesceAsked,
  type CoalesceName,
  coalesceRefused,
  coalescingOf
} from "./ethtool-coalesce.ts"
export {
  type Ethtool,
  type Feature,
  FEATURE_NAMES,
  featureRefused,
  FEATURES,
  type Features,
  featuresOf
} from "./ethtool.ts"
export { NO_FRAG_PAGE } from "./frag-pages.ts"
export { HostMemory, hostMemoryIdle, KernelMemory, type SocketMemory, type SocketPages } from "./memory.ts"
export { type Coalescing } from "./moderation.ts"
export { Nic } from "./nic.ts"
export {
  endKey,
  ETH_P_LLDP,
  type FrameOps,
  INET_ECN_CE,
  INET_ECN_ECT,
  IPPROTO_TCP,
  IPPROTO_UDP,
  MAX_SACK_BLOCKS,
  Packets,
  SACK_STRIDE,
  SYN_SACK_PERM,
  SYN_TIMESTAMP,
  SYN_WINDOW_SCALE,
  TCPHDR_ACK,
  TCPHDR_CWR,
  TCPHDR_ECE,
  TCPHDR_FIN,
  TCPHDR_PSH,
  TCPHDR_RST,
  TCPHDR_SYN
} from "./packets.ts"
export { type Listener, servicePort } from "./services.ts"
export {
  DATAGRAM_RCVBUF,
  MAX_SKB_FRAGS,
  MAX_TCP_HEADER,
  MSS,
  SKB_SHARED_INFO_BYTES,
  skbTruesize,
  TCP_HEADER_BYTES,
  tcpMem,
  TCPOLEN_TSTAMP_ALIGNED,
  tcpRmem,
  tcpWmem,
  wireBytes
} from "./sizes.ts"
export { NO_SKB } from "./skb-rows.ts"
export { SKB_ALLOC_FCLONE, SKB_ALLOC_RX } from "./skb.ts"
export { type ProtocolFigures, Socket, type SocketCounts } from "./sock.ts"
export { type Napi, Softirq, type SoftirqHost } from "./softirq.ts"
export {
  NET_XMIT_SUCCESS,
  type NetDevice,
  NetStack,
  type NetStackOptions,
  type Tap,
  type TimewaitSocks
} from "./stack.ts"
export { ALL_SWITCHES, type NetCosts, type NetSwitches, NO_COSTS, NO_SWITCHES } from "./switches.ts"
export { type SysctlRow, type SysctlValues } from "./sysctl-row.ts"
export { type CongestionName, NET_SYSCTLS, type NetSysctls, netSysctls } from "./sysctls.ts"
export { type Wire } from "./wire.ts"
export {
  type FlowAddresses,
  frameHash,
  HASH_POLICIES,
  HASH_POLICY_NAMES,
  type HashPolicy,
  type XmitHash,
  xmitHash
} from "./xmit-hash.ts"
