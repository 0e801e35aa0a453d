// Segments that hold no place in the write queue: ACKs, window probes and RST.
// Modelled: the allocation that each takes, and what happens when it fails.
// Not modelled: the memory of a reset.
// source: net/ipv4/tcp_output.c:tcp_send_ack, tcp_xmit_probe_skb, tcp_send_active_reset
import { MAX_TCP_HEADER, TCP_HEADER_BYTES, TCPHDR_ACK, TCPHDR_RST } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
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
  queueXmit(sk, ctx, skb, sk.sndNxt, 0, TCPHDR_ACK)
}

/** `tcp_xmit_probe_skb`: an old sequence number, which the peer must answer. 0 or −1 without memory. */
export const xmitProbeSkb = (sk: TcpSocket, ctx: Context): number => {
  const skb = sk.stack.skbs.tryAllocSkb(ctx, MAX_TCP_HEADER, sk.gfpAtomic(), 0)
  if (skb < 0) return -1
  return queueXmit(sk, ctx, skb, sk.sndUna - 1, 0, TCPHDR_ACK)
}

/** A reset, from no memory of its own. */
export const sendReset = (sk: TcpSocket): void => {
  const packets = sk.stack.packets
  const frame = packets.alloc()
  packets.bytes[frame] = TCP_HEADER_BYTES
  packets.proto[frame] = sk.stack.tx.proto
  packets.src[frame] = sk.stack.host
  packets.dst[frame] = sk.peerHost
  packets.sport[frame] = sk.port
  packets.port[frame] = sk.peerPort
  packets.seq[frame] = sk.sndNxt
  packets.ack[frame] = sk.rcvNxt
  packets.wnd[frame] = 0
  packets.len[frame] = 0
  packets.flags[frame] = TCPHDR_RST | TCPHDR_ACK
  assert(sk.stack.device !== null, "no network device is plugged in")
  sk.stack.device.transmitFrame(frame)
}
