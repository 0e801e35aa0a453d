// @ts-check
// struct tcp_info of a socket of the model. source: net/ipv4/tcp.c:tcp_get_info, include/linux/tcp.h

const MICROSECOND = 1000
/** A threshold that was never set. source: include/net/tcp.h:TCP_INFINITE_SSTHRESH */
const INFINITE = 0x7fffffff
/** @typedef {any} Socket */

/** @type {(sk: Socket, ticks: number) => number} */
const jiffiesToUsecs = (sk, ticks) => (ticks * sk.stack.sim.tickNs) / MICROSECOND

/** Each field that the model has. @type {Readonly<Record<string, (sk: Socket) => number>>} */
export const TCP_INFO = {
  tcpi_ca_state: (sk) => sk.caState,
  tcpi_retransmits: (sk) => sk.retransmits,
  tcpi_probes: (sk) => sk.probesOut,
  tcpi_backoff: (sk) => sk.backoff,
  tcpi_rto: (sk) => Math.round(sk.rto / MICROSECOND),
  tcpi_ato: (sk) => Math.round(sk.ato / MICROSECOND),
  tcpi_snd_mss: (sk) => sk.mss,
  tcpi_rcv_mss: (sk) => sk.rcvMss,
  tcpi_unacked: (sk) => sk.packetsOut,
  tcpi_sacked: (sk) => sk.sackedOut,
  tcpi_lost: (sk) => sk.lostOut,
  tcpi_retrans: (sk) => sk.retransOut,
  tcpi_fackets: (sk) => sk.facketsOut,
  tcpi_rcv_ssthresh: (sk) => sk.rcvSsthresh,
  tcpi_rtt: (sk) => jiffiesToUsecs(sk, sk.srtt) >> 3,
  tcpi_rttvar: (sk) => jiffiesToUsecs(sk, sk.mdev) >> 2,
  tcpi_snd_ssthresh: (sk) => Math.min(sk.ssthresh, INFINITE),
  tcpi_snd_cwnd: (sk) => sk.cwnd,
  tcpi_reordering: (sk) => sk.reordering,
  tcpi_total_retrans: (sk) => sk.retransmitted
}
