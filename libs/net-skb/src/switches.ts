/**
 * The network's share of the patches, one switch each (numbers of the merged series). All false is the kernel before them.
 */
export interface NetSwitches {
  /** 7: `sk_gfp_atomic`: atomic allocations for a socket inherit __GFP_MEMALLOC from its mask. */
  readonly gfpSocket: boolean
  /** 8: SOCK_MEMALLOC, the key memalloc_socks, __GFP_MEMALLOC in sk_allocation. */
  readonly memallocSockets: boolean
  /** 9: kmalloc_reserve, SKB_ALLOC_RX, skb->pfmemalloc, the drop in sk_filter. */
  readonly skbReserve: boolean
  /** 10: `skb_fill_page_desc` takes page->pfmemalloc over into the skb. */
  readonly pageToSkb: boolean
  /** 11: `__skb_alloc_page`: pages for packets may ignore the watermarks, and mark their skb. */
  readonly skbAllocPage: boolean
  /** 12: PF_MEMALLOC while a marked packet is received, taps skipped, other protocols dropped. */
  readonly pfmemallocReceive: boolean
  /** +1: marked packets are accepted above the limit of protocol memory. */
  readonly rmemExemption: boolean
  /** TCP small queues: at most 128 KiB of a socket below the stack. */
  readonly tsq: boolean
  /** RFC 5961: a RST counts only with the next number, and a RST or SYN elsewhere is asked about by an ACK. */
  readonly challengeAcks: boolean
  /** The per-CPU fragment page is used again when all its fragments have been freed. */
  readonly netdevFragRecycle: boolean
  /** `__netdev_alloc_skb` makes its buffers with `__alloc_skb`, as before the fragment pages of 3.5. */
  readonly netdevKmalloc: boolean
}

/** Every switch off. */
export const NO_SWITCHES: NetSwitches = {
  gfpSocket: false,
  memallocSockets: false,
  skbReserve: false,
  pageToSkb: false,
  skbAllocPage: false,
  pfmemallocReceive: false,
  rmemExemption: false,
  tsq: false,
  challengeAcks: false,
  netdevFragRecycle: false,
  netdevKmalloc: false
}

/** Every switch of 3.6 on. */
export const ALL_SWITCHES: NetSwitches = {
  gfpSocket: true,
  memallocSockets: true,
  skbReserve: true,
  pageToSkb: true,
  skbAllocPage: true,
  pfmemallocReceive: true,
  rmemExemption: true,
  tsq: true,
  challengeAcks: true,
  netdevFragRecycle: true,
  netdevKmalloc: false
}

/** CPU time of the network paths, added to `Context.ns` of the task or softirq that runs them. */
export interface NetCosts {
  /** Receiving one packet, from the ring to the socket. */
  readonly rxPacketNs: number
  /** The same of a packet that GRO appends to one before it: without IP, TCP and the socket. */
  readonly mergedPacketNs: number
  /** Copying between a task and packets, per KiB. */
  readonly copyPerKiBNs: number
  /** Handing one skb to the NIC. */
  readonly txSkbNs: number
  /** Entering sendmsg or recvmsg. */
  readonly syscallNs: number
}

export const DEFAULT_COSTS: NetCosts = {
  rxPacketNs: 1500,
  mergedPacketNs: 500,
  copyPerKiBNs: 250,
  txSkbNs: 700,
  syscallNs: 300
}

/** No CPU time for anything: of a host whose costs are counted elsewhere. */
export const NO_COSTS: NetCosts = { rxPacketNs: 0, mergedPacketNs: 0, copyPerKiBNs: 0, txSkbNs: 0, syscallNs: 0 }
