// The series of 2012 as named switches. No lib reads a release name or a patch number: this table maps a base and single
// patches to the switches that each lib declares for itself.

/** One patch: its place in the merged series, a name, what it changes, its commit in Linux 3.6. */
export interface Patch {
  /** Number in the merged series of 2012-07-31; 0 for changes that came with other series or with the release. */
  readonly number: number
  readonly name: PatchName
  readonly meaning: string
  /** Commit, or an empty string where none was verified. */
  readonly commit: string
}

export type PatchName =
  | "slab-knowledge"
  | "slub-fast-path"
  | "gfp-memalloc"
  | "softirq-memalloc"
  | "pfmemalloc-if-needed"
  | "ignore-mempolicy"
  | "sk-gfp-atomic"
  | "memalloc-sockets"
  | "skb-reserve"
  | "page-to-skb"
  | "skb-alloc-page"
  | "pfmemalloc-receive"
  | "slab-micro-opt"
  | "nbd-memalloc"
  | "throttle"
  | "throttle-counter"
  | "rmem-exemption"
  | "readahead-plug"
  | "writeback-marks-reclaim"
  | "frag-recycling"
  | "small-queues"
  | "nbd-append-sent"

export const PATCHES: ReadonlyArray<Patch> = [
  patch(
    1,
    "slab-knowledge",
    "SLAB and SLUB keep objects of reserve pages for those who may use the reserve",
    "072bb0aa5e06"
  ),
  patch(2, "slub-fast-path", "SLUB tests the mark of a slab in its slow path and node list only", "5091b74a95d4"),
  patch(3, "gfp-memalloc", "__GFP_MEMALLOC grants the reserve to one allocation", "b37f1dd0f543"),
  patch(4, "softirq-memalloc", "a softirq may carry PF_MEMALLOC of its own", "907aed48f65e"),
  patch(5, "pfmemalloc-if-needed", "page->pfmemalloc only when the reserve was really used", "cfd19c5a9ecf"),
  patch(
    6,
    "ignore-mempolicy",
    "reserve allocations ignore memory policies (NUMA only: no effect on these machines)",
    "183f6371aac2"
  ),
  patch(7, "sk-gfp-atomic", "ACKs and probes of a memalloc socket may use the reserve", "99a1dec70d5a"),
  patch(8, "memalloc-sockets", "SOCK_MEMALLOC and the static key memalloc_socks", "7cb0240492ca"),
  patch(
    9,
    "skb-reserve",
    "skb allocation from the reserve, marked; sk_filter drops such skbs for other sockets",
    "c93bdd0e03e8"
  ),
  patch(10, "page-to-skb", "a page fragment hands its mark on to the skb", "c48a11c7ad26"),
  patch(11, "skb-alloc-page", "receive pages of igb and ixgbe from the reserve", "0614002bb5f7"),
  patch(12, "pfmemalloc-receive", "PF_MEMALLOC while a marked skb is processed", "b4b9e3558508"),
  patch(13, "slab-micro-opt", "the SLAB test inlined: no change of behaviour", "381760eadc39"),
  patch(14, "nbd-memalloc", "nbd sends and receives with PF_MEMALLOC on a memalloc socket", "7f338fe4540b"),
  patch(15, "throttle", "direct reclaimers wait while half of the reserve is used", "5515061d22f0"),
  patch(16, "throttle-counter", "pgscan_direct_throttle in /proc/vmstat", "68243e76d0e3"),
  patch(
    0,
    "rmem-exemption",
    "marked skbs are received even when the protocol is over its memory limit",
    "c76562b6709f"
  ),
  patch(0, "readahead-plug", "swap readahead submits its eight pages under one plug", ""),
  patch(0, "writeback-marks-reclaim", "reclaim marks pages under writeback for rotation", ""),
  patch(0, "frag-recycling", "receive fragments: a page whose fragments are all free is used again", ""),
  patch(0, "small-queues", "TCP small queues: 128 KiB of a socket below the stack", ""),
  patch(0, "nbd-append-sent", "nbd appends sent requests to its list", "")
]

function patch(number: number, name: PatchName, meaning: string, commit: string): Patch {
  return { number, name, meaning, commit }
}

/** Names of the bases a kernel can start from. */
export const BASES = ["v3.5", "feb-2012", "v9", "v3.6", "v3.6-P"] as const
export type Base = (typeof BASES)[number]

const SERIES: ReadonlyArray<PatchName> = PATCHES.filter((entry) => entry.number > 0).map((entry) => entry.name)
const V36: ReadonlyArray<PatchName> = PATCHES.map((entry) => entry.name)
/** V9 of April 2012 had no separate SLUB fast path patch and marked pages after any slow-path success (inferred). */
const V9: ReadonlyArray<PatchName> = SERIES.filter((name) =>
  name !== "slub-fast-path" && name !== "pfmemalloc-if-needed"
)

const IN_BASE: Readonly<Record<Base, ReadonlyArray<PatchName>>> = {
  "v3.5": [],
  "feb-2012": V9,
  v9: V9,
  "v3.6": V36,
  "v3.6-P": V36
}

/** A kernel: which object allocator it was built with, and what it contains. */
export interface KernelSpec {
  readonly allocator: "slab" | "slub"
  readonly base: Base
  /** Single patches put on top of the base, or taken out of it. */
  readonly patches?: Readonly<Partial<Record<PatchName, boolean>>>
}

/** The patches that a kernel contains. */
export const patchesOf = (spec: KernelSpec): ReadonlySet<PatchName> => {
  const set = new Set<PatchName>(IN_BASE[spec.base])
  for (const { name } of PATCHES) {
    const wanted = spec.patches?.[name]
    if (wanted === true) set.add(name)
    if (wanted === false) set.delete(name)
  }
  return set
}

/** Which revision of the pfmemalloc handling an object allocator has. */
export const pfmemallocRevision = (spec: KernelSpec): "none" | "feb-2012" | "v3.6" => {
  const set = patchesOf(spec)
  if (!set.has("slab-knowledge")) return "none"
  if (spec.allocator === "slub") return set.has("slub-fast-path") ? "v3.6" : "feb-2012"
  return spec.base === "feb-2012" || spec.base === "v9" ? "feb-2012" : "v3.6"
}

/** Changes of SLUB between v3.5 and v3.6 that belong to no series: they come with the base. See SlubOptions. */
export const slubRelease = (spec: KernelSpec): { readonly unfreezeKeepsMinPartial: boolean } => ({
  unfreezeKeepsMinPartial: spec.base === "v3.6" || spec.base === "v3.6-P"
})
