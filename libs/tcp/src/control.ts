// Segments that hold no place in the write queue: ACKs, window probes and RST.
// Modelled: the allocation that each takes, and what happens when it fails.
// Not modelled: the memory of a reset.
// source: net/ipv4/tcp_output.c:tcp_send_ack, tcp_xmit_probe_skb, tcp_send_active_reset
import { MAX_TCP_HEADER, TCPHDR_ACK } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { TCP_ATO_MIN, TCP_DELACK_MAX } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { queueXmit } from "./transmit.ts"

/** `tcp_send_ack`: a head and a kmalloc-1024. Without memory the delayed-ACK timer tries again. */
export const sendAck = (sk: TcpSocket, ctx: Context): void => {
  if (sk.error !== 0) return
  const skb = sk.stack.skbs.tryAllocSkb(ctx, MAX_TCP_HEADER, sk.gfpAtomic(), 0)
  if (skb < 0) {
    sk.ackFailures++
    sk.ackScheduled = true
    sk.ato = TCP_ATO_MIN
    const sim = sk.stack.sim
    sk.delackTimer.armAt(sim.queue.now + sim.jiffies(TCP_DELACK_MAX))
    return
  }
  sk.acksSent++
  sk.outSegs++
  queueXmit(sk, ctx, skb, sk.sndNxt, 0, TCPHDR_ACK)
}

/** `tcp_xmit_probe_skb`: an old sequence number, which the peer must answer. 0 or −1 without memory. */
export const xmitProbeSkb = (sk: TcpSocket, ctx: Context): number => {
  const skb = sk.stack.skbs.tryAllocSkb(ctx, MAX_TCP_HEADER, sk.gfpAtomic(), 0)
  if (skb < 0) return -1
  sk.outSegs++
  return queueXmit(sk, ctx, skb, sk.sndUna - 1, 0, TCPHDR_ACK)
}

/** `tcp_send_active_reset`. */
export const sendReset = (sk: TcpSocket): void =>
  sk.stack.sendReset(sk.port, sk.peerHost, sk.peerPort, sk.sndNxt, sk.rcvNxt)
