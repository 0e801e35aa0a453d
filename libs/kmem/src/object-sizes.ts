/**
 * Sizes of the kernel objects whose memory decides how a machine that swaps over the network behaves.
 *
 * Modelled: sizeof() of each structure as compiled for x86_64_defconfig of v3.6 with gcc 12 (CONFIG_NUMA, SLUB,
 * HZ 1000, NR_CPUS 64, no debugging). v3.5 differs in sk_buff by one bit inside an existing bit field: same size.
 * Not modelled: other configurations. A distro config moves some of them (MAX_TCP_HEADER up to about 320, structures
 * with debugging fields grow); that shifts how many objects fit a page, not how the allocators behave.
 * source: include/linux/{mm_types,skbuff,blkdev,bio,radix-tree,sched}.h, include/net/tcp.h
 */

/** The cache line that hardware-aligned caches are aligned to. */
export const L1_CACHE_BYTES = 64

/** struct page: the memory map costs 1.56 % of RAM. */
const STRUCT_PAGE = 64

/** struct sk_buff (slot 256), the fclone pair of two of them and a counter (slot 512), and what ends each data area. */
export const SKBUFF_HEAD = 224
export const SKBUFF_FCLONE = 452
export const SKB_SHARED_INFO = 320
/** Headroom of received buffers, and the extra offset for the IP header (0 on x86). */
export const NET_SKB_PAD = 64
const NET_IP_ALIGN = 0
/** Header room of a TCP packet: 128 + MAX_HEADER (144 in this configuration). */
export const MAX_TCP_HEADER = 272

/** struct bio, one inline bio_vec, and the "bio-0" object of the block layer's pool. */
const BIO = 104
const BIO_VEC = 16
export const BIO_0 = 168
/** struct request ("blkdev_requests"). */
export const REQUEST = 344
const IO_CONTEXT = 96
const IO_CQ = 56

/** nbd wire headers. */
const NBD_REQUEST = 28
const NBD_REPLY = 16

/** struct radix_tree_node: 64 slots, 3 tags; has a constructor (568 in SLUB) and is reclaim-accounted. */
export const RADIX_TREE_NODE = 560

export const VM_AREA_STRUCT = 176
const ANON_VMA = 64
const ANON_VMA_CHAIN = 48
export const MM_STRUCT = 816
export const TASK_STRUCT = 1880
/** Two pages, straight from the page allocator at order 1. */
const KERNEL_STACK = 8192
/** One page of page table entries, maps 2 MiB; GFP_KERNEL, never reclaimable. */
const PTE_PAGE = 4096

const SOCK = 632
const TCP_SOCK = 1720
/** struct tcp_timewait_sock ("tw_sock_TCP", a slot of 192). */
export const TCP_TIMEWAIT_SOCK = 168

/** All of them by name, for tables and reports. Bytes. */
export const objectSizes = {
  STRUCT_PAGE,
  SKBUFF_HEAD,
  SKBUFF_FCLONE,
  SKB_SHARED_INFO,
  NET_SKB_PAD,
  NET_IP_ALIGN,
  MAX_TCP_HEADER,
  BIO,
  BIO_VEC,
  BIO_0,
  REQUEST,
  IO_CONTEXT,
  IO_CQ,
  NBD_REQUEST,
  NBD_REPLY,
  RADIX_TREE_NODE,
  VM_AREA_STRUCT,
  ANON_VMA,
  ANON_VMA_CHAIN,
  MM_STRUCT,
  TASK_STRUCT,
  KERNEL_STACK,
  PTE_PAGE,
  SOCK,
  TCP_SOCK,
  TCP_TIMEWAIT_SOCK
} as const
