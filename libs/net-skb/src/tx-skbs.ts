// The skbs in the rows of a transmit ring: how a row gets them, and how it gives them back.
// Modelled: a card with TSO gets the skb as it is, and holds it until its last frame has left. One without TSO gets an skb for
// each segment (tx-gso.ts), and the long skb is given back when they are in the ring.
// Not modelled: Linux makes the segments when the long skb leaves the queue, here they are made when it is queued; so a long skb
// that waits takes the memory of its segments too.
// source: net/core/dev.c:dev_hard_start_xmit; drivers/net/ethernet/intel/e1000/e1000_main.c:e1000_clean_tx_irq
import type { Context } from "@swaplab/page-alloc"
import { NO_SKB } from "./skb-rows.ts"
import type { NetStack } from "./stack.ts"
import { freeSegments, skbSegment } from "./tx-gso.ts"
import type { TxRows } from "./tx-rows.ts"

/** Truesize of a row that holds segments: no socket pays for them. */
const SEGMENTS = -1

/** The row holds an skb that the card sends as it is, or cuts. */
export const holdSkb = (stack: NetStack, rows: TxRows, row: number, skb: number): void => {
  const { skbs } = stack
  rows.skb[row] = skb
  rows.truesize[row] = skbs.truesize[skb]
  rows.needs[row] = 1 + skbs.nrFrags[skb]
}

/**
 * The row holds the segments of a long skb, and that skb until they are in a ring of so many descriptors. False: there was no
 * memory for them, and it holds nothing.
 */
export const holdSegments = (
  stack: NetStack,
  rows: TxRows,
  ctx: Context,
  row: number,
  skb: number,
  descriptors: number
): boolean => {
  const { skbs, tx } = stack
  const first = skbSegment(skbs, ctx, skb, tx.mss)
  if (first === NO_SKB) return false
  let needs = 0
  for (let segment = first; segment !== NO_SKB; segment = skbs.next[segment]) needs += 1 + skbs.nrFrags[segment]
  rows.skb[row] = first
  rows.original[row] = skb
  rows.truesize[row] = skbs.truesize[skb]
  // Linux sends what fits of a list that is longer than the ring; here it waits for the whole ring
  rows.needs[row] = Math.min(needs, descriptors)
  return true
}

/** The row is in the ring. If it holds segments, the long skb is free, and its socket's memory. */
export const releaseOriginal = (stack: NetStack, rows: TxRows, ctx: Context, row: number): void => {
  const original = rows.original[row]
  if (original === NO_SKB) return
  rows.original[row] = NO_SKB
  const truesize = rows.truesize[row]
  rows.truesize[row] = SEGMENTS
  releaseSkb(stack, ctx, original, rows.sport[row], truesize)
}

/** The frames of the row have left, or never will. */
export const releaseRow = (stack: NetStack, rows: TxRows, ctx: Context, row: number): void => {
  releaseOriginal(stack, rows, ctx, row)
  const skb = rows.skb[row]
  const truesize = rows.truesize[row]
  if (truesize === SEGMENTS) freeSegments(stack.skbs, ctx, skb)
  else releaseSkb(stack, ctx, skb, rows.sport[row], truesize)
}

/** Frees the ring's user of an skb of the socket `sport`, which gets back the `truesize` that it paid. */
export const releaseSkb = (stack: NetStack, ctx: Context, skb: number, sport: number, truesize: number): void => {
  const { skbs } = stack
  // the user that the ring holds is either the fast clone of a queued segment or the only one
  skbs.twinBusy[skb] = 0
  const socket = stack.socket(sport)
  if (socket !== null) socket.skbFreed(ctx, truesize)
  skbs.kfree(ctx, skb)
}
