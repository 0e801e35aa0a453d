// What an ACK has turned out to be, as `tcp_ack` gathers it. source: net/ipv4/tcp_input.c

/** The segment carried data. */
export const FLAG_DATA = 0x01
/** It could update the window. */
export const FLAG_WIN_UPDATE = 0x02
/** It acknowledges data that was not acknowledged before, some of which was sent more than once. */
export const FLAG_DATA_ACKED = 0x04
export const FLAG_RETRANS_DATA_ACKED = 0x08
/** It acknowledges the SYN. */
export const FLAG_SYN_ACKED = 0x10
/** It SACKs something new. */
export const FLAG_DATA_SACKED = 0x20
/** It says that a segment was marked on its way (ECE). */
export const FLAG_ECE = 0x40
/** What it SACKs was sent once, before a time-out. */
export const FLAG_ONLY_ORIG_SACKED = 0x200
export const FLAG_SND_UNA_ADVANCED = 0x400
/** It brings a D-SACK. */
export const FLAG_DSACKING_ACK = 0x800
/** It acknowledges something sent more than once that was not the head. */
export const FLAG_NONHEAD_RETRANS_ACKED = 0x1000
/** It ends where something begins that the peer had SACKed. */
export const FLAG_SACK_RENEGING = 0x2000

export const FLAG_CA_ALERT = FLAG_DATA_SACKED | FLAG_ECE
export const FLAG_ACKED = FLAG_DATA_ACKED | FLAG_SYN_ACKED
/** With one of these it is no repeated ACK. */
export const FLAG_NOT_DUP = FLAG_DATA | FLAG_WIN_UPDATE | FLAG_ACKED
export const FLAG_FORWARD_PROGRESS = FLAG_ACKED | FLAG_DATA_SACKED
export const FLAG_ANY_PROGRESS = FLAG_FORWARD_PROGRESS | FLAG_SND_UNA_ADVANCED
