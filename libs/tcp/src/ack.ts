// When to acknowledge: at once, or a little later.
// Modelled: the delayed ACK (40 to 200 ms, adapted to the gaps between packets), quick-ack mode, piggybacking ("pingpong"),
// window updates by the reader, and the retry when an ACK cannot be allocated.
// source: net/ipv4/tcp_input.c:__tcp_ack_snd_check, tcp_event_data_recv; net/ipv4/tcp_output.c:tcp_send_delayed_ack;
// net/ipv4/tcp.c:tcp_cleanup_rbuf
import { NO_SKB, TCPHDR_FIN, TCPHDR_PSH, TCPHDR_SYN, TCPOLEN_TSTAMP_ALIGNED } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import {
  NO_ECN,
  TCP_ATO_MIN,
  TCP_DELACK_MAX,
  TCP_DELACK_MIN,
  TCP_MAX_QUICKACKS,
  TCP_MIN_MSS,
  TCP_MSS_DEFAULT
} from "./constants.ts"
import { sendAck } from "./control.ts"
import { ecnCheckCe } from "./ecn.ts"
import { rcvRttMeasure } from "./rcv-space.ts"
import { growWindow, offerableWindow, receiveWindow } from "./rcvbuf.ts"
import { srttNs } from "./rtt.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Headers without options. */
const IPV4_HEADER = 20
const TCP_HEADER = 20

/** `tcp_incr_quickack`: acknowledge the next segments at once. */
const incrQuickack = (sk: TcpSocket): void => {
  const quickacks = Math.min(Math.floor(sk.rcvWnd / (2 * sk.rcvMss)) || 2, TCP_MAX_QUICKACKS)
  sk.quick = Math.max(sk.quick, quickacks)
}

/** `tcp_enter_quickack_mode`. */
export const enterQuickackMode = (sk: TcpSocket): void => {
  incrQuickack(sk)
  sk.pingpong = false
  sk.ato = TCP_ATO_MIN
}

/**
 * `tcp_measure_rcv_mss`: how long the peer's full segments are. A short one is the end of what it had to say; two in a row of the
 * same length may be full ones, unless they are so short that they carry PSH.
 */
const measureRcvMss = (sk: TcpSocket, skb: number): void => {
  const { packets, skbs } = sk.stack
  const last = sk.lastSegSize
  sk.lastSegSize = 0
  const len = skbs.gsoSize[skb] === 0 ? skbs.len[skb] : skbs.gsoSize[skb]
  if (len >= sk.rcvMss) {
    sk.rcvMss = len
    return
  }
  const frame = skbs.frame[skb]
  const header = packets.bytes[frame] - packets.len[frame] - IPV4_HEADER
  const whole = len + header
  const remnant = (skbs.flags[skb] & (TCPHDR_FIN | TCPHDR_SYN | TCPHDR_PSH)) !== 0
  if (whole >= TCP_MSS_DEFAULT + TCP_HEADER || (whole >= TCP_MIN_MSS + TCP_HEADER && !remnant)) {
    sk.lastSegSize = whole - TCP_HEADER - (sk.tsOk ? TCPOLEN_TSTAMP_ALIGNED : 0)
    if (sk.lastSegSize === last) {
      sk.rcvMss = last
      return
    }
  }
  if (sk.ackPushed) sk.ackPushed2 = true
  sk.ackPushed = true
}

/** `tcp_event_data_recv`: data arrived in order. */
export const eventDataRecv = (sk: TcpSocket, skb: number): void => {
  const now = sk.stack.sim.queue.now
  sk.ackScheduled = true
  measureRcvMss(sk, skb)
  rcvRttMeasure(sk)
  if (sk.ato === 0) {
    incrQuickack(sk)
    sk.ato = TCP_ATO_MIN
  } else {
    const gap = now - sk.lrcvtime
    if (gap <= TCP_ATO_MIN / 2) {
      sk.ato = sk.ato / 2 + TCP_ATO_MIN / 2
    } else if (gap < sk.ato) {
      sk.ato = Math.min(sk.ato / 2 + gap, sk.rto)
    } else if (gap > sk.rto) {
      // the peer's window may have been closed meanwhile: speed it up
      incrQuickack(sk)
      sk.memReclaim()
    }
  }
  sk.lrcvtime = now
  if (sk.ecnFlags !== NO_ECN && ecnCheckCe(sk, skb)) enterQuickackMode(sk)
  if (sk.stack.skbs.len[skb] >= 128) growWindow(sk, skb)
}

/** `tcp_ack_snd_check`: an ACK may be due after a segment was handled. */
export const ackSndCheck = (sk: TcpSocket, ctx: Context): void => {
  if (!sk.ackScheduled) return
  if (
    (sk.rcvNxt - sk.rcvWup > sk.rcvMss && offerableWindow(sk) >= sk.rcvWnd) ||
    (sk.quick > 0 && !sk.pingpong) || sk.oooHead !== NO_SKB
  ) {
    sendAck(sk, ctx)
  } else {
    sendDelayedAck(sk, ctx)
  }
}

/** `tcp_send_delayed_ack`: arms the timer, or acknowledges now when an earlier one is nearly due. */
const sendDelayedAck = (sk: TcpSocket, ctx: Context): void => {
  const sim = sk.stack.sim
  let max = sk.pingpong || sk.ackPushed ? TCP_DELACK_MAX : 500_000_000
  if (sk.srtt !== 0) max = Math.min(max, Math.max(srttNs(sk), TCP_DELACK_MIN))
  const ato = Math.min(sk.ato, max)
  const deadline = sim.queue.now + sim.jiffies(ato)
  if (sk.delackTimer.armed) {
    if (sk.ackBlocked || sk.delackTimer.deadline <= sim.queue.now + ato / 4) {
      sendAck(sk, ctx)
      return
    }
    if (deadline >= sk.delackTimer.deadline) return
  }
  sk.delackTimer.armAt(deadline)
}

/** `tcp_cleanup_rbuf`: the reader took `copied` bytes; tell the peer if that opens its window. */
export const cleanupRbuf = (sk: TcpSocket, ctx: Context, copied: number): void => {
  if (sk.error !== 0) return
  let ackNow = false
  if (sk.ackScheduled) {
    ackNow = sk.ackBlocked || sk.rcvNxt - sk.rcvWup > sk.rcvMss ||
      (copied > 0 && (sk.ackPushed2 || (sk.ackPushed && !sk.pingpong)) && sk.rmemAlloc === 0)
  }
  if (!ackNow && copied > 0 && !sk.shutdownReceive) {
    const window = receiveWindow(sk)
    if (2 * window <= sk.windowClamp) {
      const offer = offerableWindow(sk)
      if (offer > 0 && offer >= 2 * window) ackNow = true
    }
  }
  if (ackNow) sendAck(sk, ctx)
}
