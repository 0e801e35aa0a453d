// Where a patch cannot matter: facts about a machine and about what else its kernel contains, one row a patch. A patch
// without a row may always matter. Each row is a property of the code of the libs, never of an observed outcome.
import { type KernelSpec, patchesOf } from "./kernel-spec.ts"
import type { PatchName } from "./patches.ts"

/** What of a machine decides whether a patch can matter. */
export interface MachineFacts {
  /** What the card's driver makes receive buffers of. */
  readonly receiveBuffers: "fragment" | "kmalloc" | "page"
  /** The driver copies packets up to some size into a fresh skb of netdev_alloc_skb, whatever its own buffers are. */
  readonly copiesPackets: boolean
  /** The card gathers fragments: what is sent lies in pages. */
  readonly scatterGather: boolean
  /** One unless given. */
  readonly memoryNodes?: number
  /** Its processes have a bind policy; not unless given. */
  readonly boundToNodes?: boolean
}

interface Situation extends MachineFacts {
  readonly allocator: KernelSpec["allocator"]
  readonly has: (name: PatchName) => boolean
}

/** A reason in words, or null where the patch may matter. */
type Rule = (on: Situation) => string | null

const without = (...needed: ReadonlyArray<PatchName>): Rule => ({ has }) => {
  const missing = needed.filter((name) => !has(name))
  return missing.length === 0 ? null : `it does nothing without ${missing.join(" and ")}`
}

const first = (...rules: ReadonlyArray<Rule>): Rule => (on) => {
  for (const rule of rules) {
    const reason = rule(on)
    if (reason !== null) return reason
  }
  return null
}

const needsSlub: Rule = ({ allocator }) => allocator === "slub" ? null : "the allocator is slab"
const needsSlab: Rule = ({ allocator }) => allocator === "slab" ? null : "the allocator is slub"

const needsNodes: Rule = ({ memoryNodes = 1 }) => memoryNodes > 1 ? null : "the machines have one memory node"

/** Received packets can carry the mark: their buffers may come from the reserve, by a path that notes it. */
const needsMarkedPackets: Rule = (on) => {
  const kmalloc = on.receiveBuffers === "kmalloc" || on.has("netdev-kmalloc")
  if (!kmalloc && on.receiveBuffers !== "page") return "no receive buffer of this card is ever marked"
  if (!on.has("gfp-memalloc")) return "it does nothing without gfp-memalloc"
  const byKmalloc = kmalloc && on.has("skb-reserve") && on.has("memalloc-sockets") && on.has("nbd-memalloc")
  const byPage = on.receiveBuffers === "page" && on.has("skb-alloc-page") && on.has("slab-knowledge")
  return byKmalloc || byPage
    ? null
    : "no packet is marked without the patches that take receive buffers from the reserve"
}

const RULES: Readonly<Partial<Record<PatchName, Rule>>> = {
  "slub-fast-path": first(needsSlub, without("slab-knowledge")),
  "gfp-memalloc": (on) =>
    on.has("nbd-memalloc") || (on.has("skb-alloc-page") && on.receiveBuffers === "page")
      ? null
      : "nothing asks for __GFP_MEMALLOC without nbd-memalloc",
  "softirq-memalloc": first(
    without("pfmemalloc-receive", "memalloc-sockets", "nbd-memalloc"),
    needsMarkedPackets
  ),
  "pfmemalloc-if-needed": without("slab-knowledge"),
  "ignore-mempolicy": needsNodes,
  "drop-nodemask": first(
    needsNodes,
    ({ boundToNodes }) => boundToNodes === true ? null : "no process is bound to memory nodes"
  ),
  "sk-gfp-atomic": without("gfp-memalloc", "nbd-memalloc"),
  "memalloc-sockets": (on) =>
    on.has("nbd-memalloc") || (on.allocator === "slab" && on.has("slab-knowledge"))
      ? null
      : "no socket is a memalloc socket without nbd-memalloc",
  "page-to-skb": first(
    without("slab-knowledge"),
    (on) => on.receiveBuffers === "page" || on.scatterGather ? null : "no packet of this card consists of pages"
  ),
  "skb-alloc-page": (on) =>
    on.receiveBuffers === "page" ? null : "the card's driver takes no pages by __skb_alloc_page",
  "pfmemalloc-receive": first(without("memalloc-sockets", "nbd-memalloc"), needsMarkedPackets),
  "slab-micro-opt": () => "it changes no behaviour",
  "throttle-counter": without("throttle"),
  "rmem-exemption": needsMarkedPackets,
  "frag-recycling": (on) =>
    (on.receiveBuffers === "kmalloc" && !on.copiesPackets) || on.has("netdev-kmalloc")
      ? "no receive buffer is a fragment of a page"
      : null,
  "slub-min-partial": needsSlub,
  "slab-skips-first": first(needsSlab, without("slab-knowledge")),
  "slab-raw-aliens": first(needsSlab, without("slab-knowledge"), needsNodes),
  "throttle-v8": without("throttle"),
  "netdev-kmalloc": (on) =>
    on.receiveBuffers === "kmalloc" && !on.copiesPackets ? "the card's driver does that anyway" : null,
  "recursive-reclaim": (on) =>
    on.has("nbd-memalloc")
      ? null
      : "without nbd-memalloc every allocation of a PF_MEMALLOC task carries __GFP_NOMEMALLOC"
}

/**
 * Why it makes no difference on this machine whether the kernel contains the patch, given everything else it contains; null
 * if it may. Something without a reason can still turn out to change nothing: compare fingerprints.
 */
export const noEffect = (spec: KernelSpec, facts: MachineFacts, name: PatchName): string | null => {
  const patches = patchesOf(spec)
  const on: Situation = { ...facts, allocator: spec.allocator, has: (other) => other === name || patches.has(other) }
  return RULES[name]?.(on) ?? null
}
