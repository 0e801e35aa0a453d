// Is a SACK block to be believed, and does the first one say that something came twice (D-SACK, RFC 2883)?
// source: net/ipv4/tcp_input.c:tcp_is_sackblock_valid, tcp_check_dsack
import { SACK_STRIDE } from "@swaplab/net-skb"
import { NO_MARK } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/**
 * `tcp_is_sackblock_valid`: within what is in flight. A D-SACK may also be of what is acknowledged, as far back as the
 * beginning of the recovery that may be undone.
 */
export const isSackblockValid = (sk: TcpSocket, dsack: boolean, start: number, end: number): boolean => {
  if (end > sk.sndNxt || start >= end || start >= sk.sndNxt) return false
  if (start > sk.sndUna) return true
  if (!dsack || sk.undoMarker === NO_MARK) return false
  // not across SND.UNA
  if (end > sk.sndUna) return false
  if (start >= sk.undoMarker) return true
  if (end <= sk.undoMarker) return false
  return start >= end - sk.maxWindow
}

/** `tcp_check_dsack`: is the first block of the ACK in `frame` a D-SACK? One of what was sent again counts for the undo. */
export const checkDsack = (sk: TcpSocket, frame: number, priorSndUna: number): boolean => {
  const { ack, sackBlocks, sackSeq } = sk.stack.packets
  const first = frame * SACK_STRIDE
  const start = sackSeq[first]
  const end = sackSeq[first + 1]
  if (start < ack[frame]) {
    sk.mib.TCPDSACKRecv++
  } else if (sackBlocks[frame] > 1 && end <= sackSeq[first + 3] && start >= sackSeq[first + 2]) {
    sk.mib.TCPDSACKOfoRecv++
  } else {
    return false
  }
  if (sk.undoMarker !== NO_MARK && sk.undoRetrans > 0 && end <= priorSndUna && end > sk.undoMarker) sk.undoRetrans--
  return true
}
