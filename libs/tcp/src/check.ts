// What must hold for a socket at any time: the tests call this after each step.
import { MAX_SKB_FRAGS, NO_SKB } from "@swaplab/net-skb"
import { assert } from "@swaplab/sim"
import type { TcpSocket } from "./tcp-sock.ts"

/** Recounts what the socket counts as it goes; dies on a difference. */
export const checkSocket = (sk: TcpSocket): void => {
  const skbs = sk.stack.skbs
  let queued = 0
  let out = 0
  let sentPart = true
  for (let skb = sk.writeHead; skb !== NO_SKB; skb = skbs.next[skb]) {
    if (skb === sk.sendHead) sentPart = false
    queued += skbs.truesize[skb]
    if (sentPart) out += Math.max(1, Math.ceil(skbs.len[skb] / sk.mss))
    assert(skbs.endSeq[skb] >= skbs.seq[skb] + skbs.len[skb], "segment with wrong offsets")
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
  assert(sk.lostOut >= 0 && sk.retransOut >= 0 && sk.lostOut <= sk.packetsOut, "lost segments miscounted")
  let held = 0
  for (let skb = sk.rcvHead; skb !== NO_SKB; skb = skbs.next[skb]) held += skbs.truesize[skb]
  for (let skb = sk.oooHead; skb !== NO_SKB; skb = skbs.next[skb]) {
    held += skbs.truesize[skb]
    assert(skbs.endSeq[skb] > sk.rcvNxt, "an out-of-order segment is in order")
  }
  assert(held === sk.rmemAlloc, "receive memory miscounted")
  assert(sk.sndUna <= sk.sndNxt && sk.sndNxt <= sk.writeSeq, "send offsets out of order")
  assert(sk.copiedSeq <= sk.rcvNxt, "read beyond what was received")
  sk.sent.checkInvariants()
}
