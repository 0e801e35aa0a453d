// Constants of the protocol. source: include/net/tcp.h
const MS = 1_000_000

/** Retransmission time-out before any measurement, its bounds, and the retry after a local failure. */
export const TCP_TIMEOUT_INIT = 1000 * MS
export const TCP_RTO_MIN = 200 * MS
export const TCP_RTO_MAX = 120_000 * MS
export const TCP_RESOURCE_PROBE_INTERVAL = 500 * MS

/** Delayed acknowledgement: bounds of the delay and of its estimate. */
export const TCP_DELACK_MIN = 40 * MS
export const TCP_DELACK_MAX = 200 * MS
export const TCP_ATO_MIN = 40 * MS

/** Quick acknowledgements at the start of a burst. */
export const TCP_MAX_QUICKACKS = 16

export const TCP_INIT_CWND = 10
/** A window that is used up to so many segments counts as used (sysctl tcp_max_burst). */
export const TCP_MAX_BURST = 3
/** Duplicate acknowledgements that start a fast retransmit. */
export const TCP_FASTRETRANS_THRESH = 3
/** Retransmissions after which a connection dies, counted in time (see `retransmitsTimedOut`). */
export const TCP_RETR2 = 15
/** Largest skb handed to a device that cuts segments itself: 45 × 1448. */
export const TSO_MAX_BYTES = 65160
/** TCP small queues: bytes of truesize below the stack. */
export const TCP_LIMIT_OUTPUT_BYTES = 131072
/** A TSO skb waits until it can use this share of the window. */
export const TCP_TSO_WIN_DIVISOR = 3

/** Congestion states (icsk_ca_state). */
export const CA_OPEN = 0
export const CA_RECOVERY = 1
export const CA_LOSS = 2

/** State of a segment on the write queue (TCP_SKB_CB->sacked). */
export const TCPCB_LOST = 1
export const TCPCB_RETRANS = 2
export const TCPCB_EVER_RETRANS = 4

/** What `tcp_write_xmit` does with a last, partial segment. */
export const NAGLE_OFF = 1
export const NAGLE_CORK = 2
export const NAGLE_PUSH = 4

/** What the write timer stands for. */
export const TIME_NONE = 0
export const TIME_RETRANS = 1
export const TIME_PROBE0 = 2

/** Errors, negative when returned. */
export const EINTR = 4
export const EAGAIN = 11
export const ENOMEM = 12
export const EPIPE = 32
export const ECONNRESET = 104
export const ENOBUFS = 105
export const ETIMEDOUT = 110
