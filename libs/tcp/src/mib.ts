// What has become of losses on a connection and of its receive buffer, by the names of /proc/net/netstat. Linux counts them for
// the whole machine.
// source: net/ipv4/proc.c:snmp4_net_list

/** Counters of one socket, or of several together. */
export class TcpMib {
  /** Recoveries begun by repeated ACKs, and by SACK. */
  TCPRenoRecovery = 0
  TCPSackRecovery = 0
  /** The peer threw away what it had SACKed. */
  TCPSACKReneging = 0
  /** Segments had overtaken each other further than was believed, and how that showed. */
  TCPFACKReorder = 0
  TCPSACKReorder = 0
  TCPRenoReorder = 0
  TCPTSReorder = 0
  /** The window was cut for nothing, and restored: at the end of a recovery, within it, by D-SACK, after a time-out. */
  TCPFullUndo = 0
  TCPPartialUndo = 0
  TCPDSACKUndo = 0
  TCPLossUndo = 0
  /** Segments sent again that were lost again, as FACK shows. */
  TCPLostRetransmit = 0
  /** First time-outs: in a recovery, in Loss, in Disorder, and without any sign before. */
  TCPRenoRecoveryFail = 0
  TCPSackRecoveryFail = 0
  TCPLossFailures = 0
  TCPRenoFailures = 0
  TCPSackFailures = 0
  TCPTimeouts = 0
  /** Segments sent again: lost ones in a recovery, ones not known to be lost, lost ones after a time-out; and attempts that failed. */
  TCPFastRetrans = 0
  TCPForwardRetrans = 0
  TCPSlowStartRetrans = 0
  TCPRetransFail = 0
  /** D-SACKs received: of what was acknowledged, and of what was SACKed. */
  TCPDSACKRecv = 0
  TCPDSACKOfoRecv = 0
  /** D-SACKs sent: of what had been received in order, and of what lay behind a hole. */
  TCPDSACKOldSent = 0
  TCPDSACKOfoSent = 0
  /** Segments joined to the one before them when they came. */
  TCPRcvCoalesce = 0
  /** The receive buffer was too small: how often, skbs copied into fewer, out-of-order queues thrown away, segments refused. */
  PruneCalled = 0
  TCPRcvCollapsed = 0
  OfoPruned = 0
  RcvPruned = 0
  /** Blocks that were no use. */
  TCPSACKDiscard = 0
  TCPDSACKIgnoredOld = 0
  TCPDSACKIgnoredNoUndo = 0
  /** Time-outs that F-RTO found to be premature. */
  TCPSpuriousRTOs = 0
  /** Segments that came with a mark of a switch, which kernels count since 3.11. */
  InCEPkts = 0
  /** Connections that died because nothing was acknowledged or answered for too long. */
  TCPAbortOnTimeout = 0
  /** Data came for a socket that no process holds. */
  TCPAbortOnData = 0
  /** Sockets that were in TIME_WAIT to its end, and those that could not be for want of memory. */
  TW = 0
  TCPTimeWaitOverflow = 0
}

/** Adds the counters of `from` to those of `to`. */
export const addMib = (to: TcpMib, from: Readonly<TcpMib>): void => {
  for (const name of Object.keys(to) as ReadonlyArray<keyof TcpMib>) to[name] += from[name]
}
