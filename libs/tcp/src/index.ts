/**
 * {@include ../README.md}
 *
 * @module @swaplab/tcp
 */
export { connectTcp } from "./connect.ts"
export { connectOver } from "./handshake.ts"
export { letGo } from "./let-go.ts"
export { TcpListener } from "./listener.ts"
export { addMib, TcpMib } from "./mib.ts"
export { waitingSegments } from "./queue.ts"
export { type TcpOptions } from "./tcp-options.ts"
export { TcpSocket } from "./tcp-sock.ts"
