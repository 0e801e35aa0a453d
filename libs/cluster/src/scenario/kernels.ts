// Names that a scenario may use for kernels.

/** Names of kernels, scenarios and client groups. No dot: a dot separates the steps of a --set path. */
export const KERNEL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/

/** Bases a kernel can start from. */
export const BASES = ["v3.5", "feb-2012", "v9", "v3.6", "v3.6-P"] as const

/** Patches that can be switched one by one. */
export const PATCH_NAMES = [
  "slab-knowledge",
  "slub-fast-path",
  "gfp-memalloc",
  "softirq-memalloc",
  "pfmemalloc-if-needed",
  "ignore-mempolicy",
  "sk-gfp-atomic",
  "memalloc-sockets",
  "skb-reserve",
  "page-to-skb",
  "skb-alloc-page",
  "pfmemalloc-receive",
  "slab-micro-opt",
  "nbd-memalloc",
  "throttle",
  "throttle-counter",
  "rmem-exemption",
  "readahead-plug",
  "writeback-marks-reclaim",
  "frag-recycling",
  "small-queues",
  "nbd-append-sent"
] as const
