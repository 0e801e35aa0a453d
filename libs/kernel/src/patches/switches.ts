// Which switch of which lib each patch turns: the only place where the names of patches meet the names of switches.
import type { ReserveSwitches } from "@swaplab/kmem"
import type { NbdOptions } from "@swaplab/nbd-driver"
import type { NetSwitches } from "@swaplab/net-skb"
import type { PageAllocSwitches } from "@swaplab/page-alloc"
import type { SlubOptions } from "@swaplab/slub"
import type { VmscanSwitches } from "@swaplab/vmscan"
import { type KernelSpec, patchesOf } from "./kernel-spec.ts"

export const pageAllocSwitches = (spec: KernelSpec): PageAllocSwitches => {
  const has = patchesOf(spec)
  return {
    pfmemallocMark: !has.has("slab-knowledge")
      ? "none"
      : has.has("pfmemalloc-if-needed")
      ? "no-watermarks"
      : "slowpath",
    gfpMemalloc: has.has("gfp-memalloc"),
    softirqMemalloc: has.has("softirq-memalloc"),
    ignoreMempolicy: has.has("ignore-mempolicy"),
    dropNodemask: has.has("drop-nodemask"),
    recursiveReclaim: has.has("recursive-reclaim")
  }
}

/** Of the object allocators: SLAB and SLUB each read their own. */
export const reserveSwitches = (spec: KernelSpec): ReserveSwitches => {
  const has = patchesOf(spec)
  return {
    reserveSlabs: has.has("slab-knowledge"),
    slowPathTest: has.has("slub-fast-path"),
    memallocGate: has.has("memalloc-sockets"),
    skipsFirst: has.has("slab-skips-first"),
    rawAliens: has.has("slab-raw-aliens")
  }
}

export const slubRelease = (spec: KernelSpec): Required<Pick<SlubOptions, "unfreezeKeepsMinPartial">> => ({
  unfreezeKeepsMinPartial: patchesOf(spec).has("slub-min-partial")
})

export const vmscanSwitches = (spec: KernelSpec): VmscanSwitches => {
  const has = patchesOf(spec)
  return {
    throttle: has.has("throttle"),
    kswapdWakesThrottled: has.has("throttle") && !has.has("throttle-v8"),
    throttleBounded: has.has("throttle") && !has.has("throttle-v8"),
    throttleCounter: has.has("throttle-counter"),
    writebackMarksReclaim: has.has("writeback-marks-reclaim"),
    pageoutList: has.has("pageout-list")
  }
}

export const netSwitches = (spec: KernelSpec): NetSwitches => {
  const has = patchesOf(spec)
  return {
    gfpSocket: has.has("sk-gfp-atomic"),
    memallocSockets: has.has("memalloc-sockets"),
    skbReserve: has.has("skb-reserve"),
    pageToSkb: has.has("page-to-skb"),
    skbAllocPage: has.has("skb-alloc-page"),
    pfmemallocReceive: has.has("pfmemalloc-receive"),
    rmemExemption: has.has("rmem-exemption"),
    tsq: has.has("small-queues"),
    challengeAcks: has.has("challenge-acks"),
    netdevFragRecycle: has.has("frag-recycling"),
    netdevKmalloc: has.has("netdev-kmalloc")
  }
}

export const readaheadPlug = (spec: KernelSpec): boolean => patchesOf(spec).has("readahead-plug")

export const nbdSwitches = (spec: KernelSpec): Pick<NbdOptions, "memallocXmit" | "appendSent"> => {
  const has = patchesOf(spec)
  return { memallocXmit: has.has("nbd-memalloc"), appendSent: has.has("nbd-append-sent") }
}
