import { SYN_WINDOW_SCALE } from "@swaplab/net-skb"
import { assert } from "@swaplab/sim"
import { TCP_ESTABLISHED } from "./constants.ts"
import { joinEcn } from "./ecn.ts"
import { fastPathOn } from "./fast-path.ts"
import { initBufferSpace, initializeRcvMss, selectInitialWindow } from "./initial-window.ts"
import { startKeepalive } from "./keepalive.ts"
import { syncMss } from "./mss.ts"
import { joinOptions } from "./syn-options.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Joins two sockets into an established connection, as if `a` had asked `b`. Handshake packets are not exchanged. */
export const connectTcp = (a: TcpSocket, b: TcpSocket): void => {
  assert(a.peerHost === -1 && b.peerHost === -1, "a socket can be connected once")
  a.state = b.state = TCP_ESTABLISHED
  a.peerHost = b.stack.host
  a.peerPort = b.port
  b.peerHost = a.stack.host
  b.peerPort = a.port
  a.received = b.sent
  b.received = a.sent
  joinOptions(a, b)
  joinEcn(a, b)
  for (const sk of [a, b]) {
    selectInitialWindow(sk, sk.advmss, (sk.options & SYN_WINDOW_SCALE) !== 0)
    initializeRcvMss(sk)
    initBufferSpace(sk)
    sk.rcvTstamp = sk.stack.sim.queue.now
    startKeepalive(sk)
  }
  a.sndWnd = a.maxWindow = b.rcvWnd
  b.sndWnd = b.maxWindow = a.rcvWnd
  syncMss(a)
  syncMss(b)
  fastPathOn(b)
  a.congestion.init(a)
  b.congestion.init(b)
}
