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

/** SACK blocks that a receiver remembers. */
export const TCP_NUM_SACKS = 4

/** Quick acknowledgements at the start of a burst. */
export const TCP_MAX_QUICKACKS = 16

export const TCP_INIT_CWND = 10
/** Segments of the first receive window. */
export const TCP_DEFAULT_INIT_RCVWND = 10
/** A window is shifted by so many bits at most. */
export const TCP_MAX_WSCALE = 14
/** Segments of a peer that has not announced a size, and the least that one can be made to send. */
export const TCP_MSS_DEFAULT = 536
export const TCP_MIN_MSS = 88
/** A window that is used up to so many segments counts as used (tcp_max_tso_deferred_mss). */
export const TCP_MAX_TSO_DEFERRED = 3
/** Duplicate acknowledgements that start a fast retransmit. */
export const TCP_FASTRETRANS_THRESH = 3
/** How long a socket in TIME_WAIT holds its number. */
export const TCP_TIMEWAIT_LEN = 60_000 * MS
/** Retries of the last segments of a socket that nobody holds any more, where tcp_orphan_retries is 0. */
export const TCP_ORPHAN_RETRIES = 8
/** Largest skb handed to a device that cuts segments itself: 45 × 1448. */
export const TSO_MAX_BYTES = 65160
/** What such a device takes (sk_gso_max_size). */
export const GSO_MAX_BYTES = 65536

/** Congestion states (icsk_ca_state), in Linux's order: what is below CWR has not cut the window. */
export const CA_OPEN = 0
export const CA_DISORDER = 1
export const CA_CWR = 2
export const CA_RECOVERY = 3
export const CA_LOSS = 4

/** State of a segment on the write queue (TCP_SKB_CB->sacked): SACKed, sent again and under way, lost, ever sent again. */
export const TCPCB_SACKED_ACKED = 0x01
export const TCPCB_SACKED_RETRANS = 0x02
export const TCPCB_LOST = 0x04
export const TCPCB_TAGBITS = 0x07
export const TCPCB_EVER_RETRANS = 0x80
export const TCPCB_RETRANS = TCPCB_SACKED_RETRANS | TCPCB_EVER_RETRANS

/** No loss has shown the capacity of the path yet. */
export const TCP_INFINITE_SSTHRESH = 0x7fff_ffff
/** Largest distance over which segments are believed to overtake each other. */
export const TCP_MAX_REORDERING = 127
/** Early retransmit waits at least so long. */
export const EARLY_RETRANS_MIN = 2 * MS
/** For stream offsets that mark something: there is no mark. */
export const NO_MARK = Number.NEGATIVE_INFINITY

/** ECN (tcp_sock.ecn_flags): both ends have it; a cut of the window is to be told; a mark was received; ECT was seen. */
export const NO_ECN = 0
export const TCP_ECN_OK = 1
export const TCP_ECN_QUEUE_CWR = 2
export const TCP_ECN_DEMAND_CWR = 4
export const TCP_ECN_SEEN = 8

/** What `tcp_write_xmit` does with a last, partial segment. */
export const NAGLE_OFF = 1
export const NAGLE_CORK = 2
export const NAGLE_PUSH = 4

/** What the write timer stands for. */
export const TIME_NONE = 0
export const TIME_RETRANS = 1
export const TIME_PROBE0 = 2
/** The socket goes: it is an orphan that has nothing left to do, or whose peer has not ended in time. */
export const TIME_CLOSE = 3
/** The socket has no process and waits for the FIN of its peer longer than TIME_WAIT lasts. */
export const TIME_FIN_WAIT2 = 4

/**
 * States of a connection. Established stands for all that comes after it too: see `finReceived`, `shutdownSend`, `orphan`. The
 * next to last two are those of a `TimewaitSock`.
 */
export const TCP_ESTABLISHED = 1
export const TCP_SYN_SENT = 2
export const TCP_SYN_RECV = 3
export const TCP_FIN_WAIT2 = 5
export const TCP_TIME_WAIT = 6
export const TCP_CLOSE = 7
