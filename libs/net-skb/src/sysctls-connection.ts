// Sysctls of how a connection begins, is kept, and ends: the part of the table in sysctls.ts about time-outs.
// source: net/ipv4/sysctl_net_ipv4.c, Documentation/networking/ip-sysctl.txt
import type { SysctlRow } from "./sysctl-row.ts"

export const CONNECTION_SYSCTLS = {
  "net.ipv4.tcp_syn_retries": {
    kind: "whole",
    min: 1,
    max: 127,
    standard: 5,
    unit: "tries",
    meaning: "Retries of a SYN, after 1, 2, 4 … s. 5: connect(2) gives up after 63 s.",
    source: "net/ipv4/tcp_timer.c:tcp_write_timeout"
  },
  "net.ipv4.tcp_synack_retries": {
    kind: "whole",
    min: 1,
    max: 127,
    standard: 5,
    unit: "tries",
    meaning: "Retries of a SYN/ACK. 5: a connection that is half open goes after 63 s.",
    source: "net/ipv4/inet_connection_sock.c:inet_csk_reqsk_queue_prune"
  },
  "net.ipv4.tcp_retries2": {
    kind: "whole",
    min: 1,
    max: 100,
    standard: 15,
    unit: "tries",
    meaning:
      "Retransmissions of data before the connection dies, counted in time from a time-out of 200 ms that doubles. 15: "
      + "924.6 s; 8: 102.2 s, the least that RFC 1122 allows.",
    source: "net/ipv4/tcp_timer.c:retransmits_timed_out"
  },
  "net.ipv4.tcp_orphan_retries": {
    kind: "whole",
    min: 0,
    max: 100,
    standard: 0,
    unit: "tries",
    meaning: "The same for a socket that nobody holds any more. 0: 8, and none once the time-out is as long as can be.",
    source: "net/ipv4/tcp_timer.c:tcp_orphan_retries"
  },
  "net.ipv4.tcp_fin_timeout": {
    kind: "whole",
    min: 1,
    max: 3600,
    standard: 60,
    unit: "s",
    meaning: "How long a socket that nobody holds waits for the FIN of its peer.",
    source: "net/ipv4/tcp.c:tcp_close"
  },
  "net.ipv4.tcp_keepalive_time": {
    kind: "whole",
    min: 1,
    max: 32_767,
    standard: 7200,
    unit: "s",
    meaning:
      "How long the peer of a socket with SO_KEEPALIVE may be silent before it is asked whether it is there. nbd-server "
      + "sets the option, nbd-client does not.",
    source: "net/ipv4/tcp_timer.c:tcp_keepalive_timer"
  },
  "net.ipv4.tcp_keepalive_intvl": {
    kind: "whole",
    min: 1,
    max: 32_767,
    standard: 75,
    unit: "s",
    meaning: "How long after that it is asked again.",
    source: "net/ipv4/tcp_timer.c:tcp_keepalive_timer"
  },
  "net.ipv4.tcp_keepalive_probes": {
    kind: "whole",
    min: 1,
    max: 127,
    standard: 9,
    unit: "probes",
    meaning: "How often it is asked. 9: a peer that vanished while nothing was said is noticed after 7200 + 9 × 75 s.",
    source: "net/ipv4/tcp_timer.c:tcp_keepalive_timer"
  }
} as const satisfies Readonly<Record<string, SysctlRow>>
