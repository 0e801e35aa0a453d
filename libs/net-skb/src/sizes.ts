// Sizes of network buffers on x86_64 and the socket buffer limits that follow from the size of memory.
// Modelled: every allocation of an skb is rounded exactly as Linux rounds it, so truesize (what sockets are charged) and
// the slab cache that serves it are the real ones.
// Not modelled: other word sizes, debug options that enlarge sk_buff, jumbo frames.
// source: include/linux/skbuff.h (SKB_DATA_ALIGN, SKB_TRUESIZE, SKB_WITH_OVERHEAD), include/linux/tcp.h (MAX_TCP_HEADER),
// net/ipv4/tcp.c:tcp_init, tcp_init_mem

/** sizeof(struct sk_buff) rounded to a cache line. */
export const SKB_HEAD_ALIGNED = 256
/** sizeof(struct skb_shared_info), cache aligned. */
export const SKB_SHARED_INFO_BYTES = 320
/** Page fragments of one skb. */
export const MAX_SKB_FRAGS = 17
/** Bytes reserved in front of a received packet. */
export const NET_SKB_PAD = 64
/** Head room of every TCP segment: 128 + MAX_HEADER. */
export const MAX_TCP_HEADER = 272

/** IPv4 and TCP headers with the time stamp option. */
export const TCP_HEADER_BYTES = 52
/** The time stamp option with its padding. */
export const TCPOLEN_TSTAMP_ALIGNED = 12
/** Ethernet header, checksum, preamble and the gap between two frames. */
export const ETHERNET_OVERHEAD_BYTES = 38
/** The smallest frame, with preamble and gap. */
const MIN_WIRE_BYTES = 84
/** Payload of a full segment on a 1500-byte MTU with time stamps. */
export const MSS = 1448

/** Rounds up to a cache line. */
export const align64 = (bytes: number): number => (bytes + 63) & ~63

/** What `__alloc_skb` asks of kmalloc for `bytes` of buffer: cache aligned, plus skb_shared_info. */
export const skbDataArea = (bytes: number): number => align64(bytes) + SKB_SHARED_INFO_BYTES

/** Memory charged for an skb whose buffer has `bytes` usable bytes (SKB_TRUESIZE). */
export const skbTruesize = (bytes: number): number => bytes + SKB_HEAD_ALIGNED + SKB_SHARED_INFO_BYTES

/** Bytes of time that a packet of so many bytes takes on an Ethernet, from the start of its preamble to the end of the gap. */
export const wireBytes = (packetBytes: number): number =>
  Math.max(packetBytes + ETHERNET_OVERHEAD_BYTES, MIN_WIRE_BYTES)

/** tcp_mem in pages: [below this no pressure, pressure starts, hard limit]. */
export const tcpMem = (freeBufferPages: number): readonly [number, number, number] => {
  const limit = Math.max(Math.floor(freeBufferPages / 8), 128)
  const low = Math.floor(limit / 4) * 3
  return [low, limit, low * 2]
}

/** tcp_wmem in bytes: [minimum, initial sndbuf, maximum]. */
export const tcpWmem = (freeBufferPages: number): readonly [number, number, number] => [
  4096,
  16384,
  Math.max(65536, Math.min(4 << 20, freeBufferPages * 32))
]

/** tcp_rmem in bytes: [minimum, initial rcvbuf, maximum]. */
export const tcpRmem = (freeBufferPages: number): readonly [number, number, number] => [
  4096,
  87380,
  Math.max(87380, Math.min(6 << 20, freeBufferPages * 32))
]

/** Default receive buffer of a datagram socket: 256 packets of 256 bytes (SK_RMEM_MAX). */
export const DATAGRAM_RCVBUF = skbTruesize(256) * 256
