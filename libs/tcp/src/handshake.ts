// A connection begins: SYN, SYN/ACK, ACK.
//
//   CLOSE → connect: SYN → SYN_SENT → SYN/ACK comes: ACK → ESTABLISHED
//                                   → RST: ECONNREFUSED; 63 s without an answer: ETIMEDOUT → CLOSE, and may try again
//   CLOSE → a SYN reached the listener: SYN/ACK → SYN_RECV → anything with its ACK → ESTABLISHED
//
// SYN and SYN/ACK have sequence number −1, so that data begin at 0 as they do on connections without a handshake.
// Modelled: the skb of a SYN (GFP_KERNEL, an fclone; without memory connect fails with ENOBUFS) and of a SYN/ACK
//   (GFP_ATOMIC); retries after 1, 2, 4, 8 and 16 s (RTO 1 s since 3.1; tcp_syn_retries and tcp_synack_retries are 5 by
//   default), the end after 63 s; the first round trip as the first measurement of RTO; a window of one segment after more than one retry.
// Not modelled: request_sock (a half-open connection is a whole socket here), SYN cookies and the length of the backlog,
//   cookies of fast open, ICMP: a host or port that is unreachable by ICMP is one that does not answer.
// What that costs: a half-open connection takes more memory of the server than in Linux; nobody here opens many.
// source: net/ipv4/tcp_output.c:tcp_connect; net/ipv4/tcp_input.c:tcp_rcv_synsent_state_process, tcp_rcv_state_process;
// net/ipv4/tcp_timer.c:tcp_write_timeout
import {
  endKey,
  MAX_TCP_HEADER,
  NO_SKB,
  SKB_ALLOC_FCLONE,
  SYN_WINDOW_SCALE,
  TCPHDR_ACK,
  TCPHDR_RST,
  TCPHDR_SYN
} from "@swaplab/net-skb"
import { type Context, ECONNREFUSED, EINTR, ENOBUFS, GFP_ATOMIC, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { assert, type Sleeps, WaitQueue } from "@swaplab/sim"
import { tcpAck } from "./acknowledged.ts"
import { purgeWriteQueue } from "./close.ts"
import { stampCwnd } from "./congestion.ts"
import {
  CA_OPEN,
  NO_MARK,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_INFINITE_SSTHRESH,
  TCP_INIT_CWND,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIMEOUT_INIT,
  TIME_NONE
} from "./constants.ts"
import { sendAck } from "./control.ts"
import { ecnCreateRequest, ecnRcvSynack, ecnSendSyn } from "./ecn.ts"
import { fastPathOn } from "./fast-path.ts"
import { initBufferSpace, initializeRcvMss, selectInitialWindow } from "./initial-window.ts"
import { startKeepalive } from "./keepalive.ts"
import { eventNewDataSent } from "./output.ts"
import { ownOptions, readSynOptions } from "./syn-options.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { transmitSkb } from "./transmit.ts"
import { chargeStreamSkb, entail, tryStreamAllocSkb } from "./write-queue.ts"

/** connect(2) of a closed socket, `tcp_v4_connect`: 0, or a negative errno, after which it is closed again. */
export function* connectOver(sk: TcpSocket, task: Task, host: number, port: number): Sleeps<number> {
  const { sim, skbs } = sk.stack
  assert(sk.state === TCP_CLOSE && sk.writeHead === NO_SKB, "connecting a socket that is not closed")
  task.ns += sk.stack.costs.syscallNs
  let skb = tryStreamAllocSkb(sk, task, 0, sk.skAllocation)
  if (skb === WOULD_SLEEP) {
    sk.owned = true
    skb = yield* skbs.allocSkb(task, MAX_TCP_HEADER, sk.skAllocation, SKB_ALLOC_FCLONE)
    if (skb >= 0) skb = chargeStreamSkb(sk, task, skb)
    sk.releaseSock(task)
  }
  if (skb < 0) {
    sk.synFailures++
    return -ENOBUFS
  }
  sk.peerHost = host
  sk.peerPort = port
  const { connecting } = sk.stack.packets
  const key = endKey(sk.stack.host, sk.port)
  // tcp_connect_init
  initializeRcvMss(sk)
  selectInitialWindow(sk, sk.linkMss, (ownOptions(sk) & SYN_WINDOW_SCALE) !== 0)
  connecting.set(key, sk)
  const wait = sk.connecting ??= new WaitQueue(sim, `${sk.name} connect`, "a SYN/ACK, a RST, or the last retry")
  sk.activeOpens++
  open(sk, task, skb, TCP_SYN_SENT, TCPHDR_SYN | ecnSendSyn(sk))
  while (stateOf(sk) === TCP_SYN_SENT && sk.error === 0 && !task.process.killed) {
    yield* wait.sleep(task.process, "interruptible")
  }
  connecting.delete(key)
  if (stateOf(sk) === TCP_ESTABLISHED && sk.error === 0) return 0
  const error = sk.takeError() || EINTR
  disconnect(sk, task)
  return -error
}

/** A function, because the state changes while its caller sleeps. */
const stateOf = (sk: TcpSocket): number => sk.state

/**
 * `tcp_v4_send_synack`: a SYN has reached a listener, which made `sk` for it: SYN/ACK. False: no memory, the peer will ask
 * again.
 */
export const passiveOpen = (sk: TcpSocket, ctx: Context, frame: number): boolean => {
  const { packets } = sk.stack
  const skb = tryStreamAllocSkb(sk, ctx, 0, GFP_ATOMIC)
  if (skb < 0) return false
  sk.peerHost = packets.src[frame]
  sk.peerPort = packets.sport[frame]
  sk.sndWnd = packets.wnd[frame]
  sk.tsRecent = packets.tsval[frame]
  readSynOptions(sk, frame)
  selectInitialWindow(sk, sk.advmss, (sk.options & SYN_WINDOW_SCALE) !== 0)
  open(sk, ctx, skb, TCP_SYN_RECV, TCPHDR_SYN | TCPHDR_ACK | ecnCreateRequest(sk, packets.flags[frame]))
  return true
}

/** In `tcp_check_req`: the SYN has come again, so that the SYN/ACK was lost or is late. Its timer runs on. */
export const resendSynack = (sk: TcpSocket, ctx: Context): void => {
  if (transmitSkb(sk, ctx, sk.writeHead, GFP_ATOMIC) !== 0) sk.txFailures++
}

/** `tcp_connect`: sends the first segment of this end. Its timer starts whether or not the device took it. */
const open = (sk: TcpSocket, ctx: Context, skb: number, state: number, flags: number): void => {
  const { skbs, sim } = sk.stack
  sk.state = state
  sk.rto = TCP_TIMEOUT_INIT
  sk.writeSeq = sk.sndUna = sk.sndNxt = -1
  entail(sk, skb)
  skbs.flags[skb] = flags
  skbs.endSeq[skb] = 0
  sk.writeSeq = 0
  if (transmitSkb(sk, ctx, skb, GFP_ATOMIC) !== 0) sk.txFailures++
  sk.retransStamp = sim.now
  eventNewDataSent(sk, skb)
}

/**
 * `tcp_rcv_state_process`: a segment for a socket that is not established. True: it is dealt with; false: the connection
 * stands, handle it as data.
 */
export const handshake = (sk: TcpSocket, ctx: Context, skb: number): boolean => {
  const { packets, skbs } = sk.stack
  const frame = skbs.frame[skb]
  const flags = packets.flags[frame]
  const acknowledges = (flags & TCPHDR_ACK) !== 0 && packets.ack[frame] === sk.sndNxt
  if ((flags & TCPHDR_RST) !== 0) {
    skbs.kfree(ctx, skb)
    if (acknowledges || sk.state === TCP_SYN_RECV) sk.die(ctx, ECONNREFUSED)
    return true
  }
  if (sk.state === TCP_SYN_RECV) {
    if (!acknowledges) {
      if ((flags & TCPHDR_SYN) !== 0) sk.duplicates += skbs.gsoSegs[skb]
      else sk.outOfWindow += skbs.gsoSegs[skb]
      skbs.kfree(ctx, skb)
      return true
    }
    finish(sk, ctx, frame)
    return false
  }
  const answers = (flags & TCPHDR_SYN) !== 0 && acknowledges
  if (!answers) {
    sk.outOfWindow += skbs.gsoSegs[skb]
    // the ACK of a connection of before, which only the other end remembers: its numbers would not fit
    if ((flags & TCPHDR_ACK) !== 0) sk.stack.refuse(frame)
    skbs.kfree(ctx, skb)
    return true
  }
  sk.peerPort = packets.sport[frame]
  sk.tsRecent = packets.tsval[frame]
  readSynOptions(sk, frame)
  ecnRcvSynack(sk, flags)
  finish(sk, ctx, frame)
  sendAck(sk, ctx)
  skbs.kfree(ctx, skb)
  return true
}

/** `tcp_finish_connect`, and the same at the other end: the own SYN is acknowledged. */
const finish = (sk: TcpSocket, ctx: Context, frame: number): void => {
  const retries = sk.retransmits
  if (sk.state === TCP_SYN_RECV) sk.passiveOpens++
  sk.sndWl1 = sk.stack.packets.seq[frame]
  tcpAck(sk, ctx, 0, frame, false)
  // the SYN was no data, and what its loss did to the window is forgotten
  sk.bytesAcked = 0
  sk.cwnd = retries > 1 ? 1 : TCP_INIT_CWND
  sk.cwndCnt = 0
  forgetLoss(sk)
  stampCwnd(sk)
  sk.state = TCP_ESTABLISHED
  initializeRcvMss(sk)
  initBufferSpace(sk)
  if (sk.connecting === null) fastPathOn(sk)
  sk.congestion.init(sk)
  startKeepalive(sk)
  sk.connecting?.wakeAll()
  sk.onState?.()
}

/** As if nothing had been lost yet. */
const forgetLoss = (sk: TcpSocket): void => {
  sk.ssthresh = TCP_INFINITE_SSTHRESH
  sk.caState = CA_OPEN
  sk.undoMarker = sk.frtoHighmark = NO_MARK
  sk.undoRetrans = sk.frtoCounter = sk.priorSsthresh = 0
}

/** `tcp_disconnect`: after a failed connect the socket is as new. */
const disconnect = (sk: TcpSocket, ctx: Context): void => {
  purgeWriteQueue(sk, ctx)
  sk.writeTimer.cancel()
  sk.writePending = TIME_NONE
  sk.error = sk.pendingError = 0
  sk.shutdownReceive = sk.shutdownSend = false
  sk.state = TCP_CLOSE
  sk.writeSeq = sk.sndUna = sk.sndNxt = 0
  sk.retransmits = sk.backoff = 0
  sk.retransStamp = -1
  forgetLoss(sk)
  sk.cwnd = TCP_INIT_CWND
  sk.srtt = 0
  sk.options = 0
  sk.sackOk = sk.tsOk = false
  sk.advmss = sk.linkMss
  sk.fack = sk.stack.sysctls["net.ipv4.tcp_fack"] === 1
}
