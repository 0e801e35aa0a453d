// struct tcp_sock: one end of a connection.
// Modelled: everything that decides who waits: send and receive buffers, windows, cwnd, time-outs, delayed ACKs, the socket
// lock with its backlog, the prequeue. The steps are in the files named after Linux's: output.ts, input.ts, timer.ts, …
// Not modelled: connection set-up (both ends are created established), SACK, ECN, urgent data, keep-alive, TIME_WAIT,
// wrap-around of sequence numbers; time stamps count nanoseconds instead of ticks.
// Congestion control is Reno; the kernels modelled default to CUBIC, which grows faster after a loss on long paths; on a LAN
// the window is limited by the buffers.
import { MSS, type NetStack, NO_FRAG_PAGE, NO_SKB, Socket, tcpRmem, tcpWmem } from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC, type PageToken, type Task } from "@swaplab/page-alloc"
import { type Nanoseconds, type Process, type Random, type Sleeps, Timer, WaitQueue } from "@swaplab/sim"
import { cleanupRbuf } from "./ack.ts"
import { checkSocket } from "./check.ts"
import { closeSocket, purgeWriteQueue } from "./close.ts"
import { CA_OPEN, ECONNRESET, NAGLE_OFF, TCP_INIT_CWND, TCP_TIMEOUT_INIT, TIME_NONE } from "./constants.ts"
import { StreamContent } from "./content.ts"
import { sendReset } from "./control.ts"
import { processBacklog, tcpRcv } from "./input.ts"
import { sendFin, writeXmit } from "./output.ts"
import { recvBytes, recvPage, tryRecv } from "./recv.ts"
import { sendBytes, sendPage } from "./send.ts"
import { delackTimer, writeTimer } from "./timer.ts"

export interface TcpOptions {
  /** For the names of wait queues and the random stream: "client-3 nbd0". */
  readonly name: string
  /** Free pages of the machine, from which the largest buffers follow (tcp_wmem, tcp_rmem). */
  readonly freeBufferPages: number
  readonly mss?: number
  /** The device cuts segments itself, and gathers fragments (TSO and SG). Default true. */
  readonly tso?: boolean
  readonly noDelay?: boolean
  /** Fixed sizes (SO_SNDBUF, SO_RCVBUF): no autotuning. */
  readonly sndbuf?: number
  readonly rcvbuf?: number
}

/** One end of an established connection. Make two and `connectTcp` them. */
export class TcpSocket extends Socket {
  readonly name: string
  readonly mss: number
  readonly tso: boolean
  readonly fixedSndbuf: boolean
  readonly fixedRcvbuf: boolean
  readonly wmemMax: number
  readonly rmemMax: number
  peerHost = -1
  peerPort = -1
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
  packetsOut = 0
  retransOut = 0
  lostOut = 0
  /** Duplicate ACKs: segments that must have left the network. */
  sackedOut = 0
  cwnd = TCP_INIT_CWND
  cwndCnt = 0
  ssthresh = Number.MAX_SAFE_INTEGER
  caState = CA_OPEN
  highSeq = 0
  nonagle = 0
  pushedSeq = 0
  tsoDeferred = -1
  lsndtime: Nanoseconds = 0
  /** End of the last short segment that was sent. */
  sndSml = 0
  /** The page that the next fragments come from (sk_sndmsg_page), and how much of it is used. */
  sndmsgPage = NO_FRAG_PAGE
  sndmsgOffset = 0
  /** An skb or page that was allocated while its sender slept. */
  spareSkb = NO_SKB
  sparePage = NO_FRAG_PAGE
  /** A sender waits for room (SOCK_NOSPACE). */
  noSpace = false
  tsqThrottled = false
  tsqQueued = false
  tsqDeferred = false
  /** Segments were freed since the senders were last looked after (SOCK_QUEUE_SHRUNK). */
  queueShrunk = false
  finPending = false

  // --- timers
  srtt = 0
  mdev = 0
  rto: Nanoseconds = TCP_TIMEOUT_INIT
  retransmits = 0
  backoff = 0
  probesOut = 0
  retransStamp: Nanoseconds = -1
  writePending = TIME_NONE
  readonly writeTimer: Timer
  readonly delackTimer: Timer

  // --- receiving
  rcvNxt = 0
  rcvWup = 0
  rcvWnd = 0
  copiedSeq = 0
  rcvSsthresh = 0
  windowClamp = 0
  rcvMss: number
  finReceived = false
  rcvHead = NO_SKB
  rcvTail = NO_SKB
  /** Out-of-order queue, by sequence number. */
  oooHead = NO_SKB
  backlogHead = NO_SKB
  backlogTail = NO_SKB
  backlogLen = 0
  prequeueHead = NO_SKB
  prequeueTail = NO_SKB
  prequeueMemory = 0
  rcvTstamp: Nanoseconds = 0
  /** The peer's time stamp to echo. */
  tsRecent: Nanoseconds = 0
  // delayed ACK
  ackScheduled = false
  ackBlocked = false
  ackPushed = false
  ackPushed2 = false
  quick = 0
  pingpong = false
  ato: Nanoseconds = 0
  lrcvtime: Nanoseconds = 0
  // receive buffer autotuning
  rcvRtt: Nanoseconds = 0
  spaceSeq = 0
  spaceTime: Nanoseconds = -1
  spaceBytes = 0

  // --- who waits
  /** A task owns the socket while it sleeps in an allocation; packets go to the backlog meanwhile. */
  owned = false
  /** A reader sleeps and will process the prequeue. */
  readerWaiting = false
  readonly lockQueue: WaitQueue
  readonly sendSpace: WaitQueue
  readonly receiveData: WaitQueue
  readonly random: Random
  shutdownSend = false
  shutdownReceive = false
  /** Error that ended the connection, 0 while it lives. */
  error = 0
  closed = false
  /** Out parameter of the plain send step: why it stopped. */
  blockedOn = 0

  // --- counters
  segmentsReceived = 0
  acksSent = 0
  ackFailures = 0
  dataSegmentsSent = 0
  retransmitted = 0
  timeouts = 0
  fastRetransmits = 0
  rcvPruned = 0
  ofoPruned = 0
  vmWaits = 0
  sendSpaceWaits = 0
  txFailures = 0
  bytesReceived = 0
  bytesAcked = 0

  constructor(stack: NetStack, options: TcpOptions) {
    super(
      stack,
      stack.tcpMemory,
      options.rcvbuf ?? tcpRmem(options.freeBufferPages)[1],
      options.sndbuf ?? tcpWmem(options.freeBufferPages)[1]
    )
    this.name = options.name
    this.mss = options.mss ?? MSS
    this.rcvMss = this.mss
    this.tso = options.tso ?? true
    this.nonagle = options.noDelay === true ? NAGLE_OFF : 0
    this.fixedSndbuf = options.sndbuf !== undefined
    this.fixedRcvbuf = options.rcvbuf !== undefined
    this.wmemMax = tcpWmem(options.freeBufferPages)[2]
    this.rmemMax = tcpRmem(options.freeBufferPages)[2]
    const sim = stack.sim
    this.lockQueue = new WaitQueue(sim, `${this.name} socket lock`, "the task that owns the socket")
    this.sendSpace = new WaitQueue(sim, `${this.name} sock send space`, "an ACK from the peer, or the vm_wait timer")
    this.receiveData = new WaitQueue(sim, `${this.name} sock receive`, "data from the peer")
    this.random = sim.stream(this.name, "vm_wait")
    const timer = { group: stack.group, retry: true }
    this.writeTimer = new Timer(sim.queue, () => writeTimer(this), timer)
    this.delackTimer = new Timer(sim.queue, () => delackTimer(this), timer)
    if (!this.fixedSndbuf) {
      // tcp_fixup_sndbuf: room for the initial window
      this.sndbuf = Math.min(Math.max(this.sndbuf, 2308 * TCP_INIT_CWND), this.wmemMax)
    }
    this.windowClamp = this.rcvbuf >> 1
    this.rcvSsthresh = Math.min(TCP_INIT_CWND * this.mss, this.windowClamp)
    this.rcvWnd = this.rcvSsthresh
  }

  override rcv(ctx: Context, skb: number): void {
    tcpRcv(this, ctx, skb)
  }

  /** `tcp_wfree`: an skb left the device; with small queues this lets the next one out. */
  override skbFreed(_ctx: Context, truesize: number): void {
    this.wmemAlloc -= truesize
    if (!this.tsqThrottled) return
    this.tsqThrottled = false
    if (this.tsqQueued) return
    this.tsqQueued = true
    this.stack.scheduleTasklet(this)
  }

  /** `tcp_tasklet_func`. When a task owns the socket its release does the same. */
  override tasklet(ctx: Context): void {
    this.tsqQueued = false
    if (this.closed) return
    if (this.owned) this.tsqDeferred = true
    else this.#tsqHandler(ctx)
  }

  /** `sk_stream_moderate_sndbuf` leaves a buffer of fixed size alone. */
  override moderateSndbuf(): void {
    if (!this.fixedSndbuf) super.moderateSndbuf()
  }

  /** Bytes between what was received in order and what was read. */
  get readable(): number {
    return this.rcvNxt - this.copiedSeq - (this.finReceived ? 1 : 0)
  }

  // --- the face that block drivers and servers use

  /**
   * Sends `bytes`. With `more` a last partial segment waits for what follows (MSG_MORE). Returns their number, or a
   * negative errno.
   */
  sendBytes(task: Task, bytes: Uint8Array, more: boolean): Sleeps<number> {
    return sendBytes(this, task, bytes, more)
  }

  /** Sends a page of 4096 bytes with the given token. Returns 4096 or a negative errno. */
  sendPage(task: Task, tokenWriter: number, tokenVersion: number, more: boolean): Sleeps<number> {
    return sendPage(this, task, tokenWriter, tokenVersion, more)
  }

  /** Fills `into`, waiting for all of it. Returns its length, 0 at the end of the stream, or a negative errno. */
  recvBytes(task: Task, into: Uint8Array): Sleeps<number> {
    return recvBytes(this, task, into)
  }

  /** Receives a page. Returns 4096, 0 at the end of the stream, or a negative errno. */
  recvPage(task: Task, out: PageToken): Sleeps<number> {
    return recvPage(this, task, out)
  }

  /** Reads up to `n` bytes that are there, without waiting: how many. */
  tryRecvBytes(task: Task, into: Uint8Array, from: number, n: number): number {
    if (this.owned) return 0
    const count = tryRecv(this, task, n)
    if (count === 0) return 0
    this.received.readBytes(into, from, count)
    cleanupRbuf(this, task, count)
    return count
  }

  /** Ends both directions: FIN to the peer, EPIPE and end of stream here. */
  shutdown(): void {
    if (this.shutdownSend || this.error !== 0) return
    this.shutdownSend = true
    this.shutdownReceive = true
    sendFin(this, this.stack.timerCtx)
    this.wakeAll()
  }

  /** Resets the connection: the peer gets ECONNRESET. */
  abort(ctx: Context): void {
    if (this.error !== 0) return
    sendReset(this)
    this.die(ctx, ECONNRESET)
  }

  /** The connection is over: nothing is sent any more, sleepers get `error`. */
  die(ctx: Context, error: number): void {
    if (this.error !== 0) return
    this.error = error
    this.writeTimer.cancel()
    this.delackTimer.cancel()
    this.writePending = TIME_NONE
    this.ackScheduled = false
    purgeWriteQueue(this, ctx)
    this.wakeAll()
  }

  /** Frees everything the socket holds and unbinds it. No task may be inside. */
  close(ctx: Context): void {
    closeSocket(this, ctx)
    this.release()
  }

  /** `release_sock`: handles what arrived meanwhile, and lets the next task in. */
  releaseSock(ctx: Context): void {
    processBacklog(this, ctx)
    this.owned = false
    if (this.tsqDeferred) {
      this.tsqDeferred = false
      this.#tsqHandler(ctx)
    }
    this.lockQueue.wakeOne()
  }

  /** `lock_sock` when somebody owns the socket. */
  *lockSlow(process: Process): Sleeps<void> {
    while (this.owned) yield* this.lockQueue.sleepExclusive(process)
  }

  /** `tcp_tsq_handler`: without the socket's TCP_NODELAY, and without its right to the reserve. */
  #tsqHandler(ctx: Context): void {
    if (this.error === 0) writeXmit(this, ctx, 0, false, GFP_ATOMIC)
  }

  wakeAll(): void {
    this.sendSpace.wakeAll()
    this.receiveData.wakeAll()
  }

  checkInvariants(): void {
    checkSocket(this)
  }
}
