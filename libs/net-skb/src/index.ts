// Contents page of @swaplab/net-skb, in reading order.
export { type Card, CARD_NAMES, type CardName, cardOf, CARDS, isCardName, type NicOptions } from "./cards.ts"
export { DatagramSocket } from "./datagram.ts"
export { FragPages, NO_FRAG_PAGE } from "./frag-pages.ts"
export { HostMemory, hostMemoryIdle, KernelMemory, type SocketMemory, type SocketPages } from "./memory.ts"
export { NetdevAlloc, netdevFragBytes } from "./netdev-alloc.ts"
export { Nic } from "./nic.ts"
export {
  ETH_P_8021Q,
  ETH_P_ARP,
  ETH_P_IPV6,
  ETH_P_LLDP,
  type FrameOps,
  IPPROTO_TCP,
  IPPROTO_UDP,
  NO_FRAME,
  Packets,
  TCPHDR_ACK,
  TCPHDR_FIN,
  TCPHDR_PSH,
  TCPHDR_RST,
  TCPHDR_SYN
} from "./packets.ts"
export { RxRing, type RxRingOptions } from "./rx-ring.ts"
export {
  align64,
  DATAGRAM_RCVBUF,
  ETHERNET_OVERHEAD_BYTES,
  MAX_SKB_FRAGS,
  MAX_TCP_HEADER,
  MIN_WIRE_BYTES,
  MSS,
  NET_SKB_PAD,
  SKB_HEAD_ALIGNED,
  SKB_SHARED_INFO_BYTES,
  skbDataArea,
  skbTruesize,
  TCP_HEADER_BYTES,
  tcpMem,
  tcpRmem,
  tcpWmem,
  wireBytes
} from "./sizes.ts"
export { NO_SKB, SKB_ALLOC_FCLONE, SKB_ALLOC_RX, Skbs } from "./skb.ts"
export { ProtoMemory, Socket } from "./sock.ts"
export {
  MAX_SOFTIRQ_RESTART,
  type Napi,
  NAPI_WEIGHT,
  NETDEV_BUDGET,
  Softirq,
  SoftirqContext,
  type SoftirqHost
} from "./softirq.ts"
export {
  NET_XMIT_DROP,
  NET_XMIT_SUCCESS,
  type NetDevice,
  NetStack,
  type NetStackOptions,
  type Tap,
  TxHeader
} from "./stack.ts"
export { ALL_SWITCHES, DEFAULT_COSTS, type NetCosts, type NetSwitches, NO_SWITCHES } from "./switches.ts"
export { TxRing } from "./tx-ring.ts"
export { NOT_SENT, type Wire } from "./wire.ts"
