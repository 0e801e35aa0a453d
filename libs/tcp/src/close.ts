// The end of a connection: what its socket holds goes back.
// source: net/ipv4/tcp.c:tcp_write_queue_purge; net/ipv4/inet_connection_sock.c:inet_csk_destroy_sock
import { NO_FRAG_PAGE, NO_SKB } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { freeQueue } from "./queue.ts"
import { clearAllRetransHints } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_write_queue_purge`: frees the segments that were not acknowledged. */
export const purgeWriteQueue = (sk: TcpSocket, ctx: Context): void => {
  freeQueue(sk, ctx, sk.writeHead, false, true)
  sk.writeHead = sk.writeTail = sk.sendHead = NO_SKB
  sk.packetsOut =
    sk.retransOut =
    sk.lostOut =
    sk.sackedOut =
    sk.facketsOut =
      0
  clearAllRetransHints(sk)
}

/** `inet_csk_destroy_sock`: frees everything that the socket holds. No task may be inside. */
export const closeSocket = (sk: TcpSocket, ctx: Context): void => {
  assert(!sk.owned && !sk.readerWaiting, "closing a socket that a task uses")
  assert(sk.prequeueHead === NO_SKB && sk.backlogHead === NO_SKB, "nobody has worked off the prequeue or the backlog")
  const skbs = sk.stack.skbs
  sk.closed = true
  sk.writeTimer.cancel()
  sk.delackTimer.cancel()
  sk.keepaliveTimer?.cancel()
  purgeWriteQueue(sk, ctx)
  freeQueue(sk, ctx, sk.rcvHead, true)
  freeQueue(sk, ctx, sk.oooHead, true)
  sk.rcvHead = sk.rcvTail = sk.oooHead = NO_SKB
  if (sk.spareSkb !== NO_SKB) skbs.kfree(ctx, sk.spareSkb)
  if (sk.sparePage !== NO_FRAG_PAGE) skbs.pages.put(ctx, sk.sparePage)
  if (sk.sndmsgPage !== NO_FRAG_PAGE) skbs.pages.put(ctx, sk.sndmsgPage)
  sk.spareSkb = NO_SKB
  sk.sparePage = NO_FRAG_PAGE
  sk.sndmsgPage = NO_FRAG_PAGE
}
