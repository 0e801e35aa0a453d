// struct tcp_sock: one end of a connection.
// Modelled: everything that decides who waits: send and receive buffers, windows, cwnd, time-outs, delayed ACKs, the socket
// lock with its backlog, the prequeue. What it remembers is in tcp-state.ts and inet-connection-sock.ts; the steps are in the
// files named after Linux's: output.ts, input.ts, timer.ts, …
// Connections begin over the network (handshake.ts), or both ends are created established (connect.ts).
// Not modelled: urgent data, wrap-around of sequence numbers; time stamps count nanoseconds.
// Congestion control is a table (tcp-cong.ts). What becomes of loss is decided in fastretrans-alert.ts.
import type { NetStack, ProtocolFigures } from "@swaplab/net-skb"
import { type Context, ECONNRESET, GFP_ATOMIC, type PageToken, type Task } from "@swaplab/page-alloc"
import { type Sleeps, Timer } from "@swaplab/sim"
import { cleanupRbuf } from "./ack.ts"
import { checkSocket } from "./check.ts"
import { closeSocket, purgeWriteQueue } from "./close.ts"
import { TCP_CLOSE, TCP_SYN_RECV, TIME_CLOSE, TIME_NONE } from "./constants.ts"
import { sendReset } from "./control.ts"
import { enableEarlyRetrans } from "./early-retrans.ts"
import { countEnd, figuresOf } from "./figures.ts"
import { initializeRcvMss } from "./initial-window.ts"
import { processBacklog, tcpRcv } from "./input.ts"
import { sendFin, writeXmit } from "./output.ts"
import { recvBytes, recvPage, tryRecv } from "./recv.ts"
import { resetWriteTimer } from "./retransmit.ts"
import { sendBytes, sendPage } from "./send.ts"
import type { TcpOptions } from "./tcp-options.ts"
import { TcpState } from "./tcp-state.ts"
import { delackTimer, writeTimer } from "./timer.ts"

/**
 * One end of a connection.
 *
 * **When to use.** `connectOver` asks a {@link TcpListener} for a connection with its handshake; to begin with one that
 * stands, make two sockets and `connectTcp` them.
 *
 * **Details.** A stream carries bytes and pages of 4096 bytes as tokens. What may sleep is entered with `yield*`; it
 * returns bytes, 0 at the end of the stream, or a negative errno. `shutdown` says FIN, `abort` RST, `die` nothing;
 * `close` frees what the socket holds.
 *
 * **Gotchas.** Two tasks that send on one socket must exclude each other, or their data mixes. The reader must ask for
 * pages where pages were sent. An error is told once. No task may be inside when `close` is called.
 */
export class TcpSocket extends TcpState {
  /** What the first stands for is in `writePending`. */
  readonly writeTimer: Timer
  readonly delackTimer: Timer

  constructor(stack: NetStack, options: TcpOptions) {
    super(stack, options)
    enableEarlyRetrans(this)
    const timer = { group: stack.group, retry: true }
    this.writeTimer = new Timer(stack.sim.queue, () => writeTimer(this), { name: "tcp_write_timer", ...timer })
    this.delackTimer = new Timer(stack.sim.queue, () => delackTimer(this), { name: "tcp_delack_timer", ...timer })
    initializeRcvMss(this)
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

  /** shutdown(2), `tcp_shutdown`: FIN to the peer, EPIPE here; if of `both` directions, also the end of the stream here. */
  shutdown(both = true): void {
    if (this.error !== 0) return
    this.shutdownReceive ||= both
    if (!this.shutdownSend) {
      this.lastAck = this.finReceived
      sendFin(this, this.stack.timerCtx)
    }
    this.shutdownSend = true
    this.wakeAll()
  }

  /** `tcp_send_active_reset` and `tcp_done`: the peer gets ECONNRESET. */
  abort(ctx: Context): void {
    if (this.error !== 0) return
    sendReset(this)
    this.die(ctx, ECONNRESET)
  }

  override figures(): ProtocolFigures {
    return figuresOf(this)
  }

  /** `tcp_write_err`, `tcp_reset`, `tcp_done`: nothing is sent any more, sleepers get `error`. */
  die(ctx: Context, error: number): void {
    if (this.error !== 0 || this.closed) return
    countEnd(this)
    this.error = this.pendingError = error
    this.shutdownReceive = this.shutdownSend = true
    this.writeTimer.cancel()
    this.delackTimer.cancel()
    this.keepaliveTimer?.cancel()
    this.writePending = TIME_NONE
    this.ackScheduled = false
    purgeWriteQueue(this, ctx)
    this.wakeAll()
    if (this.orphan || this.state === TCP_SYN_RECV) resetWriteTimer(this, TIME_CLOSE, 0)
  }

  /** `inet_csk_destroy_sock`: frees what the socket holds and unbinds it, without a word to the peer. No task may be inside. */
  close(ctx: Context): void {
    closeSocket(this, ctx)
    this.state = TCP_CLOSE
    this.release()
    this.onState?.()
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

  /** `tcp_tsq_handler`: without the socket's TCP_NODELAY, and without its right to the reserve. */
  #tsqHandler(ctx: Context): void {
    if (this.error === 0) writeXmit(this, ctx, 0, false, GFP_ATOMIC)
  }

  override checkInvariants(): void {
    super.checkInvariants()
    checkSocket(this)
  }
}
