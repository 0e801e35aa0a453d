// Explicit congestion notification (RFC 3168): a switch marks a frame instead of dropping it, the receiver says so until the
// sender has cut its window.
//
//   SYN with ECE and CWR → SYN/ACK with ECE: both ends have it. Data that are sent once may be marked (ECT)
//   a mark (CE) comes    → every ACK carries ECE (DEMAND_CWR) until a segment with CWR comes
//   ECE comes            → state CWR, once for each window; the next new data carry CWR (QUEUE_CWR)
//
// Modelled: that, as in 3.5 and 3.6; a segment that cannot be marked on a connection that has seen others is probably sent again,
//   and is acknowledged at once; as in these kernels, undoing a cut forgets a mark that was received, not the CWR that waits.
// Not modelled: ECT(1).
// source: net/ipv4/tcp_input.c:TCP_ECN_check_ce, TCP_ECN_accept_cwr, TCP_ECN_rcv_synack, TCP_ECN_withdraw_cwr;
// net/ipv4/tcp_output.c:TCP_ECN_send, TCP_ECN_send_syn; include/net/tcp.h:TCP_ECN_create_request
import { INET_ECN_CE, INET_ECN_ECT, TCPHDR_CWR, TCPHDR_ECE } from "@swaplab/net-skb"
import { NO_ECN, TCP_ECN_DEMAND_CWR, TCP_ECN_OK, TCP_ECN_QUEUE_CWR, TCP_ECN_SEEN } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

const ECN_SETUP = TCPHDR_ECE | TCPHDR_CWR

const ecnSysctl = (sk: TcpSocket): number => sk.stack.sysctls["net.ipv4.tcp_ecn"]

/** `TCP_ECN_send_syn`: flags of a SYN. */
export const ecnSendSyn = (sk: TcpSocket): number => {
  sk.ecnFlags = ecnSysctl(sk) === 1 ? TCP_ECN_OK : NO_ECN
  return sk.ecnFlags === NO_ECN ? 0 : ECN_SETUP
}

/** `TCP_ECN_create_request`: a SYN with these flags has come. Returns the flags of the SYN/ACK. */
export const ecnCreateRequest = (sk: TcpSocket, flags: number): number => {
  const granted = ecnSysctl(sk) !== 0 && (flags & (ECN_SETUP | INET_ECN_ECT | INET_ECN_CE)) === ECN_SETUP
  sk.ecnFlags = granted ? TCP_ECN_OK : NO_ECN
  return granted ? TCPHDR_ECE : 0
}

/** `TCP_ECN_rcv_synack`. */
export const ecnRcvSynack = (sk: TcpSocket, flags: number): void => {
  if ((flags & ECN_SETUP) !== TCPHDR_ECE) sk.ecnFlags = NO_ECN
}

/** What a connection has that exists without a handshake: `asks` is the end that would have sent the SYN. */
export const joinEcn = (asks: TcpSocket, answers: TcpSocket): void => {
  const both = ecnSysctl(asks) === 1 && ecnSysctl(answers) !== 0
  asks.ecnFlags = answers.ecnFlags = both ? TCP_ECN_OK : NO_ECN
}

/** `TCP_ECN_send`: flags, and the ECN field, of a segment that is about to leave, in addition to its own. */
export const ecnSend = (sk: TcpSocket, seq: number, len: number): number => {
  let flags = (sk.ecnFlags & TCP_ECN_DEMAND_CWR) !== 0 ? TCPHDR_ECE : 0
  // what is sent again must not be marked
  if (len > 0 && seq >= sk.sndNxt) {
    flags |= INET_ECN_ECT
    if ((sk.ecnFlags & TCP_ECN_QUEUE_CWR) !== 0) {
      sk.ecnFlags &= ~TCP_ECN_QUEUE_CWR
      flags |= TCPHDR_CWR
    }
  }
  return flags
}

/** `TCP_ECN_queue_cwr`: the window was cut. */
export const ecnQueueCwr = (sk: TcpSocket): void => {
  if (sk.ecnFlags !== NO_ECN) sk.ecnFlags |= TCP_ECN_QUEUE_CWR
}

/** `TCP_ECN_withdraw_cwr`: the cut was undone. */
export const ecnWithdrawCwr = (sk: TcpSocket): void => {
  sk.ecnFlags &= ~TCP_ECN_DEMAND_CWR
}

/** `TCP_ECN_accept_cwr`: data have come. */
export const ecnAcceptCwr = (sk: TcpSocket, skb: number): void => {
  if ((sk.stack.skbs.flags[skb] & TCPHDR_CWR) !== 0) sk.ecnFlags &= ~TCP_ECN_DEMAND_CWR
}

/**
 * `TCP_ECN_check_ce`: data have come on a connection with ECN. True: they could not be marked, and others could, so that they were
 * probably sent again.
 */
export const ecnCheckCe = (sk: TcpSocket, skb: number): boolean => {
  const { packets, skbs } = sk.stack
  const field = packets.flags[skbs.frame[skb]]
  if ((field & INET_ECN_CE) !== 0) {
    sk.mib.InCEPkts += skbs.gsoSegs[skb]
    sk.ecnFlags |= TCP_ECN_DEMAND_CWR | TCP_ECN_SEEN
  } else if ((field & INET_ECN_ECT) !== 0) {
    sk.ecnFlags |= TCP_ECN_SEEN
  } else {
    return (sk.ecnFlags & TCP_ECN_SEEN) !== 0
  }
  return false
}
