// CPU time of what a kernel does, in nanoseconds, of a machine of 2012. The defaults are estimates; scenario files state
// and override them. Their sum fits 7 to 19 µs of system time per page swapped out and in again: the runs published in 2012
// took from 73.45 s (3.4, with the patches) over 173.07 s (3.5, with them) to 197.80 s (3.5, without), over about 10.5
// million touches, 5 passes over 8 GiB, if about every touch swaps a page. Number of passes and share are not published.

/** CPU costs in nanoseconds. */
export interface Costs {
  /** A minor fault: entry, page-table walk, zeroing a page. */
  readonly minorFaultNs: number
  /** A touch of a resident page with a cold TLB and cache. */
  readonly touchNs: number
  /** Reclaim: looking at one page. */
  readonly scanPageNs: number
  /** Reclaim: unmapping one page. */
  readonly unmapPageNs: number
  /** Reclaim: a swap slot, a bio and its submission. */
  readonly swapOutPageNs: number
  /** Receiving or sending one packet in softirq. */
  readonly packetNs: number
  /** Receiving one packet that GRO appends to another: its buffer, its headers, the list. */
  readonly mergedPacketNs: number
  /** Copying one KiB between a socket and its user. */
  readonly perKiBNs: number
  readonly contextSwitchNs: number
  /** Memory accesses of filling a page of the own memory node, within a minor fault; more for a page of another node. */
  readonly pageAccessNs: number
}

export const DEFAULT_COSTS: Costs = {
  minorFaultNs: 1000,
  touchNs: 35,
  scanPageNs: 300,
  unmapPageNs: 300,
  swapOutPageNs: 2000,
  packetNs: 1500,
  mergedPacketNs: 500,
  perKiBNs: 250,
  contextSwitchNs: 2000,
  pageAccessNs: 500
}
