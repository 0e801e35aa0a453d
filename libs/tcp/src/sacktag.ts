// SACK blocks come in: the segments that they cover are tagged.
// Modelled: blocks in order, each a walk over the queue; an skb of several segments is cut where a block covers a part of it
//   (GFP_ATOMIC; without memory the walk ends there, and the next ACK tries again); what is SACKed late shows reordering; what
//   is SACKed twice (D-SACK) shows that it was sent again for nothing.
// Not modelled: tcp_shift_skb_data, which moves newly SACKed bytes into the skb before, if that is SACKed too: skbs are fewer
//   there, and are cut less often. The cache of the last blocks (recv_sack_cache), which only saves steps.
// What that costs: more skbs, and so more small allocations, while there are holes.
// source: net/ipv4/tcp_input.c:tcp_sacktag_write_queue, tcp_sacktag_walk, tcp_match_skb_to_sack, tcp_sacktag_one
import { NO_SKB, SACK_STRIDE } from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { FLAG_DATA_SACKED, FLAG_DSACKING_ACK, FLAG_ONLY_ORIG_SACKED } from "./ack-flags.ts"
import { CA_LOSS, NO_MARK, TCPCB_LOST, TCPCB_RETRANS, TCPCB_SACKED_ACKED, TCPCB_SACKED_RETRANS } from "./constants.ts"
import { markLostRetrans } from "./lost-retrans.ts"
import { updateReordering } from "./reordering.ts"
import { checkDsack, isSackblockValid } from "./sack-block.ts"
import { highestSackSeq, isFack, pcount } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { fragment } from "./write-queue.ts"

/** No D-SACK lies in the next block. */
const NO_DUP = -1

/** struct tcp_sacktag_state, with the blocks in order; one for all, because a walk is never interrupted. */
class Sacktag {
  reord = 0
  fackCount = 0
  flag = 0
  used = 0
  /** Where the first block of the ACK has come to lie; −1: it was dropped. */
  first = 0
  readonly start = new Float64Array(4)
  readonly end = new Float64Array(4)
}
const state = new Sacktag()

/** `tcp_sacktag_write_queue`: the blocks of the ACK in `frame`. Flags of the ACK. */
export const sacktagWriteQueue = (sk: TcpSocket, ctx: Context, frame: number, priorSndUna: number): number => {
  state.flag = 0
  state.reord = sk.packetsOut
  if (sk.sackedOut === 0) {
    sk.facketsOut = 0
    sk.highestSack = sk.writeHead
  }
  const foundDup = checkDsack(sk, frame, priorSndUna)
  if (foundDup) state.flag |= FLAG_DSACKING_ACK
  if (sk.stack.packets.ack[frame] < priorSndUna - sk.maxWindow) return 0
  if (sk.packetsOut === 0) return state.flag
  gatherBlocks(sk, frame, priorSndUna, foundDup)
  sortBlocks()
  let skb = sk.writeHead
  state.fackCount = 0
  for (let i = 0; i < state.used; i++) {
    const start = state.start[i]
    if (start >= highestSackSeq(sk)) {
      skb = sk.highestSack
      if (skb === NO_SKB) break
      state.fackCount = sk.facketsOut
    }
    skb = skip(sk, skb, start)
    const nextDup = foundDup && i + 1 === state.first ? i + 1 : NO_DUP
    skb = walk(sk, ctx, skb, nextDup, start, state.end[i], foundDup && i === state.first)
    // in order, so that this is right for all blocks
    if (state.end[i] > sk.frtoHighmark) state.flag &= ~FLAG_ONLY_ORIG_SACKED
  }
  markLostRetrans(sk)
  if (
    state.reord < sk.facketsOut && (sk.caState !== CA_LOSS || sk.undoMarker !== NO_MARK) &&
    (sk.frtoHighmark === NO_MARK || sk.sndUna > sk.frtoHighmark)
  ) updateReordering(sk, sk.facketsOut - state.reord, false)
  return state.flag
}

/** Takes over the blocks that can be believed and are not of the past. */
const gatherBlocks = (sk: TcpSocket, frame: number, priorSndUna: number, foundDup: boolean): void => {
  const { ack, sackBlocks, sackSeq } = sk.stack.packets
  state.used = 0
  state.first = 0
  for (let i = 0; i < sackBlocks[frame]; i++) {
    const dup = i === 0 && foundDup
    const start = sackSeq[frame * SACK_STRIDE + 2 * i]
    const end = sackSeq[frame * SACK_STRIDE + 2 * i + 1]
    if (!isSackblockValid(sk, dup, start, end)) {
      if (dup) {
        if (sk.undoMarker === NO_MARK) sk.mib.TCPDSACKIgnoredNoUndo++
        else sk.mib.TCPDSACKIgnoredOld++
      } else {
        // an ACK that was overtaken brings old blocks
        if (ack[frame] !== sk.sndUna && end <= sk.sndUna) continue
        sk.mib.TCPSACKDiscard++
      }
      if (i === 0) state.first = -1
      continue
    }
    if (end <= priorSndUna) continue
    state.start[state.used] = start
    state.end[state.used] = end
    state.used++
  }
}

/** Sorts the blocks by their beginning. */
const sortBlocks = (): void => {
  const { end, start } = state
  for (let i = state.used - 1; i > 0; i--) {
    for (let j = 0; j < i; j++) {
      if (start[j] <= start[j + 1]) continue
      const from = start[j]
      const to = end[j]
      start[j] = start[j + 1]
      end[j] = end[j + 1]
      start[j + 1] = from
      end[j + 1] = to
      if (j === state.first) state.first = j + 1
    }
  }
}

/** `tcp_sacktag_skip`: the skb that `seq` lies in. */
const skip = (sk: TcpSocket, from: number, seq: number): number => {
  const { endSeq, next } = sk.stack.skbs
  let skb = from
  while (skb !== NO_SKB && skb !== sk.sendHead && endSeq[skb] <= seq) {
    state.fackCount += pcount(sk, skb)
    skb = next[skb]
  }
  return skb
}

/** `tcp_sacktag_walk`: tags what the block covers, and what the D-SACK in block `nextDup` covers on the way. */
const walk = (
  sk: TcpSocket,
  ctx: Context,
  from: number,
  nextDup: number,
  start: number,
  end: number,
  dupIn: boolean
): number => {
  const { skbs } = sk.stack
  let skb = from
  for (; skb !== NO_SKB && skb !== sk.sendHead && skbs.seq[skb] < end; skb = skbs.next[skb]) {
    let dup = dupIn
    let covered = 0
    if (nextDup !== NO_DUP && skbs.seq[skb] < state.end[nextDup]) {
      covered = matchSkbToSack(sk, ctx, skb, state.start[nextDup], state.end[nextDup])
      if (covered > 0) dup = true
    }
    if (covered <= 0) covered = matchSkbToSack(sk, ctx, skb, start, end)
    if (covered < 0) break
    if (covered > 0) {
      skbs.sacked[skb] = sacktagOne(sk, skb, dup)
      // tcp_advance_highest_sack: the one behind the highest that was SACKed
      if (skbs.seq[skb] >= highestSackSeq(sk)) sk.highestSack = skbs.next[skb]
    }
    state.fackCount += pcount(sk, skb)
  }
  return skb
}

/**
 * `tcp_match_skb_to_sack`: does the block cover the skb, or whole segments at its beginning, which are then cut off? 1, 0, or
 * −1 when it covers less than a segment, or when there is no memory to cut.
 */
const matchSkbToSack = (sk: TcpSocket, ctx: Context, skb: number, start: number, end: number): number => {
  const { endSeq, gsoSize, len, seq } = sk.stack.skbs
  const from = seq[skb]
  if (start <= from && end >= endSeq[skb]) return 1
  if (pcount(sk, skb) === 1 || endSeq[skb] <= start) return 0
  const mss = gsoSize[skb]
  const inSack = start <= from
  let cut = inSack ? end - from : Math.max(start - from, mss)
  if (cut < mss) return -1
  if (cut > mss) {
    const whole = cut - (cut % mss)
    if (!inSack && whole < cut) {
      if (whole + mss > len[skb]) return 0
      cut = whole + mss
    } else cut = whole
  }
  // nothing is left to cut: 3.5 would make an empty skb
  if (cut >= len[skb]) return 0
  if (!fragment(sk, ctx, skb, cut, GFP_ATOMIC, mss)) return -1
  return inSack ? 1 : 0
}

/** `tcp_sacktag_one`: the skb is SACKed. Its tags from now on. */
const sacktagOne = (sk: TcpSocket, skb: number, dup: boolean): number => {
  const { endSeq, sacked: tags, seq } = sk.stack.skbs
  let sacked = tags[skb]
  const end = endSeq[skb]
  if (dup && (sacked & TCPCB_RETRANS) !== 0) {
    if (sk.undoMarker !== NO_MARK && sk.undoRetrans > 0 && end > sk.undoMarker) sk.undoRetrans--
    if ((sacked & TCPCB_SACKED_ACKED) !== 0) state.reord = Math.min(state.fackCount, state.reord)
  }
  // it is about to go
  if (end <= sk.sndUna) return sacked
  const count = pcount(sk, skb)
  if ((sacked & TCPCB_SACKED_ACKED) === 0) {
    if ((sacked & TCPCB_SACKED_RETRANS) !== 0) {
      // if it was not lost, both are believed to be under way
      if ((sacked & TCPCB_LOST) !== 0) {
        sacked &= ~(TCPCB_LOST | TCPCB_SACKED_RETRANS)
        sk.lostOut -= count
        sk.retransOut -= count
      }
    } else {
      if ((sacked & TCPCB_RETRANS) === 0) {
        // it was sent once, and filled a hole: it came late
        if (seq[skb] < highestSackSeq(sk)) state.reord = Math.min(state.fackCount, state.reord)
        if (end <= sk.frtoHighmark) state.flag |= FLAG_ONLY_ORIG_SACKED
      }
      if ((sacked & TCPCB_LOST) !== 0) {
        sacked &= ~TCPCB_LOST
        sk.lostOut -= count
      }
    }
    sacked |= TCPCB_SACKED_ACKED
    state.flag |= FLAG_DATA_SACKED
    sk.sackedOut += count
    if (!isFack(sk) && sk.lostSkbHint !== NO_SKB && seq[skb] < seq[sk.lostSkbHint]) sk.lostCntHint += count
    sk.facketsOut = Math.max(sk.facketsOut, state.fackCount + count)
  }
  if (dup && (sacked & TCPCB_SACKED_RETRANS) !== 0) {
    sacked &= ~TCPCB_SACKED_RETRANS
    sk.retransOut -= count
  }
  return sacked
}
