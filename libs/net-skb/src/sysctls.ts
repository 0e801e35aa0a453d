// The sysctls of the network, by their Linux names, and the parameters of the module tcp_cubic by their names on the kernel's
// command line. One table: types, the schema of scenarios, their reference and the tests derive from it.
// Modelled: those whose mechanism the model has. A value may be changed while the machine runs; a connection
//   keeps what it took up at its beginning.
// Not modelled: sysctls without a mechanism here are no rows: tcp_retries1 (asks for another route),
//   tcp_tw_reuse and tcp_tw_recycle (no connection gets the number of one before), tcp_max_tw_buckets (never reached),
//   tcp_max_syn_backlog and somaxconn (no backlog is ever full), netdev_max_backlog (cards use NAPI), rmem_max and wmem_max
//   (nobody sets a buffer by hand). A scenario has keys of its own for vm.min_free_kbytes (minFree) and
//   net.core.rmem_default (receiveBuffer of a flood).
// source: net/ipv4/sysctl_net_ipv4.c, net/core/sysctl_net_core.c, Documentation/networking/ip-sysctl.txt, net/ipv4/tcp_cubic.c
import { standardsOf, type SysctlRow, type SysctlValues } from "./sysctl-row.ts"
import { CONNECTION_SYSCTLS } from "./sysctls-connection.ts"

const MAX_INT = 2 ** 31 - 1

/** Off or on. */
const FLAG = { kind: "whole", min: 0, max: 1, unit: "" } as const

const IPV4 = {
  "net.ipv4.tcp_congestion_control": {
    kind: "name",
    names: ["reno", "cubic"],
    standard: "cubic",
    unit: "",
    meaning:
      "How the congestion window grows and shrinks. reno: by one segment a round trip, by half. cubic: by the time since "
      + "the last loss, by three tenths, and slow start ends before the first loss (HyStart).",
    source: "net/ipv4/tcp_cong.c:tcp_ca_find"
  },
  ...CONNECTION_SYSCTLS,
  "net.ipv4.tcp_timestamps": {
    ...FLAG,
    standard: 1,
    meaning:
      "1: segments carry time stamps, 12 bytes, if the other end does so too. They measure round trips. 0: they do not.",
    source: "net/ipv4/tcp_output.c:tcp_syn_options"
  },
  "net.ipv4.tcp_window_scaling": {
    ...FLAG,
    standard: 1,
    meaning: "1: windows larger than 65535 bytes, if the other end knows them too. 0: none are.",
    source: "net/ipv4/tcp_output.c:tcp_select_initial_window"
  },
  "net.ipv4.tcp_ecn": {
    kind: "whole",
    min: 0,
    max: 2,
    standard: 2,
    unit: "",
    meaning:
      "Explicit congestion notification (RFC 3168). 0: none. 1: connections ask for it and grant it. 2: they grant it and do not "
      + "ask, so that between two machines with the default there is none. Marks are set by a switch with `lan.switch.ecnMark`.",
    source: "net/ipv4/tcp_input.c:TCP_ECN_check_ce"
  },
  "net.ipv4.tcp_sack": {
    ...FLAG,
    standard: 1,
    meaning:
      "1: ACKs name what has arrived behind a hole, if the other end knows SACK too, so that a sender knows all holes at once. "
      + "0: they do not, and it learns of one hole a round trip.",
    source: "net/ipv4/tcp_output.c:tcp_syn_options"
  },
  "net.ipv4.tcp_dsack": {
    ...FLAG,
    standard: 1,
    meaning: "1: with SACK, ACKs also name what has arrived twice.",
    source: "net/ipv4/tcp_input.c:tcp_dsack_set"
  },
  "net.ipv4.tcp_fack": {
    ...FLAG,
    standard: 1,
    meaning:
      "1: with SACK, every hole that lies 3 segments below the highest block is lost, until segments are seen to overtake "
      + "each other. 0: only one with 3 segments above it (RFC 3517).",
    source: "net/ipv4/tcp_input.c:tcp_update_scoreboard"
  },
  "net.ipv4.tcp_reordering": {
    kind: "whole",
    min: 1,
    max: 127,
    standard: 3,
    unit: "segments",
    meaning:
      "How far segments may overtake each other before one counts as lost. A connection raises it when they do; other values "
      + "than 3 turn early retransmit off.",
    source: "net/ipv4/tcp_input.c:tcp_update_reordering"
  },
  "net.ipv4.tcp_frto": {
    kind: "whole",
    min: 0,
    max: 2,
    standard: 2,
    unit: "",
    meaning:
      "After a time-out: 0: everything in flight is lost. 1: only if the next two ACKs do not show that round trips have become "
      + "longer (F-RTO, RFC 4138). 2: the same, with the help of SACK.",
    source: "net/ipv4/tcp_input.c:tcp_process_frto"
  },
  "net.ipv4.tcp_frto_response": {
    kind: "whole",
    min: 0,
    max: 2,
    standard: 0,
    unit: "",
    meaning:
      "What follows a premature time-out. 0: the window falls to half in a round trip. 1: at once. 2: it is restored.",
    source: "net/ipv4/tcp_input.c:tcp_process_frto"
  },
  "net.ipv4.tcp_early_retrans": {
    kind: "whole",
    min: 0,
    max: 2,
    standard: 2,
    unit: "",
    meaning:
      "With fewer than four segments in flight: 0: three repeated ACKs are needed, as always. 1: all but one segment SACKed are "
      + "enough (RFC 5827). 2: a quarter of a round trip later.",
    source: "net/ipv4/tcp_input.c:tcp_pause_early_retransmit"
  },
  "net.ipv4.tcp_abc": {
    kind: "whole",
    min: 0,
    max: 2,
    standard: 0,
    unit: "",
    meaning:
      "The window grows by bytes that are acknowledged (RFC 3465). 0: by ACKs. 1: by at most a segment an ACK. 2: by two.",
    source: "net/ipv4/tcp_cong.c:tcp_slow_start"
  },
  "net.ipv4.tcp_max_ssthresh": {
    kind: "whole",
    min: 0,
    max: 65_535,
    standard: 0,
    unit: "segments",
    meaning:
      "Above this window slow start adds half so many segments a round trip (RFC 3742). 0: it doubles the window.",
    source: "net/ipv4/tcp_cong.c:tcp_slow_start"
  },
  "net.ipv4.tcp_challenge_ack_limit": {
    kind: "whole",
    min: 0,
    max: MAX_INT,
    standard: 100,
    unit: "ACKs/s",
    meaning: "Answers to a RST or SYN that is not quite right, of kernels that give them (RFC 5961).",
    source: "net/ipv4/tcp_input.c:tcp_send_challenge_ack"
  },
  "net.ipv4.tcp_slow_start_after_idle": {
    ...FLAG,
    standard: 1,
    meaning:
      "1: after each idle time-out the congestion window is halved, down to its initial 10 segments. 0: it stays.",
    source: "net/ipv4/tcp_output.c:tcp_cwnd_restart"
  },
  "net.ipv4.tcp_moderate_rcvbuf": {
    ...FLAG,
    standard: 1,
    meaning:
      "1: the receive buffer grows with what its reader takes, up to the third figure of tcp_rmem. 0: it does not.",
    source: "net/ipv4/tcp_input.c:tcp_rcv_space_adjust"
  },
  "net.ipv4.tcp_tso_win_divisor": {
    kind: "whole",
    min: 0,
    max: 100,
    standard: 3,
    unit: "",
    meaning:
      "A long segment waits until it can use this share of the window (one third). 0: until it can use 3 segments.",
    source: "net/ipv4/tcp_output.c:tcp_tso_should_defer"
  },
  "net.ipv4.tcp_limit_output_bytes": {
    kind: "whole",
    min: 1,
    max: MAX_INT,
    standard: 131_072,
    unit: "bytes",
    meaning:
      "TCP small queues, of kernels that have them: so much memory of a socket's segments waits in the card and its queue.",
    source: "net/ipv4/tcp_output.c:tcp_write_xmit"
  },
  "net.ipv4.tcp_mem": {
    kind: "triple",
    min: 1,
    max: MAX_INT,
    standard: null,
    unit: "pages",
    meaning:
      "Memory of all TCP sockets: below the first there is no pressure, above the second there is, the third is the limit. "
      + "Default: an eighth of free memory, at least 128 pages, and three quarters and one and a half of it.",
    source: "net/ipv4/tcp.c:tcp_init_mem"
  },
  "net.ipv4.tcp_rmem": {
    kind: "triple",
    min: 2048,
    max: MAX_INT,
    standard: null,
    unit: "bytes",
    meaning:
      "Receive buffer of a socket: under memory pressure, at first, at most. Default: 4096, 87380, and 1/128 of memory "
      + "from 87380 to 6 MiB.",
    source: "net/ipv4/tcp.c:tcp_init"
  },
  "net.ipv4.tcp_wmem": {
    kind: "triple",
    min: 2048,
    max: MAX_INT,
    standard: null,
    unit: "bytes",
    meaning:
      "Send buffer of a socket: under memory pressure, at first, at most. Default: 4096, 16384, and 1/128 of memory from "
      + "64 KiB to 4 MiB. A sender of swap that fills it sleeps until a third is free.",
    source: "net/ipv4/tcp.c:tcp_init"
  }
} as const satisfies Readonly<Record<string, SysctlRow>>

const CORE = {
  "net.core.netdev_budget": {
    kind: "whole",
    min: 1,
    max: MAX_INT,
    standard: 300,
    unit: "packets",
    meaning: "Packets of one round of NET_RX_SOFTIRQ, polled 64 at a time. Ten rounds, then ksoftirqd goes on.",
    source: "net/core/dev.c:net_rx_action"
  },
  "net.core.netdev_max_backlog": {
    kind: "whole",
    min: 1,
    max: 1_000_000,
    standard: 1000,
    unit: "packets",
    meaning: "Packets of a card without NAPI (smsc95xx) that may wait for their CPU; what comes beyond is dropped.",
    source: "net/core/dev.c:enqueue_to_backlog"
  }
} as const satisfies Readonly<Record<string, SysctlRow>>

const CUBIC = {
  "tcp_cubic.fast_convergence": {
    ...FLAG,
    standard: 1,
    meaning:
      "1: a second loss below the last maximum makes room for others, by a target below the window that was lost.",
    source: "net/ipv4/tcp_cubic.c:bictcp_recalc_ssthresh"
  },
  "tcp_cubic.beta": {
    kind: "whole",
    min: 1,
    max: 1023,
    standard: 717,
    unit: "1/1024",
    meaning: "What is left of the window after a loss.",
    source: "net/ipv4/tcp_cubic.c:bictcp_recalc_ssthresh"
  },
  "tcp_cubic.initial_ssthresh": {
    kind: "whole",
    min: 0,
    max: MAX_INT,
    standard: 0,
    unit: "segments",
    meaning: "Where slow start of a new connection ends, with hystart 0. 0: at the first loss.",
    source: "net/ipv4/tcp_cubic.c:bictcp_init"
  },
  "tcp_cubic.bic_scale": {
    kind: "whole",
    min: 1,
    max: 65_535,
    standard: 41,
    unit: "1/1024",
    meaning: "The factor C of the cubic function, for a round trip of 100 ms: 0.4 segments/s³.",
    source: "net/ipv4/tcp_cubic.c:cubictcp_register"
  },
  "tcp_cubic.tcp_friendliness": {
    ...FLAG,
    standard: 1,
    meaning: "1: never slower than Reno would be. On a LAN that decides, because the cubic function counts in seconds.",
    source: "net/ipv4/tcp_cubic.c:bictcp_update"
  },
  "tcp_cubic.hystart": {
    ...FLAG,
    standard: 1,
    meaning: "1: slow start ends when ACKs show that the path is full.",
    source: "net/ipv4/tcp_cubic.c:hystart_update"
  },
  "tcp_cubic.hystart_detect": {
    kind: "whole",
    min: 1,
    max: 3,
    standard: 3,
    unit: "",
    meaning: "What shows it. 1: a train of ACKs as long as half a round trip; 2: round trips that grow; 3: either.",
    source: "net/ipv4/tcp_cubic.c:hystart_update"
  },
  "tcp_cubic.hystart_low_window": {
    kind: "whole",
    min: 0,
    max: MAX_INT,
    standard: 16,
    unit: "segments",
    meaning: "HyStart looks at windows of at least so many segments.",
    source: "net/ipv4/tcp_cubic.c:bictcp_acked"
  },
  "tcp_cubic.hystart_ack_delta": {
    kind: "whole",
    min: 0,
    max: 10_000,
    standard: 2,
    unit: "ms",
    meaning: "ACKs that come closer together than this belong to one train.",
    source: "net/ipv4/tcp_cubic.c:hystart_update"
  }
} as const satisfies Readonly<Record<string, SysctlRow>>

/** The table. */
export const NET_SYSCTLS = { ...IPV4, ...CORE, ...CUBIC }

/** The values of one machine. */
export type NetSysctls = SysctlValues<typeof NET_SYSCTLS>
/** A row of the table of congestion controls of tcp. */
export type CongestionName = NetSysctls["net.ipv4.tcp_congestion_control"]

const STANDARD: NetSysctls = standardsOf(NET_SYSCTLS)

/** The values of a machine on which some were set. */
export const netSysctls = (given: Partial<NetSysctls> = {}): NetSysctls => ({ ...STANDARD, ...given })
