// What struct tcp_sock holds: the two streams of a connection, how far they have got, and what was learnt of the path.
// The fields of the sender and of the receiver stand apart; who changes them is in the files that are named beside them.
// source: include/linux/tcp.h:struct tcp_sock
import { MSS, type NetStack, NO_FRAG_PAGE, NO_SKB, TCPOLEN_TSTAMP_ALIGNED } from "@swaplab/net-skb"
import { keepAsDoubles, type Nanoseconds } from "@swaplab/sim"
import { NAGLE_OFF, NO_MARK, TCP_INFINITE_SSTHRESH, TCP_INIT_CWND, TCP_NUM_SACKS } from "./constants.ts"
import { StreamContent } from "./content.ts"
import { InetConnectionSock } from "./inet-connection-sock.ts"
import { TcpMib } from "./mib.ts"
import type { TcpOptions } from "./tcp-options.ts"

/** The state of a `TcpSocket`, without its steps. */
export abstract class TcpState extends InetConnectionSock {
  // --- what was announced
  /** What this end announces in a SYN, and what it takes without the time stamp; what the peer announces. */
  readonly linkMss: number
  advmss: number
  mssClamp: number
  /** What both ends take without the time stamp; what is sent, which the peer's window bounds, too. */
  linkedMss: number
  mss: number
  /** Linear bytes that were allocated for the last segment of the write queue (skb->avail_size), for a card that does not gather. */
  tailRoom = 0
  /** Options that both ends have announced (SYN_…): time stamps, SACK. */
  options = 0
  tsOk = false
  sackOk = false
  readonly tso: boolean
  /** What this end sends and what it receives; the peer has them the other way round. */
  sent: StreamContent = new StreamContent()
  received: StreamContent = new StreamContent()

  // --- sending
  writeSeq = 0
  sndUna = 0
  sndNxt = 0
  sndWnd = 0
  maxWindow = 0
  /** Write queue, oldest first; from `sendHead` on nothing has been sent. */
  writeHead = NO_SKB
  writeTail = NO_SKB
  sendHead = NO_SKB
  /** The segment that the window was taken from. */
  sndWl1 = -1
  cwnd = TCP_INIT_CWND
  cwndCnt = 0
  ssthresh = TCP_INFINITE_SSTHRESH
  /** When the window was last as it should be, and how much of it has been used since. */
  cwndStamp: Nanoseconds = 0
  cwndUsed = 0
  /** Bytes that were acknowledged and have not let the window grow yet (bytes_acked, for tcp_abc). */
  abcBytes = 0
  nonagle = 0
  pushedSeq = 0
  tsoDeferred = -1
  lsndtime: Nanoseconds = 0
  /** End of the last short segment that was sent. */
  sndSml = 0
  /** An skb or page that was allocated while its sender slept. */
  spareSkb = NO_SKB
  sparePage = NO_FRAG_PAGE
  tsqThrottled = false
  tsqQueued = false
  tsqDeferred = false
  finPending = false

  // --- loss: scoreboard.ts
  packetsOut = 0
  retransOut = 0
  lostOut = 0
  sackedOut = 0
  facketsOut = 0
  /** The segment behind the highest that was SACKed. */
  highestSack = NO_SKB
  /** With SACK, FACK: no reordering has spoken against it. */
  fack: boolean
  reordering: number
  /** What was sent when the state began. */
  highSeq = 0
  /** Of a cut that may be for nothing: where it began, the segments sent again since, and ssthresh before. */
  undoMarker = NO_MARK
  undoRetrans = 0
  priorSsthresh = 0
  /** Of a recovery (PRR): the window before, the segments that have arrived and left since. */
  priorCwnd = 0
  prrDelivered = 0
  prrOut = 0
  lostSkbHint = NO_SKB
  lostCntHint = 0
  scoreboardSkbHint = NO_SKB
  retransmitSkbHint = NO_SKB
  /** End of the lost segments. */
  retransmitHigh = 0
  /** No segment that was sent again left before this was sent. */
  lostRetransLow = 0
  frtoCounter = 0
  frtoHighmark = NO_MARK
  doEarlyRetrans = false
  /** The write timer runs for early retransmit. */
  earlyRetransDelayed = false
  retransStamp: Nanoseconds = -1

  /** ecn.ts; 0: the connection has none. */
  ecnFlags = 0

  // --- round trips: rtt.ts
  /** In ticks: the smoothed round trip × 8, its deviation and the bounds of it × 4 */
  srtt = 0
  mdev = 0
  mdevMax = 0
  rttvar = 0
  rttSeq = 0

  // --- receiving
  rcvNxt = 0
  rcvWup = 0
  rcvWnd = 0
  copiedSeq = 0
  rcvSsthresh = 0
  windowClamp = 0
  rcvWscale = 0
  finReceived = false
  rcvHead = NO_SKB
  rcvTail = NO_SKB
  /** Out-of-order queue, by sequence number. */
  oooHead = NO_SKB
  /** Header prediction is on, and the window that it expects. */
  fastPath = false
  predictedWnd = 0
  /** Blocks of the out-of-order queue (start, end), most recent first; and what arrived twice, until the next ACK tells it. */
  numSacks = 0
  readonly selectiveAcks = new Float64Array(2 * TCP_NUM_SACKS)
  dsack = false
  readonly duplicateSack = new Float64Array(2)
  prequeueHead = NO_SKB
  prequeueTail = NO_SKB
  prequeueMemory = 0
  /** A reader sleeps and will process the prequeue. */
  readerWaiting = false
  rcvTstamp: Nanoseconds = 0
  /** The peer's time stamp to echo. */
  tsRecent: Nanoseconds = 0

  // --- receive buffer autotuning: rcv-space.ts
  /** Eighths of ticks. */
  rcvRtt = 0
  /** Number and tick of the measurement by windows, and of that of what is read; −1: none yet. */
  rcvRttSeq = 0
  rcvRttTime = -1
  spaceSeq = 0
  spaceTime = -1
  spaceBytes = 0

  // --- counters
  segmentsReceived = 0
  acksSent = 0
  ackFailures = 0
  dataSegmentsSent = 0
  /** Segments sent that are no repetition, and how connections began and ended, as /proc/net/snmp has them. */
  outSegs = 0
  activeOpens = 0
  passiveOpens = 0
  attemptFails = 0
  estabResets = 0
  retransmitted = 0
  timeouts = 0
  readonly mib = new TcpMib()
  /** Probes of keep-alive; these kernels do not count them. */
  keepaliveProbes = 0
  /** Windows that were cut for a mark; these kernels do not count them. */
  ecnCuts = 0
  vmWaits = 0
  sendSpaceWaits = 0
  txFailures = 0
  /** A SYN for which there was no memory. */
  synFailures = 0
  bytesReceived = 0
  bytesAcked = 0

  constructor(stack: NetStack, options: TcpOptions) {
    super(stack, options)
    this.mss = this.linkedMss = options.mss ?? MSS
    this.linkMss = this.mss + TCPOLEN_TSTAMP_ALIGNED
    this.advmss = this.mssClamp = this.linkMss
    this.tso = options.tso ?? stack.device?.sg ?? true
    this.nonagle = options.noDelay === true ? NAGLE_OFF : 0
    this.reordering = stack.sysctls["net.ipv4.tcp_reordering"]
    this.fack = stack.sysctls["net.ipv4.tcp_fack"] === 1
    keepAsDoubles<TcpState>(
      this,
      ...(["writeSeq", "sndUna", "sndNxt", "sndWnd", "maxWindow", "sndWl1", "pushedSeq", "sndSml"] as const),
      ...(["highSeq", "undoMarker", "retransmitHigh", "lostRetransLow", "frtoHighmark", "rttSeq"] as const),
      ...(["rcvNxt", "rcvWup", "rcvWnd", "copiedSeq", "rcvRttSeq", "spaceSeq", "spaceBytes"] as const),
      ...(["predictedWnd", "bytesReceived", "bytesAcked"] as const),
      ...(["cwndStamp", "lsndtime", "lrcvtime", "rcvTstamp", "tsRecent", "rto", "ato"] as const)
    )
  }

  /** Bytes between what was received in order and what was read. */
  get readable(): number {
    return this.rcvNxt - this.copiedSeq - (this.finReceived ? 1 : 0)
  }
}
