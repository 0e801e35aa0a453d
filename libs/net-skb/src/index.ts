// Contents page of @swaplab/net-skb, in reading order.
export { type Card, CARD_NAMES, type CardName, cardOf, CARDS, type NicOptions } from "./cards.ts"
export { DatagramSocket } from "./datagram.ts"
export { NO_FRAG_PAGE } from "./frag-pages.ts"
export { HostMemory, hostMemoryIdle, KernelMemory, type SocketMemory, type SocketPages } from "./memory.ts"
export { Nic } from "./nic.ts"
export { ETH_P_LLDP, type FrameOps, Packets, TCPHDR_ACK, TCPHDR_FIN, TCPHDR_PSH, TCPHDR_RST } from "./packets.ts"
export {
  DATAGRAM_RCVBUF,
  MAX_SKB_FRAGS,
  MAX_TCP_HEADER,
  MSS,
  skbTruesize,
  TCP_HEADER_BYTES,
  tcpMem,
  tcpRmem,
  tcpWmem,
  wireBytes
} from "./sizes.ts"
export { NO_SKB, SKB_ALLOC_FCLONE, SKB_ALLOC_RX } from "./skb.ts"
export { Socket } from "./sock.ts"
export { type Napi, Softirq, type SoftirqHost } from "./softirq.ts"
export { NET_XMIT_SUCCESS, type NetDevice, NetStack, type NetStackOptions, type Tap } from "./stack.ts"
export { ALL_SWITCHES, type NetCosts, type NetSwitches, NO_SWITCHES } from "./switches.ts"
export { type Wire } from "./wire.ts"
