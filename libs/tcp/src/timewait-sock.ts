// struct tcp_timewait_sock: what is left of a connection that this end closed first.
//
//   FIN_WAIT2 → the FIN of the peer: ACK → TIME_WAIT      → data: RST, gone      → a RST: gone      → the time is over: gone
//   TIME_WAIT → a bare ACK in order: 60 s from now on     → a RST in order: gone → the time is over: gone
//             → anything else: ACK, 60 s from now on
//
// Modelled: the memory that it takes (tw_sock_TCP, GFP_ATOMIC) and what happens without; its answers.
// Not modelled: PAWS; a SYN for its number (here each connection has a number of its own); tcp_rfc1337, tcp_tw_recycle; the
//   memory of its ACKs.
// source: net/ipv4/tcp_minisocks.c:tcp_timewait_state_process, tcp_time_wait; net/ipv4/tcp_ipv4.c:tcp_v4_timewait_ack
import {
  TCP_HEADER_BYTES,
  TCPHDR_ACK,
  TCPHDR_FIN,
  TCPHDR_RST,
  TCPHDR_SYN,
  TCPOLEN_TSTAMP_ALIGNED
} from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_TIMEWAIT_LEN } from "./constants.ts"
import type { DeathRow } from "./death-row.ts"
import { receiveWindow } from "./rcvbuf.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_in_window`. */
const inWindow = (seq: number, endSeq: number, start: number, end: number): boolean =>
  seq === start || (endSeq > start && seq < end) || (seq === end && seq === endSeq)

/** One of them. It holds the number of the socket that it follows. */
export class TimewaitSock {
  readonly port: number
  /** TCP_FIN_WAIT2 or TCP_TIME_WAIT. */
  substate: number
  /** Its cell of the death row. */
  cell: number | null = null
  rcvNxt: number
  tsRecent: number
  readonly #row: DeathRow
  readonly #of: TcpSocket
  readonly #object: number
  readonly #window: number

  constructor(row: DeathRow, of: TcpSocket, substate: number, object: number) {
    this.#row = row
    this.#of = of
    this.#object = object
    this.port = of.port
    this.substate = substate
    this.rcvNxt = of.rcvNxt
    this.tsRecent = of.tsRecent
    this.#window = receiveWindow(of)
  }

  free(ctx: Context): void {
    this.#of.stack.skbs.memory.freeTimewaitSock(ctx, this.#object)
    this.#of.timewait = null
  }

  /** Its time is over. */
  timedOut(): void {
    const { mib, stack } = this.#of
    mib.TW++
    if (this.#of.closed) stack.countGone({ TW: 1 })
  }

  /** `tcp_timewait_state_process`: a segment for the connection. */
  rcv(ctx: Context, skb: number): void {
    const { packets, skbs } = this.#of.stack
    const frame = skbs.frame[skb]
    const flags = packets.flags[frame]
    const seq = packets.seq[frame]
    const endSeq = seq + skbs.len[skb] + ((flags & (TCPHDR_FIN | TCPHDR_SYN)) !== 0 ? 1 : 0)
    this.#counts((counts) => {
      counts.packets += skbs.gsoSegs[skb]
    })
    if (this.substate === TCP_FIN_WAIT2) this.#finWait2(ctx, frame, flags, seq, endSeq)
    else this.#timeWait(ctx, frame, flags, seq, endSeq, skbs.gsoSegs[skb])
    skbs.kfree(ctx, skb)
  }

  #finWait2(ctx: Context, frame: number, flags: number, seq: number, endSeq: number): void {
    const { stack } = this.#of
    if (!inWindow(seq, endSeq, this.rcvNxt, this.rcvNxt + this.#window)) {
      this.#sendAck(frame)
    } else if ((flags & TCPHDR_RST) !== 0) {
      this.#row.remove(ctx, this)
    } else if ((flags & TCPHDR_ACK) === 0 || endSeq <= this.rcvNxt || endSeq === seq) {
      return
    } else if ((flags & TCPHDR_FIN) === 0 || endSeq !== this.rcvNxt + 1) {
      stack.refuse(frame)
      this.#row.remove(ctx, this)
    } else {
      this.substate = TCP_TIME_WAIT
      this.rcvNxt = endSeq
      this.tsRecent = stack.packets.tsval[frame]
      this.#row.schedule(this, TCP_TIMEWAIT_LEN)
      this.#sendAck(frame)
    }
  }

  #timeWait(ctx: Context, frame: number, flags: number, seq: number, endSeq: number, segments: number): void {
    const isRst = (flags & TCPHDR_RST) !== 0
    if (seq === this.rcvNxt && (seq === endSeq || isRst)) {
      if (isRst) {
        this.#row.remove(ctx, this)
      } else {
        this.#row.schedule(this, TCP_TIMEWAIT_LEN)
        this.tsRecent = this.#of.stack.packets.tsval[frame]
      }
      return
    }
    this.#counts((counts) => {
      counts.duplicates += segments
    })
    if (isRst) return
    if ((flags & TCPHDR_ACK) !== 0) this.#row.schedule(this, TCP_TIMEWAIT_LEN)
    this.#sendAck(frame)
  }

  /** `tcp_v4_timewait_ack`, in answer to a frame. */
  #sendAck(frame: number): void {
    const { rcvWscale, sndNxt, stack, tsOk } = this.#of
    const { packets, sim } = stack
    const bytes = TCP_HEADER_BYTES - (tsOk ? 0 : TCPOLEN_TSTAMP_ALIGNED)
    const { host } = stack
    const ack = packets.reset(bytes, host, this.port, packets.src[frame], packets.sport[frame], sndNxt, this.rcvNxt)
    packets.flags[ack] = TCPHDR_ACK
    packets.wnd[ack] = this.#window - this.#window % 2 ** rcvWscale
    if (tsOk) {
      packets.tsval[ack] = sim.now
      packets.tsecr[ack] = this.tsRecent
    }
    stack.countGone({ OutSegs: 1 })
    stack.device?.transmitFrame(ack)
  }

  /** Counts for its connection, and for the machine once the socket before it has gone. */
  #counts(count: (of: { packets: number; duplicates: number }) => void): void {
    count(this.#of)
    if (this.#of.closed) count(this.#of.stack.gone)
  }
}
