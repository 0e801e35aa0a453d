// The patches a kernel can contain, as named switches: the series of 2012, what came with Linux 3.6 beside it, older forms
// of the same patches, and the two counter-proposals of 2007. No lib reads a release name or a patch number: bases.ts says
// which patches a release contains, switches.ts which switches of the libs a patch turns, effect.ts where a patch cannot
// matter.

/** Where a patch comes from. */
export type PatchKind =
  /** One of the sixteen merged for 3.6. */
  | "series"
  /** The stream fix that came with the NFS series, "+1". */
  | "stream-fix"
  /** A change between 3.5 and 3.6 outside the series. */
  | "release"
  /** The older form of something: on, it replaces the form of 3.6. */
  | "revision"
  /** Proposed on the mailing list in August 2007 in place of such a series, never merged. */
  | "alternative"
  /** Changes what the series does, in a kernel after 3.6. */
  | "later"

/** One patch. */
export interface Patch {
  readonly name: PatchName
  readonly kind: PatchKind
  /** Place in the series as merged on 2012-07-31, 0 outside of it. */
  readonly number: number
  readonly meaning: string
  /** Commit in Linux, or an empty string where there is none or none is known. */
  readonly commit: string
  /** The commit id stood in a source that was read. */
  readonly commitSeen: boolean
  /** What of it could not be checked against any source, or an empty string. */
  readonly unverified: string
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
  | "challenge-acks"
  | "nbd-append-sent"
  | "slub-min-partial"
  | "slab-skips-first"
  | "slab-raw-aliens"
  | "throttle-v8"
  | "netdev-kmalloc"
  | "recursive-reclaim"
  | "pageout-list"
  | "drop-nodemask"

const patch = (
  kind: PatchKind,
  number: number,
  name: PatchName,
  meaning: string,
  commit = "",
  commitSeen = true
): Patch => ({ name, kind, number, meaning, commit, commitSeen, unverified: "" })

const inferred = (kind: PatchKind, name: PatchName, meaning: string, unverified: string): Patch => ({
  ...patch(kind, 0, name, meaning),
  unverified
})

const series = (number: number, name: PatchName, meaning: string, commit: string): Patch =>
  patch("series", number, name, meaning, commit)

/** The same, with a commit id that no source we read confirms. */
const recalled = (number: number, name: PatchName, meaning: string, commit: string): Patch =>
  patch("series", number, name, meaning, commit, false)

/** Every patch; the merged series in its order first. */
export const PATCHES: ReadonlyArray<Patch> = [
  series(
    1,
    "slab-knowledge",
    "SLAB and SLUB keep objects of reserve pages for those who may use the reserve",
    "072bb0aa5e06"
  ),
  series(2, "slub-fast-path", "SLUB tests the mark of a slab in its slow path and node list only", "5091b74a95d4"),
  series(3, "gfp-memalloc", "__GFP_MEMALLOC grants the reserve to one allocation", "b37f1dd0f543"),
  series(4, "softirq-memalloc", "a softirq may carry PF_MEMALLOC of its own", "907aed48f65e"),
  recalled(5, "pfmemalloc-if-needed", "page->pfmemalloc only when the reserve was really used", "cfd19c5a9ecf"),
  recalled(
    6,
    "ignore-mempolicy",
    "reserve allocations ignore memory policies (machines with several memory nodes)",
    "183f6371aac2"
  ),
  recalled(7, "sk-gfp-atomic", "ACKs and probes of a memalloc socket may use the reserve", "99a1dec70d5a"),
  series(8, "memalloc-sockets", "SOCK_MEMALLOC and the static key memalloc_socks", "7cb0240492ca"),
  series(
    9,
    "skb-reserve",
    "skb allocation from the reserve, marked; sk_filter drops such skbs for other sockets",
    "c93bdd0e03e8"
  ),
  recalled(10, "page-to-skb", "a page fragment hands its mark on to the skb", "c48a11c7ad26"),
  recalled(11, "skb-alloc-page", "receive pages of igb and ixgbe from the reserve", "0614002bb5f7"),
  series(12, "pfmemalloc-receive", "PF_MEMALLOC while a marked skb is processed", "b4b9e3558508"),
  series(13, "slab-micro-opt", "the SLAB test inlined: no change of behaviour", "381760eadc39"),
  series(14, "nbd-memalloc", "nbd sends and receives with PF_MEMALLOC on a memalloc socket", "7f338fe4540b"),
  series(15, "throttle", "direct reclaimers wait while half of the reserve is used", "5515061d22f0"),
  series(16, "throttle-counter", "pgscan_direct_throttle in /proc/vmstat", "68243e76d0e3"),
  patch(
    "stream-fix",
    0,
    "rmem-exemption",
    "marked skbs are received even when the protocol is over its memory limit",
    "c76562b6709f"
  ),
  patch("release", 0, "readahead-plug", "swap readahead submits its eight pages under one plug"),
  patch("release", 0, "writeback-marks-reclaim", "reclaim marks pages under writeback for rotation"),
  patch("release", 0, "frag-recycling", "receive fragments: a page whose fragments are all free is used again"),
  patch("release", 0, "small-queues", "TCP small queues: 128 KiB of a socket below the stack"),
  patch("release", 0, "challenge-acks", "RFC 5961: a RST that is not the next segment is asked about"),
  patch("release", 0, "nbd-append-sent", "nbd appends sent requests to its list"),
  patch("release", 0, "slub-min-partial", "SLUB keeps min_partial empty slabs when it spills a partial list"),
  patch("revision", 0, "slab-skips-first", "SLAB's search for an unreserved object leaves out the array's first entry"),
  patch(
    "revision",
    0,
    "slab-raw-aliens",
    "the SLAB patch without its part in cache_free_alien: objects enter alien arrays without their mark"
  ),
  inferred(
    "revision",
    "throttle-v8",
    "kswapd may sleep while tasks are throttled, and tasks without __GFP_FS are throttled without limit",
    "V8's code; both follow from V9's changelog"
  ),
  patch("revision", 0, "netdev-kmalloc", "receive buffers by kmalloc, which are marked, as before 3.5"),
  inferred(
    "alternative",
    "recursive-reclaim",
    "emergency_free_pages: a PF_MEMALLOC allocation that finds nothing drops clean pages and tries again",
    "the reclaim of 2.6.23 behind the posted patch; it is put on the lists of 3.5"
  ),
  inferred(
    "alternative",
    "pageout-list",
    "reclaim collects the pages that need I/O, and starts it afterwards without PF_MEMALLOC",
    "there was no code: length of the list, and when it is written, are choices"
  ),
  inferred(
    "later",
    "drop-nodemask",
    "reserve allocations are free of the nodemask of a bind policy as well: what ignore-mempolicy had left in force",
    "its commit, and the rest of the kernel of 2018 that it came with"
  )
]

/** How the series counts it: `14`, `+1` for the stream fix, `-` outside of it. */
export const patchNumber = ({ kind, number }: Pick<Patch, "kind" | "number">): string =>
  number > 0 ? String(number) : kind === "stream-fix" ? "+1" : "-"
