import type { Nanoseconds } from "@swaplab/sim"

/** What a TCP socket is made with. */
export interface TcpOptions {
  /** For the names of wait queues and the random stream: "client-3 nbd0". */
  readonly name: string
  /** Free pages of the machine, from which the largest buffers follow (tcp_wmem, tcp_rmem). */
  readonly freeBufferPages: number
  readonly mss?: number
  /** The device gathers fragments, so that skbs may be long: it cuts them, or the stack does (GSO). Default: as the device has it. */
  readonly tso?: boolean
  readonly noDelay?: boolean
  /** SO_KEEPALIVE: a peer that is silent for long is asked whether it is there. */
  readonly keepAlive?: boolean
  /** Of this socket alone: TCP_KEEPIDLE, TCP_KEEPINTVL (nanoseconds) and TCP_KEEPCNT; 0 or nothing: the sysctls. */
  readonly keepIdle?: Nanoseconds
  readonly keepIntvl?: Nanoseconds
  readonly keepProbes?: number
  /** TCP_USER_TIMEOUT: how long data may stay unacknowledged; 0 or nothing: as tcp_retries2 says. */
  readonly userTimeout?: Nanoseconds
  /** Fixed sizes (SO_SNDBUF, SO_RCVBUF): no autotuning. */
  readonly sndbuf?: number
  readonly rcvbuf?: number
}
