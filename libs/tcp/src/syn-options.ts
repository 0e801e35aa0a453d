// The options of a SYN and of a SYN/ACK: what each end announces, and what both have then agreed on.
// Modelled: the largest segment, window scaling, time stamps and SACK, each as long as both ends have it (tcp_window_scaling,
//   tcp_timestamps, tcp_sack); the bytes that the options take.
// Not modelled: cookies, MD5.
// source: net/ipv4/tcp_output.c:tcp_syn_options, tcp_synack_options; net/ipv4/tcp_input.c:tcp_parse_options,
// tcp_rcv_synsent_state_process; net/ipv4/tcp_minisocks.c:tcp_create_openreq_child
import {
  SYN_SACK_PERM,
  SYN_TIMESTAMP,
  SYN_WINDOW_SCALE,
  TCP_HEADER_BYTES,
  TCPHDR_ACK,
  TCPOLEN_TSTAMP_ALIGNED
} from "@swaplab/net-skb"
import { TCP_MSS_DEFAULT } from "./constants.ts"
import { syncMss } from "./mss.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Bytes of the options, each with its padding. SACK takes the padding of the time stamp. */
const TCPOLEN_MSS_ALIGNED = 4
const TCPOLEN_WSCALE_ALIGNED = 4
const TCPOLEN_SACKPERM_ALIGNED = 4

/** Which options this machine has. */
export const ownOptions = (sk: TcpSocket): number => {
  const { sysctls } = sk.stack
  return (sysctls["net.ipv4.tcp_sack"] === 1 ? SYN_SACK_PERM : 0)
    | (sysctls["net.ipv4.tcp_timestamps"] === 1 ? SYN_TIMESTAMP : 0)
    | (sysctls["net.ipv4.tcp_window_scaling"] === 1 ? SYN_WINDOW_SCALE : 0)
}

/** `tcp_syn_options`, `tcp_synack_options`: puts them into the header that is about to leave. Returns its bytes. */
export const writeSynOptions = (sk: TcpSocket, flags: number): number => {
  const { tx } = sk.stack
  const options = (flags & TCPHDR_ACK) === 0 ? ownOptions(sk) : sk.options
  tx.sackBlocks = 0
  tx.synOptions = options
  tx.synMss = sk.linkMss
  tx.synScale = sk.rcvWscale
  const stamp = (options & SYN_TIMESTAMP) !== 0
  return TCP_HEADER_BYTES - TCPOLEN_TSTAMP_ALIGNED + TCPOLEN_MSS_ALIGNED
    + (stamp ? TCPOLEN_TSTAMP_ALIGNED : 0)
    + ((options & SYN_WINDOW_SCALE) !== 0 ? TCPOLEN_WSCALE_ALIGNED : 0)
    + ((options & SYN_SACK_PERM) !== 0 && !stamp ? TCPOLEN_SACKPERM_ALIGNED : 0)
}

/** `tcp_parse_options` of a SYN or a SYN/ACK: what its sender can do and this machine does, too. */
export const readSynOptions = (sk: TcpSocket, frame: number): void => {
  const { packets } = sk.stack
  takeOptions(sk, ownOptions(sk) & packets.synOptions[frame], packets.synMss[frame] || TCP_MSS_DEFAULT)
}

/** What a connection that exists without a handshake has: what both machines have. */
export const joinOptions = (a: TcpSocket, b: TcpSocket): void => {
  const options = ownOptions(a) & ownOptions(b)
  takeOptions(a, options, b.linkMss)
  takeOptions(b, options, a.linkMss)
}

/** Both ends have `options`, and the peer takes segments of so many bytes with the time stamp. */
const takeOptions = (sk: TcpSocket, options: number, peerMss: number): void => {
  sk.options = options
  sk.sackOk = (options & SYN_SACK_PERM) !== 0
  sk.tsOk = (options & SYN_TIMESTAMP) !== 0
  const stamp = sk.tsOk ? TCPOLEN_TSTAMP_ALIGNED : 0
  sk.advmss = sk.linkMss - stamp
  sk.mssClamp = peerMss
  sk.linkedMss = Math.min(sk.linkMss, peerMss) - stamp
  syncMss(sk)
  if ((options & SYN_WINDOW_SCALE) === 0) {
    sk.rcvWscale = 0
    sk.windowClamp = Math.min(sk.windowClamp, 65_535)
  }
}
