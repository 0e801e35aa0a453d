// Contents page of @swaplab/tcp, in reading order.
export { connectTcp } from "./connect.ts"
export { waitingSegments } from "./queue.ts"
export { type TcpOptions, TcpSocket } from "./tcp-sock.ts"
