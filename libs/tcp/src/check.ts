// What must hold for a socket at any time: the tests call this after each step.
import { MAX_SKB_FRAGS, NO_SKB } from "@swaplab/net-skb"
import { assert } from "@swaplab/sim"
import { TCPCB_LOST, TCPCB_SACKED_ACKED, TCPCB_SACKED_RETRANS } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Recounts what the socket counts as it goes; dies on a difference. */
export const checkSocket = (sk: TcpSocket): void => {
  const skbs = sk.stack.skbs
  let queued = 0
  let out = 0
  let lost = 0
  let retrans = 0
  let sacked = 0
  let fackets = 0
  let highest = false
  let sentPart = true
  for (let skb = sk.writeHead; skb !== NO_SKB; skb = skbs.next[skb]) {
    if (skb === sk.sendHead) sentPart = false
    queued += skbs.truesize[skb]
    if (skb === sk.highestSack) highest = true
    if (sentPart) {
      const count = skbs.gsoSegs[skb]
      const size = skbs.gsoSize[skb]
      assert(count === 1 ? size === 0 : count === Math.ceil(skbs.len[skb] / size), "segments of an skb miscounted")
      const tags = skbs.sacked[skb]
      out += count
      if ((tags & TCPCB_LOST) !== 0) {
        lost += count
        assert(skbs.endSeq[skb] <= sk.retransmitHigh, "a lost segment lies behind the end of those to retransmit")
      }
      if ((tags & TCPCB_SACKED_RETRANS) !== 0) retrans += count
      if ((tags & TCPCB_SACKED_ACKED) !== 0) {
        sacked += count
        fackets = out
        assert((tags & TCPCB_LOST) === 0, "a segment has arrived and is lost")
      }
    }
    assert(skbs.endSeq[skb] >= skbs.seq[skb] + skbs.len[skb], "segment with wrong offsets")
    const follower = skbs.next[skb]
    assert(follower === NO_SKB || skbs.seq[follower] === skbs.endSeq[skb], "a gap in the send queue")
    let bytes = skbs.headLen[skb]
    for (let i = 0; i < skbs.nrFrags[skb]; i++) {
      const size = skbs.fragLen[skb * MAX_SKB_FRAGS + i]
      assert(size > 0, "empty fragment")
      bytes += size
    }
    assert(bytes === skbs.len[skb], "linear part and fragments do not make up the segment")
  }
  assert(queued === sk.wmemQueued, "queued send memory miscounted")
  assert(out === sk.packetsOut, "packets in flight miscounted")
  assert(lost === sk.lostOut, "lost segments miscounted")
  assert(retrans === sk.retransOut, "segments under way again miscounted")
  assert(sk.sackedOut >= 0 && sk.sackedOut + sk.lostOut <= sk.packetsOut, "more has left the network than was sent")
  if (sk.sackOk) {
    assert(sacked === sk.sackedOut, "SACKed segments miscounted")
    assert(sk.facketsOut >= fackets && sk.facketsOut <= sk.packetsOut, "segments up to the highest SACK miscounted")
    assert(sacked === 0 || highest || sk.highestSack === NO_SKB, "the highest SACK is nowhere in the queue")
  } else {
    assert(sacked === 0 && sk.facketsOut === 0, "segments are SACKed on a connection without SACK")
  }
  assert(
    sk.sendHead === NO_SKB || skbs.seq[sk.sendHead] === sk.sndNxt,
    "what is sent next does not follow what was sent"
  )
  let held = 0
  let readable = sk.copiedSeq
  for (let skb = sk.rcvHead; skb !== NO_SKB; skb = skbs.next[skb]) {
    held += skbs.truesize[skb]
    assert(skbs.seq[skb] <= readable, "a gap in the receive queue")
    readable = skbs.endSeq[skb]
  }
  assert(sk.rcvHead === NO_SKB || readable === sk.rcvNxt, "the receive queue ends before what was acknowledged")
  let above = sk.rcvNxt
  for (let skb = sk.oooHead; skb !== NO_SKB; skb = skbs.next[skb]) {
    held += skbs.truesize[skb]
    assert(skbs.endSeq[skb] > sk.rcvNxt, "an out-of-order segment is in order")
    assert(skbs.seq[skb] >= above, "out-of-order segments are not sorted")
    above = skbs.seq[skb]
  }
  assert(held === sk.rmemAlloc, "receive memory miscounted")
  assert(sk.sndUna <= sk.sndNxt && sk.sndNxt <= sk.writeSeq, "send offsets out of order")
  assert(sk.copiedSeq <= sk.rcvNxt, "read beyond what was received")
  sk.sent.checkInvariants()
}
