// @ts-check
// What both sides of the comparison are given: the rates, the token buckets, the buffers and the sysctls.

/** Bits a second. */
export const CLIENT_RATE = 10_000_000
export const SERVER_RATE = 100_000_000
/** What a token bucket lets through at once after a pause: two full frames. */
export const BURST_BYTES = 3100
/**
 * The same in front of the server's own card, whose queue is never full. Two frames are 0.25 ms there, and a timer of a host that
 * has other work is later than that now and then: what the bucket cannot hold meanwhile is lost, 7 % of the rate with 30 clients
 * that read (measured).
 */
export const SERVER_BURST_BYTES = 15_140
/** The queue of a host in front of its own card: never full. */
export const HOST_QUEUE_BYTES = 4_000_000
/** skb->len of a frame, which is what tbf counts: the Ethernet header, without preamble, check sequence and gap. */
export const FRAME_OVERHEAD_BYTES = 14
/** Payload of a full segment on an MTU of 1500 with time stamps. */
export const MSS = 1448

/** Before anything is counted. */
export const WARM_UP_S = 2
/** Size of the export. */
export const EXPORT_BYTES = 256 * 2 ** 20
export const NBD_PORT = 10_809
/** Threads of the server for a connection, nbdkit's default. No more requests are under way on one. */
export const THREADS = 16

/**
 * How much memory of a connection's segments waits in front of a card (TCP small queues): three segments, each of which takes
 * 2,280 bytes on the real side, 2,304 on the other. Linux 3.5 has no such limit, 3.6 one of 128 KiB. Kernels of today have one
 * that cannot be turned off: a millisecond at the rate at which the window would be sent, at least two segments, at most this.
 * With the factors of that rate at their most, at most is what counts, so that all connections have the same share of a queue.
 */
const SMALL_QUEUE_BYTES = 5000

const KIB = 1024
/** And buffers of a socket: tcp_rmem and tcp_wmem of Linux 3.5 on a machine with 2 GiB. */
const BOTH = {
  "net.ipv4.tcp_limit_output_bytes": SMALL_QUEUE_BYTES,
  "net.ipv4.tcp_rmem": [4096, 87_380, 6 * KIB * KIB],
  "net.ipv4.tcp_wmem": [4096, 16_384, 4 * KIB * KIB]
}

/**
 * What a host of today is told so that it is as near to Linux 3.5 as its sysctls let it be. Those that a kernel does not have
 * are left out, and listed in the result.
 * @type {Readonly<Record<string, string | number>>}
 */
const ERA = {
  "net.ipv4.tcp_rmem": BOTH["net.ipv4.tcp_rmem"].join(" "),
  "net.ipv4.tcp_wmem": BOTH["net.ipv4.tcp_wmem"].join(" "),
  // each connection measures by itself
  "net.ipv4.tcp_no_metrics_save": 1,
  // one segment a packet, as with segmentation offload off in 3.5
  "net.ipv4.tcp_min_tso_segs": 1,
  "net.ipv4.tcp_tso_rtt_log": 0,
  "net.ipv4.tcp_limit_output_bytes": SMALL_QUEUE_BYTES,
  "net.ipv4.tcp_pacing_ss_ratio": 1000,
  "net.ipv4.tcp_pacing_ca_ratio": 1000,
  // each out-of-order segment has its ACK at once
  "net.ipv4.tcp_comp_sack_nr": 0,
  "net.ipv4.tcp_backlog_ack_defer": 0,
  "net.ipv4.tcp_autocorking": 0,
  "net.ipv4.tcp_slow_start_after_idle": 1,
  "net.ipv4.tcp_max_reordering": 127,
  // RACK and tail loss probes
  "net.ipv4.tcp_recovery": 0,
  "net.ipv4.tcp_early_retrans": 0
}

/**
 * What the model is told, so that it does what a host of today does: acknowledged segments count where the window grows, as they
 * do without a sysctl since 3.14 and do with this one in 3.5, which otherwise counts ACKs; no early retransmit, which RACK has
 * replaced. FACK stays on: like RACK, it takes a segment for lost when a later one has arrived.
 */
const TODAY = { ...BOTH, "net.ipv4.tcp_abc": 2, "net.ipv4.tcp_early_retrans": 0 }

/** The two ways to recover from losses that are compared. */
export const STACKS = /** @type {const} */ ({
  reno: {
    real: { congestion: "reno", sysctls: { ...ERA, "net.ipv4.tcp_sack": 0, "net.ipv4.tcp_frto": 0 } },
    model: { ...TODAY, "net.ipv4.tcp_congestion_control": "reno", "net.ipv4.tcp_sack": 0, "net.ipv4.tcp_frto": 0 }
  },
  cubic: {
    real: { congestion: "cubic", sysctls: { ...ERA, "net.ipv4.tcp_sack": 1, "net.ipv4.tcp_frto": 2 } },
    model: { ...TODAY, "net.ipv4.tcp_congestion_control": "cubic", "net.ipv4.tcp_sack": 1, "net.ipv4.tcp_frto": 2 }
  }
})

/** @typedef {keyof typeof STACKS} Stack */
