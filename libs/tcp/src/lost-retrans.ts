// Segments that were sent again and lost again.
// A segment sent again carries SND.NXT of that moment (ackSeq). When the peer SACKs something beyond, which left later, the
// earlier one is lost, because FACK takes the network to keep the order.
// source: net/ipv4/tcp_input.c:tcp_mark_lost_retrans
import { NO_SKB } from "@swaplab/net-skb"
import { CA_RECOVERY, TCPCB_SACKED_RETRANS } from "./constants.ts"
import { highestSackSeq, isFack, pcount, skbMarkLostUncondVerify } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_mark_lost_retrans`. */
export const markLostRetrans = (sk: TcpSocket): void => {
  const receivedUpto = highestSackSeq(sk)
  if (!isFack(sk) || sk.retransOut === 0 || receivedUpto <= sk.lostRetransLow || sk.caState !== CA_RECOVERY) return
  const { ackSeq, endSeq, next, sacked } = sk.stack.skbs
  let newLowSeq = sk.sndNxt
  let count = 0
  for (let skb = sk.writeHead; skb !== NO_SKB && skb !== sk.sendHead && count !== sk.retransOut; skb = next[skb]) {
    if (endSeq[skb] <= sk.sndUna || (sacked[skb] & TCPCB_SACKED_RETRANS) === 0) continue
    if (receivedUpto > ackSeq[skb]) {
      sacked[skb] &= ~TCPCB_SACKED_RETRANS
      sk.retransOut -= pcount(sk, skb)
      skbMarkLostUncondVerify(sk, skb)
      sk.mib.TCPLostRetransmit++
    } else {
      newLowSeq = Math.min(newLowSeq, ackSeq[skb])
      count += pcount(sk, skb)
    }
  }
  if (sk.retransOut > 0) sk.lostRetransLow = newLowSeq
}
