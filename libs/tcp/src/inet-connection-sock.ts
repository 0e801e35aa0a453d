// struct inet_connection_sock, and what TCP uses of struct sock beyond what every socket has: a connection, whatever it says.
// Modelled: its state, the time-outs and what they stand for, the estimates behind a delayed ACK, the socket lock with its
// backlog, who waits for what, and how it ends. What is announced, sent and received is in tcp-state.ts.
// Not modelled: MTU probing, TCP_DEFER_ACCEPT; the queues of a listener are in listener.ts.
// source: include/net/inet_connection_sock.h, include/net/sock.h
import { type NetStack, NO_FRAG_PAGE, NO_SKB, Socket, tcpRmem, tcpWmem } from "@swaplab/net-skb"
import { type Nanoseconds, type Process, type Random, type Sleeps, type Timer, WaitQueue } from "@swaplab/sim"
import type { CongestionControl } from "./congestion-control.ts"
import { CA_OPEN, TCP_CLOSE, TCP_TIMEOUT_INIT, TIME_NONE } from "./constants.ts"
import { congestionControl } from "./tcp-cong.ts"
import type { TcpOptions } from "./tcp-options.ts"
import type { TimewaitSock } from "./timewait-sock.ts"

/** The part of a `TcpSocket` that is no business of TCP's alone. */
export abstract class InetConnectionSock extends Socket {
  readonly name: string
  peerHost = -1
  peerPort = -1
  /** TCP_CLOSE, TCP_SYN_SENT, TCP_SYN_RECV or TCP_ESTABLISHED. */
  state: number = TCP_CLOSE
  readonly fixedSndbuf: boolean
  readonly fixedRcvbuf: boolean
  readonly wmemMax: number
  readonly rmemMax: number
  /** The page that the next fragments come from (sk_sndmsg_page), and how much of it is used. */
  sndmsgPage = NO_FRAG_PAGE
  sndmsgOffset = 0

  // --- retransmission and congestion
  rto: Nanoseconds = TCP_TIMEOUT_INIT
  retransmits = 0
  backoff = 0
  probesOut = 0
  writePending = TIME_NONE
  caState = CA_OPEN
  readonly congestion: CongestionControl

  /** How long data may be in flight or probes unanswered before the connection dies (TCP_USER_TIMEOUT); 0: as the sysctls say. */
  userTimeout: Nanoseconds

  // --- keep-alive: keepalive.ts
  /** SO_KEEPALIVE, and what was set for this socket alone (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT); 0: as the sysctls say. */
  keepOpen: boolean
  keepIdle: Nanoseconds
  keepIntvl: Nanoseconds
  keepProbes: number
  /** Made when it is first needed. */
  keepaliveTimer: Timer | null = null

  // --- delayed ACK
  ackScheduled = false
  ackBlocked = false
  ackPushed = false
  ackPushed2 = false
  quick = 0
  pingpong = false
  ato: Nanoseconds = 0
  lrcvtime: Nanoseconds = 0
  /** Guess at the size of the peer's segments, and the size of the last one that may have been a full one. */
  rcvMss = 0
  lastSegSize = 0

  // --- packets for whom a task owns the socket
  backlogHead = NO_SKB
  backlogTail = NO_SKB
  backlogLen = 0

  // --- who waits
  /** A task owns the socket while it sleeps in an allocation; packets go to the backlog meanwhile. */
  owned = false
  readonly lockQueue: WaitQueue
  readonly sendSpace: WaitQueue
  readonly receiveData: WaitQueue
  /** A sender waits for room (SOCK_NOSPACE). */
  noSpace = false
  /** Segments were freed since the senders were last looked after (SOCK_QUEUE_SHRUNK). */
  queueShrunk = false
  readonly random: Random
  /** Where a task waits for the connection to be made; only sockets that `connect` have one. */
  connecting: WaitQueue | null = null
  /** The state or the existence of the socket has changed: established, or gone. For the listener that made it. */
  onState: (() => void) | null = null
  /** Out parameter of the plain send step: why it stopped. */
  blockedOn = 0

  // --- the end
  shutdownSend = false
  shutdownReceive = false
  /** Error that ended the connection, 0 while it lives. */
  error = 0
  /** The same until a call has told it (sk_err). */
  pendingError = 0
  closed = false
  /** SOCK_DEAD: no process holds it any more. It ends what is under way, and goes. */
  orphan = false
  /** The peer had ended when this end did: there is no TIME_WAIT for it (LAST_ACK). */
  lastAck = false
  /** What has taken the number of this socket, because its connection has ended. */
  timewait: TimewaitSock | null = null

  constructor(stack: NetStack, options: TcpOptions) {
    const rmem = stack.sysctls["net.ipv4.tcp_rmem"] ?? tcpRmem(options.freeBufferPages)
    const wmem = stack.sysctls["net.ipv4.tcp_wmem"] ?? tcpWmem(options.freeBufferPages)
    super(stack, stack.tcpMemory, options.rcvbuf ?? rmem[1], options.sndbuf ?? wmem[1])
    this.name = options.name
    this.keepOpen = options.keepAlive === true
    this.keepIdle = options.keepIdle ?? 0
    this.keepIntvl = options.keepIntvl ?? 0
    this.keepProbes = options.keepProbes ?? 0
    this.userTimeout = options.userTimeout ?? 0
    this.fixedSndbuf = options.sndbuf !== undefined
    this.fixedRcvbuf = options.rcvbuf !== undefined
    this.wmemMax = wmem[2]
    this.rmemMax = rmem[2]
    const sim = stack.sim
    this.congestion = congestionControl(stack.sysctls, sim.hz)
    this.lockQueue = new WaitQueue(sim, `${this.name} socket lock`, "the task that owns the socket")
    this.sendSpace = new WaitQueue(sim, `${this.name} sock send space`, "an ACK from the peer, or the vm_wait timer")
    this.receiveData = new WaitQueue(sim, `${this.name} sock receive`, "data from the peer")
    this.random = sim.stream(this.name, "vm_wait")
  }

  /** `sk_stream_moderate_sndbuf` leaves a buffer of fixed size alone. */
  override moderateSndbuf(): void {
    if (!this.fixedSndbuf) super.moderateSndbuf()
  }

  /** `sock_error`: the error that no call has told yet, which this one does; 0 when there is none. */
  takeError(): number {
    const error = this.pendingError
    this.pendingError = 0
    return error
  }

  /** `lock_sock` when somebody owns the socket. */
  *lockSlow(process: Process): Sleeps<void> {
    while (this.owned) yield* this.lockQueue.sleepExclusive(process)
  }

  wakeAll(): void {
    this.sendSpace.wakeAll()
    this.receiveData.wakeAll()
    this.connecting?.wakeAll()
  }
}
