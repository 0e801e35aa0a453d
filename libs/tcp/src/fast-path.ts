// Header prediction: whether the next segment may take the short way through `tcp_rcv_established`.
// Modelled: what switches it on (data in order, a window of the peer that has changed) and off (a segment behind a hole, a
// window of 0, no room), and the test of a segment: nothing but ACK and PSH, the next number, the window of before, no SACK.
// What it decides: an ACK of the peer without data never sends an ACK that is due here, where the long way does.
// source: include/net/tcp.h:tcp_fast_path_check, tcp_fast_path_on; net/ipv4/tcp_input.c:tcp_rcv_established
import { NO_SKB, TCPHDR_ACK, TCPHDR_PSH } from "@swaplab/net-skb"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_fast_path_check`. */
export const fastPathCheck = (sk: TcpSocket): void => {
  if (sk.oooHead === NO_SKB && sk.rcvWnd !== 0 && sk.rmemAlloc < sk.rcvbuf) fastPathOn(sk)
}

/** `tcp_fast_path_on`: the header that comes next has this window. */
export const fastPathOn = (sk: TcpSocket): void => {
  sk.fastPath = true
  sk.predictedWnd = sk.sndWnd
}

/** Whether the segment is the one that was predicted. */
export const isPredicted = (sk: TcpSocket, skb: number, frame: number): boolean => {
  const { packets, skbs } = sk.stack
  return sk.fastPath && (skbs.flags[skb] & ~TCPHDR_PSH) === TCPHDR_ACK && packets.wnd[frame] === sk.predictedWnd
    && packets.sackBlocks[frame] === 0 && skbs.seq[skb] === sk.rcvNxt && packets.ack[frame] <= sk.sndNxt
}
