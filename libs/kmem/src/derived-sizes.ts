/**
 * Sizes of network buffers that follow from the object sizes: what one packet costs.
 *
 * Modelled: the arithmetic of the socket layer between a payload length and the kmalloc class, fragment size and truesize it
 * leads to. Not modelled: drivers with private rounding beyond those listed as parameters.
 * source: include/linux/skbuff.h:SKB_DATA_ALIGN, SKB_TRUESIZE; net/core/skbuff.c:__alloc_skb, __netdev_alloc_skb;
 * net/ipv4/tcp.c:select_size
 */
import { align, kmallocSize } from "./kmalloc.ts"
import { L1_CACHE_BYTES, MAX_TCP_HEADER, NET_SKB_PAD, SKB_SHARED_INFO, SKBUFF_HEAD } from "./object-sizes.ts"

/** Slot that an skb head takes, alone and as an fclone pair. Used for truesize by both allocators. */
export const SKB_HEAD_SLOT = align(SKBUFF_HEAD, L1_CACHE_BYTES)
export const SKB_FCLONE_SLOT = 512

/** SKB_DATA_ALIGN: data areas are multiples of a cache line. */
const skbDataAlign = (bytes: number): number => align(bytes, L1_CACHE_BYTES)

/** Bytes asked from kmalloc for `bytes` of data: 272 → 640, 576 → 896, 1586 → 1920. */
export const skbDataArea = (bytes: number): number => skbDataAlign(bytes) + SKB_SHARED_INFO

/** Bytes usable in front of the shared info once kmalloc rounded up to its class (SKB_WITH_OVERHEAD(ksize)). */
const skbUsableBytes = (bytes: number): number => kmallocSize(skbDataArea(bytes)) - SKB_SHARED_INFO

/** SKB_TRUESIZE of a kmalloc'ed skb: usable data + head structure + shared info, as charged to a socket. */
export const skbTruesize = (bytes: number): number =>
  skbUsableBytes(bytes) + skbDataAlign(SKBUFF_HEAD) + skbDataAlign(SKB_SHARED_INFO)

/** A pure ACK or window probe: header room only. kmalloc-1024, truesize 1280. */
export const ACK_KMALLOC = kmallocSize(skbDataArea(MAX_TCP_HEADER))
export const ACK_TRUESIZE = skbTruesize(MAX_TCP_HEADER)

/** Payload bytes that a TCP data skb of a scatter-gather NIC keeps in its linear part: what just fills kmalloc-2048. */
export const TCP_LINEAR_PAYLOAD = 2048 - SKB_SHARED_INFO - MAX_TCP_HEADER

/** Bytes asked from kmalloc for the head area of a TCP data skb: exactly 2048. */
export const TCP_HEAD_AREA = skbDataArea(TCP_LINEAR_PAYLOAD + MAX_TCP_HEADER)

/** truesize of a TCP data skb with `fragmentBytes` in page fragments. */
export const tcpDataTruesize = (fragmentBytes: number): number =>
  skbTruesize(TCP_LINEAR_PAYLOAD + MAX_TCP_HEADER) + fragmentBytes

/** Bytes that netdev_alloc_skb(length) takes from a page fragment: 1522 → 1920 (two per page), 512 → 896 (four per page). */
export const netdevFragmentSize = (length: number): number => skbDataArea(length + NET_SKB_PAD)

/** How many fragments of this size fit one page: 1920 → 2, 896 → 4. */
export const fragmentsPerPage = (fragmentBytes: number): number => Math.floor(4096 / fragmentBytes)

/** truesize of a received fragment packet (build_skb): the fragment plus the head slot. */
export const netdevTruesize = (length: number): number => netdevFragmentSize(length) + SKB_HEAD_SLOT
