import { assert } from "@swaplab/sim"
import type { TcpSocket } from "./tcp-sock.ts"

/** Joins two sockets into an established connection. Handshake packets are not exchanged. */
export const connectTcp = (a: TcpSocket, b: TcpSocket): void => {
  assert(a.peerHost === -1 && b.peerHost === -1, "a socket can be connected once")
  a.peerHost = b.stack.host
  a.peerPort = b.port
  b.peerHost = a.stack.host
  b.peerPort = a.port
  a.received = b.sent
  b.received = a.sent
  a.sndWnd = a.maxWindow = b.rcvWnd
  b.sndWnd = b.maxWindow = a.rcvWnd
}
