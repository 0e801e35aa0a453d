// recvmsg: takes what has arrived in order, and sleeps for more.
// Modelled: partial progress (a page is copied as its segments arrive, which frees them), the prequeue that a sleeping
// reader works off itself, window updates, the buffer that follows the reader's speed.
// Not modelled: copying straight from the prequeue into the reader's buffer; the segments pass the receive queue instead,
// within the same instant.
// source: net/ipv4/tcp.c:tcp_recvmsg, net/core/sock.c:sk_wait_data
import { NO_SKB } from "@swaplab/net-skb"
import { type Context, EINTR, PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { cleanupRbuf } from "./ack.ts"
import { processPrequeue } from "./input.ts"
import { rfree } from "./queue.ts"
import { rcvSpaceAdjust } from "./rcv-space.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Fills `into`. Returns its length, 0 at the end of the stream before the first byte, or a negative errno, which is told once. */
export function* recvBytes(sk: TcpSocket, task: Task, into: Uint8Array): Sleeps<number> {
  let done = 0
  const n = into.length
  task.ns += sk.stack.costs.syscallNs
  for (;;) {
    if (sk.owned) yield* sk.lockSlow(task.process)
    const count = tryRecv(sk, task, n - done)
    if (count > 0) {
      sk.received.readBytes(into, done, count)
      done += count
    }
    const over = afterCopy(sk, task, count, done, n)
    if (over !== WAIT) return over
    yield* waitData(sk, task)
  }
}

/** Receives a page. Returns 4096, 0 at the end of the stream, or a negative errno. */
export function* recvPage(sk: TcpSocket, task: Task, out: PageToken): Sleeps<number> {
  let done = 0
  task.ns += sk.stack.costs.syscallNs
  for (;;) {
    if (sk.owned) yield* sk.lockSlow(task.process)
    const count = tryRecv(sk, task, PAGE_SIZE - done)
    done += count
    if (done === PAGE_SIZE && count > 0) sk.received.readPage(out)
    const over = afterCopy(sk, task, count, done, PAGE_SIZE)
    if (over !== WAIT) return over
    yield* waitData(sk, task)
  }
}

/** Not finished: sleep for more. */
const WAIT = -1_000_000

/** After a step of copying: the result of the call, or WAIT. */
const afterCopy = (sk: TcpSocket, task: Task, count: number, done: number, wanted: number): number => {
  task.ns += (sk.stack.costs.copyPerKiBNs * count) >> 10
  cleanupRbuf(sk, task, count)
  if (done === wanted) return done
  // SOCK_DONE: the end of the stream was received, and is told instead
  if (sk.error !== 0) return sk.finReceived ? done : -sk.takeError() || done
  if (sk.shutdownReceive && sk.readable === 0) return done
  if (task.process.killed) return -EINTR
  return WAIT
}

/** Takes up to `n` bytes off the receive queue without sleeping: moves the offset and frees segments. */
export const tryRecv = (sk: TcpSocket, ctx: Context, n: number): number => {
  const count = Math.min(n, sk.readable)
  if (count <= 0) return 0
  const skbs = sk.stack.skbs
  sk.copiedSeq += count
  while (sk.rcvHead !== NO_SKB && skbs.seq[sk.rcvHead] + skbs.len[sk.rcvHead] <= sk.copiedSeq) {
    const skb = sk.rcvHead
    sk.rcvHead = skbs.next[skb]
    if (sk.rcvHead === NO_SKB) sk.rcvTail = NO_SKB
    skbs.next[skb] = NO_SKB
    rfree(sk, ctx, skb)
  }
  rcvSpaceAdjust(sk)
  return count
}

/** `sk_wait_data`: sleeps until a segment comes; it is handled by this task. */
function* waitData(sk: TcpSocket, task: Task): Sleeps<void> {
  sk.readerWaiting = true
  yield* sk.receiveData.sleep(task.process, "interruptible")
  sk.readerWaiting = false
  if (sk.owned) yield* sk.lockSlow(task.process)
  processPrequeue(sk, task)
}
