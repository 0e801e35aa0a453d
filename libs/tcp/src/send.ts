// sendmsg: copies data into segments, and sleeps for room or memory.
// Modelled: one chunk at a time as in tcp_sendmsg: an skb with 1456 linear bytes, then fragments of the socket's cached page;
// sleeping for send buffer; after a failed allocation a random sleep of 2 … HZ/5 + 1 ticks; the socket lock is held while an
// allocation sleeps, so packets that arrive meanwhile go to the backlog.
// Not modelled: what was queued before an error is not reported, the error is (sock_xmit makes no difference).
// Two senders on one socket must exclude each other (nbd's tx_lock): a page is not interleaved with other data.
// source: net/ipv4/tcp.c:tcp_sendmsg, tcp_push; net/core/stream.c:sk_stream_wait_memory
import { MAX_SKB_FRAGS, MAX_TCP_HEADER, NO_FRAG_PAGE, NO_SKB, SKB_ALLOC_FCLONE, TCPHDR_PSH } from "@swaplab/net-skb"
import { EINTR, EPIPE, PAGE_SIZE, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { NAGLE_CORK, NAGLE_PUSH, TSO_MAX_BYTES } from "./constants.ts"
import { pushPendingFrames, writeXmit } from "./output.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { chargeStreamSkb, entail, streamAllocFailed, tryStreamAllocSkb } from "./write-queue.ts"

/** Linear payload of an skb for a device that gathers: what still fits into kmalloc-2048. */
const LINEAR_BYTES = 1456

/** Why a send step stopped (`blockedOn`). */
const DONE = 0
const SNDBUF = 1
const MEMORY = 2
const SKB_SLEEPS = 3
const PAGE_SLEEPS = 4

/** Sends bytes. Returns their number or a negative errno. */
export function* sendBytes(sk: TcpSocket, task: Task, bytes: Uint8Array, more: boolean): Sleeps<number> {
  const failed = sendError(sk, task)
  if (failed !== 0) return failed
  sk.sent.appendBytes(bytes)
  return yield* send(sk, task, bytes.length, more)
}

/** Sends a page. Returns 4096 or a negative errno. */
export function* sendPage(sk: TcpSocket, task: Task, writer: number, version: number, more: boolean): Sleeps<number> {
  const failed = sendError(sk, task)
  if (failed !== 0) return failed
  sk.sent.appendPage(writer, version)
  return yield* send(sk, task, PAGE_SIZE, more)
}

function* send(sk: TcpSocket, task: Task, bytes: number, more: boolean): Sleeps<number> {
  task.ns += sk.stack.costs.syscallNs + ((sk.stack.costs.copyPerKiBNs * bytes) >> 10)
  let left = bytes
  if (sk.owned) yield* sk.lockSlow(task.process)
  for (;;) {
    left -= sendSome(sk, task, left, left === bytes)
    if (left === 0) break
    if (sk.blockedOn === SKB_SLEEPS) {
      sk.owned = true
      yield* allocSkb(sk, task)
    } else if (sk.blockedOn === PAGE_SLEEPS) {
      sk.owned = true
      yield* allocPage(sk, task)
    }
    if (sk.blockedOn === SNDBUF || sk.blockedOn === MEMORY) {
      if (left < bytes) push(sk, task, false, NAGLE_PUSH)
      const failed = yield* streamWaitMemory(sk, task)
      if (failed !== 0) {
        sk.releaseSock(task)
        return failed
      }
    }
  }
  assert(sk.error !== 0 || sk.writeSeq === sk.sent.written, "stream content and sequence numbers disagree")
  push(sk, task, more, sk.nonagle)
  if (sk.owned) sk.releaseSock(task)
  return bytes
}

const sendError = (sk: TcpSocket, task: Task): number =>
  sk.error !== 0 || sk.shutdownSend ? -(sk.takeError() || EPIPE) : task.process.killed ? -EINTR : 0

/**
 * Queues up to `bytes`; stops where it would have to sleep and says why in `blockedOn`. `begins`: nothing of the call is
 * queued yet. Returns how many were queued.
 */
const sendSome = (sk: TcpSocket, task: Task, bytes: number, begins: boolean): number => {
  const skbs = sk.stack.skbs
  const goal = sizeGoal(sk)
  let done = 0
  while (done < bytes) {
    let skb = sk.sendHead === NO_SKB ? NO_SKB : sk.writeTail
    if (skb === NO_SKB || skbs.len[skb] >= goal) {
      skb = newSegment(sk, task)
      if (skb === NO_SKB) return done
    }
    let copy = Math.min(goal - skbs.len[skb], bytes - done)
    const room = sk.tso ? LINEAR_BYTES : sk.tailRoom
    if (skbs.headLen[skb] < room && skbs.headLen[skb] === skbs.len[skb]) {
      copy = Math.min(copy, room - skbs.headLen[skb])
      skbs.headLen[skb] += copy
    } else {
      copy = sk.tso ? addToFragment(sk, task, skb, copy) : 0
      if (copy < 0) return done
      if (copy === 0) {
        // all fragments are taken, or the card does not gather: this segment is full
        skbs.flags[skb] |= TCPHDR_PSH
        sk.pushedSeq = sk.writeSeq
        skb = newSegment(sk, task)
        if (skb === NO_SKB) return done
        continue
      }
    }
    if (begins && done === 0) skbs.flags[skb] &= ~TCPHDR_PSH
    skbs.len[skb] += copy
    skbs.endSeq[skb] += copy
    sk.writeSeq += copy
    done += copy
    // the last segment is left to tcp_push
    if (done === bytes || skbs.len[skb] < goal) continue
    if (sk.writeSeq > sk.pushedSeq + (sk.maxWindow >> 1)) {
      skbs.flags[skb] |= TCPHDR_PSH
      sk.pushedSeq = sk.writeSeq
      pushPendingFrames(sk, task, NAGLE_PUSH)
    } else if (skb === sk.sendHead) {
      writeXmit(sk, task, NAGLE_PUSH, true, sk.gfpAtomic())
    }
  }
  sk.blockedOn = DONE
  return done
}

/** `tcp_xmit_size_goal`: whole segments, at most half the largest window. */
const sizeGoal = (sk: TcpSocket): number => {
  if (!sk.tso) return sk.mss
  const bound = Math.max(sk.maxWindow >> 1, sk.mss)
  const goal = Math.min(TSO_MAX_BYTES, bound)
  return Math.max(sk.mss, goal - (goal % sk.mss))
}

/** `select_size`: the linear bytes of a new segment. */
const linearBytes = (sk: TcpSocket): number => (sk.tso ? LINEAR_BYTES : sk.mss)

/** A new segment on the write queue, or NO_SKB with the reason in `blockedOn`. */
const newSegment = (sk: TcpSocket, task: Task): number => {
  let skb = sk.spareSkb
  if (skb === NO_SKB) {
    if (sk.wmemQueued >= sk.sndbuf) {
      sk.blockedOn = SNDBUF
      return NO_SKB
    }
    sk.tailRoom = sk.mss
    skb = tryStreamAllocSkb(sk, task, linearBytes(sk), sk.skAllocation)
    if (skb < 0) {
      sk.blockedOn = skb === WOULD_SLEEP ? SKB_SLEEPS : MEMORY
      return NO_SKB
    }
  }
  sk.spareSkb = NO_SKB
  entail(sk, skb)
  return skb
}

/** Copies up to `bytes` into the cached page: how many, 0 = no fragment is free, −1 = blocked. */
const addToFragment = (sk: TcpSocket, task: Task, skb: number, bytes: number): number => {
  const skbs = sk.stack.skbs
  const pages = skbs.pages
  let page = sk.sndmsgPage
  if (page !== NO_FRAG_PAGE && pages.refs[page] === 1) sk.sndmsgOffset = 0
  const frags = skbs.nrFrags[skb]
  const last = skb * MAX_SKB_FRAGS + frags - 1
  // only the socket appends to this page, so the last fragment of the tail ends where the page is filled to
  const merge = frags > 0 && page !== NO_FRAG_PAGE && skbs.fragPage[last] === page && sk.sndmsgOffset < PAGE_SIZE
  if (!merge) {
    if (frags === MAX_SKB_FRAGS) return 0
    if (page !== NO_FRAG_PAGE && sk.sndmsgOffset === PAGE_SIZE) {
      pages.put(task, page)
      page = NO_FRAG_PAGE
      sk.sndmsgPage = NO_FRAG_PAGE
    }
    if (page === NO_FRAG_PAGE) sk.sndmsgOffset = 0
  }
  const copy = Math.min(bytes, PAGE_SIZE - sk.sndmsgOffset)
  if (!sk.wmemSchedule(copy)) {
    sk.blockedOn = MEMORY
    return -1
  }
  if (page === NO_FRAG_PAGE) {
    if (sk.sparePage !== NO_FRAG_PAGE) {
      page = sk.sparePage
      sk.sparePage = NO_FRAG_PAGE
    } else {
      // sk_stream_alloc_page
      const pfn = skbs.memory.tryPage(task, sk.skAllocation)
      if (pfn < 0) {
        if (pfn !== WOULD_SLEEP) streamAllocFailed(sk)
        sk.blockedOn = pfn === WOULD_SLEEP ? PAGE_SLEEPS : MEMORY
        return -1
      }
      page = pages.adopt(pfn)
    }
    sk.sndmsgPage = page
  }
  if (merge) {
    skbs.fragLen[last] += copy
  } else {
    pages.get(page)
    skbs.fillPageDesc(skb, page, copy)
  }
  sk.sndmsgOffset += copy
  skbs.truesize[skb] += copy
  sk.wmemQueued += copy
  sk.memCharge(copy)
  return copy
}

/** The sleeping half of `sk_stream_alloc_skb`; the skb is kept for the next step. The socket is owned meanwhile. */
function* allocSkb(sk: TcpSocket, task: Task): Sleeps<void> {
  const skbs = sk.stack.skbs
  sk.tailRoom = sk.mss
  const size = linearBytes(sk) + MAX_TCP_HEADER
  const skb = yield* skbs.allocSkb(task, size, sk.skAllocation, SKB_ALLOC_FCLONE)
  if (skb === NO_SKB) streamAllocFailed(sk)
  else sk.spareSkb = chargeStreamSkb(sk, task, skb)
  sk.blockedOn = sk.spareSkb === NO_SKB ? MEMORY : DONE
}

/** The sleeping half of `sk_stream_alloc_page`. */
function* allocPage(sk: TcpSocket, task: Task): Sleeps<void> {
  const skbs = sk.stack.skbs
  const pfn = yield* skbs.memory.page(task, sk.skAllocation)
  if (pfn < 0) {
    streamAllocFailed(sk)
    sk.blockedOn = MEMORY
    return
  }
  sk.sparePage = skbs.pages.adopt(pfn)
  sk.blockedOn = DONE
}

/** `tcp_push`. */
const push = (sk: TcpSocket, task: Task, more: boolean, nonagle: number): void => {
  if (sk.sendHead === NO_SKB || sk.error !== 0) return
  if (!more || sk.writeSeq > sk.pushedSeq + (sk.maxWindow >> 1)) {
    sk.stack.skbs.flags[sk.writeTail] |= TCPHDR_PSH
    sk.pushedSeq = sk.writeSeq
  }
  pushPendingFrames(sk, task, more ? NAGLE_CORK : nonagle)
}

/**
 * `sk_stream_wait_memory`: sleeps until there is room. When there is room already, it was memory that failed: then for a
 * random time. 0, or a negative errno.
 */
function* streamWaitMemory(sk: TcpSocket, task: Task): Sleeps<number> {
  const sim = sk.stack.sim
  let vmWait = sk.wmemQueued < sk.sndbuf ? sk.random.below(Math.floor(sim.hz / 5)) + 2 : 0
  if (vmWait > 0) sk.vmWaits++
  else sk.sendSpaceWaits++
  for (;;) {
    const failed = sendError(sk, task)
    if (failed !== 0) return failed
    if (sk.wmemQueued < sk.sndbuf && vmWait === 0) return 0
    sk.noSpace = true
    sk.releaseSock(task)
    // the backlog may have brought the ACK that makes room
    if (vmWait > 0) {
      yield* sk.sendSpace.sleepTimeout(task.process, sim.jiffies(vmWait * sim.tickNs), "interruptible")
      vmWait = 0
    } else if (sk.wmemQueued >= sk.sndbuf && sendError(sk, task) === 0) {
      yield* sk.sendSpace.sleep(task.process, "interruptible")
    }
    if (sk.owned) yield* sk.lockSlow(task.process)
  }
}
