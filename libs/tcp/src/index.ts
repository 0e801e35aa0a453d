// Contents page of @swaplab/tcp, in reading order.
export { inFlight } from "./congestion.ts"
export { connectTcp } from "./connect.ts"
export * from "./constants.ts"
export { StreamContent } from "./content.ts"
export { waitingSegments } from "./queue.ts"
export { offerableWindow, receiveWindow } from "./rcvbuf.ts"
export { type TcpOptions, TcpSocket } from "./tcp-sock.ts"
export { retransmitsTimedOutNs } from "./timer.ts"
