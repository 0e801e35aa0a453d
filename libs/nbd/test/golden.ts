// Byte sequences captured from, or accepted by, real servers: nbdkit 1.32.5, nbd-server 3.24 and git, qemu-nbd 7.2 and
// 10.0; export "disk" of 64 MiB. K stands for the cookie.

const COOKIE = "1122334455667788"

/** Bytes of hexadecimal text; spaces and K as in the vectors. */
export const hex = (text: string): Uint8Array => {
  const digits = text.replaceAll("K", COOKIE).replaceAll(/\s/g, "")
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")

/** 00 01 02 … of so many bytes. */
const ramp = (bytes: number): string => toHex(Uint8Array.from({ length: bytes }, (_, i) => i))

const OPT = "49484156454f5054"
const REP = "0003e889045565a9"
const DISK = "00000004 6469736b"
const BASE = "626173653a616c6c6f636174696f6e"

export const greeting = "4e42444d41474943 49484156454f5054 0003"
export const clientFlags = "00000003"

/** An option, alone after flags 3, and what our server answers; `as` says which real servers give the same. */
export const handshake: ReadonlyArray<{
  readonly name: string
  readonly client: string
  readonly server: string
  /** Compare only up to the type of the last reply: behind an error there may be any text. */
  readonly typeOnly?: boolean
  readonly closed?: boolean
}> = [
  { name: "STRUCTURED_REPLY (all)", client: `${OPT} 00000008 00000000`, server: `${REP} 00000008 00000001 00000000` },
  {
    name: "LIST (qemu, nbd-server)",
    client: `${OPT} 00000003 00000000`,
    server: `${REP} 00000003 00000002 00000008 ${DISK} ${REP} 00000003 00000001 00000000`
  },
  {
    name: "LIST with 2 stray bytes (nbdkit)",
    client: `${OPT} 00000003 00000002 7878`,
    server: `${REP} 00000003 80000003`,
    typeOnly: true
  },
  {
    name: "unknown option (nbdkit)",
    client: `${OPT} 07654321 00000004 00000004`,
    server: `${REP} 07654321 80000001`,
    typeOnly: true
  },
  {
    name: "ABORT (nbdkit, qemu)",
    client: `${OPT} 00000002 00000000`,
    server: `${REP} 00000002 00000001 00000000`,
    closed: true
  },
  {
    name: "STARTTLS without TLS (nbdkit)",
    client: `${OPT} 00000005 00000000`,
    server: `${REP} 00000005 80000002`,
    typeOnly: true
  },
  {
    name: "STARTTLS with 2 stray bytes",
    client: `${OPT} 00000005 00000002 7878`,
    server: `${REP} 00000005 80000003`,
    typeOnly: true
  },
  {
    name: "GO that asks BLOCK_SIZE (qemu 7.2, with its preferred size)",
    client: `${OPT} 00000007 0000000c ${DISK} 0001 0003`,
    server: `${REP} 00000007 00000003 0000000e 0003 00000001 00001000 02000000
             ${REP} 00000007 00000003 0000000c 0000 0000000004000000 0d6d
             ${REP} 00000007 00000001 00000000`
  },
  {
    name: "GO without infos (kernel's nbd-client; nbdkit)",
    client: `${OPT} 00000007 0000000a ${DISK} 0000`,
    server: `${REP} 00000007 00000003 0000000c 0000 0000000004000000 0d6d ${REP} 00000007 00000001 00000000`
  },
  {
    name: "INFO that asks 0, 1, 2, 3",
    client: `${OPT} 00000006 00000012 ${DISK} 0004 0000 0001 0002 0003`,
    server: `${REP} 00000006 00000003 0000000e 0003 00000001 00001000 02000000
             ${REP} 00000006 00000003 00000006 0001 6469736b
             ${REP} 00000006 00000003 00000002 0002
             ${REP} 00000006 00000003 0000000c 0000 0000000004000000 0d6d
             ${REP} 00000006 00000001 00000000`
  },
  {
    name: "GO no-such (qemu, nbd-server)",
    client: `${OPT} 00000007 0000000d 00000007 6e6f2d73756368 0000`,
    server: `${REP} 00000007 80000006`,
    typeOnly: true
  },
  {
    name: "GO with a name length of 100 in 9 bytes (all)",
    client: `${OPT} 00000007 00000009 00000064 616263 0000`,
    server: `${REP} 00000007 80000003`,
    typeOnly: true
  },
  {
    name: "EXPORT_NAME (nbdkit, qemu)",
    client: `${OPT} 00000001 00000004 6469736b`,
    server: "0000000004000000 0d6d"
  },
  {
    name: "SET_META_CONTEXT after STRUCTURED_REPLY (nbdkit)",
    client: `${OPT} 00000008 00000000 ${OPT} 0000000a 0000001f ${DISK} 00000001 0000000f ${BASE}`,
    server: `${REP} 00000008 00000001 00000000
             ${REP} 0000000a 00000004 00000013 00000001 ${BASE} ${REP} 0000000a 00000001 00000000`
  },
  {
    name: "SET_META_CONTEXT before STRUCTURED_REPLY",
    client: `${OPT} 0000000a 0000001f ${DISK} 00000001 0000000f ${BASE}`,
    server: `${REP} 0000000a 80000003`,
    typeOnly: true
  },
  {
    name: "LIST_META_CONTEXT without queries (nbdkit, qemu)",
    client: `${OPT} 00000009 0000000c ${DISK} 00000000`,
    server: `${REP} 00000009 00000004 00000013 00000000 ${BASE} ${REP} 00000009 00000001 00000000`
  },
  {
    name: "EXTENDED_HEADERS (qemu 10)",
    client: `${OPT} 0000000b 00000000`,
    server: `${REP} 0000000b 00000001 00000000`
  },
  {
    name: "STRUCTURED_REPLY after EXTENDED_HEADERS (qemu 10)",
    client: `${OPT} 0000000b 00000000 ${OPT} 00000008 00000000`,
    server: `${REP} 0000000b 00000001 00000000 ${REP} 00000008 8000000a`,
    typeOnly: true
  },
  {
    name: "EXTENDED_HEADERS twice (qemu 10)",
    client: `${OPT} 0000000b 00000000 ${OPT} 0000000b 00000000`,
    server: `${REP} 0000000b 00000001 00000000 ${REP} 0000000b 80000003`,
    typeOnly: true
  },
  {
    name: "EXPORT_NAME after EXTENDED_HEADERS (qemu 10)",
    client: `${OPT} 0000000b 00000000 ${OPT} 00000001 00000004 6469736b`,
    server: `${REP} 0000000b 00000001 00000000`,
    closed: true
  }
]

/** Option replies of other servers that ours does not send in this form. */
export const foreignOptionReplies: ReadonlyArray<string> = [
  `${REP} 00000003 00000002 00000004 00000000`,
  `${REP} 0000000a 00000004 00000013 00000000 ${BASE}`
]

const PAGES_16 = "000102030405060708090a0b0c0d0e0f"

interface Exchange {
  readonly name: string
  readonly client: string
  readonly server: string
  readonly closed?: boolean
}

/** Requests after GO, in this order on one connection, and the answers of (at least) nbdkit. */
export const simple: ReadonlyArray<Exchange> = [
  {
    name: "WRITE 16 @4096",
    client: `25609513 0000 0001 K 0000000000001000 00000010 ${PAGES_16}`,
    server: "67446698 00000000 K"
  },
  {
    name: "READ 16 @4096",
    client: "25609513 0000 0000 K 0000000000001000 00000010",
    server: `67446698 00000000 K ${PAGES_16}`
  },
  {
    name: "WRITE + FUA",
    client: `25609513 0001 0001 K 0000000000001000 00000010 ${PAGES_16}`,
    server: "67446698 00000000 K"
  },
  { name: "FLUSH", client: "25609513 0000 0003 K 0000000000000000 00000000", server: "67446698 00000000 K" },
  { name: "TRIM 4K @8K", client: "25609513 0000 0004 K 0000000000002000 00001000", server: "67446698 00000000 K" },
  { name: "CACHE", client: "25609513 0000 0005 K 0000000000002000 00001000", server: "67446698 00000000 K" },
  { name: "WRITE_ZEROES", client: "25609513 0000 0006 K 0000000000002000 00001000", server: "67446698 00000000 K" },
  {
    name: "WRITE_ZEROES NO_HOLE",
    client: "25609513 0002 0006 K 0000000000002000 00001000",
    server: "67446698 00000000 K"
  },
  {
    name: "WRITE_ZEROES FAST_ZERO",
    client: "25609513 0010 0006 K 0000000000002000 00001000",
    server: "67446698 00000000 K"
  },
  {
    name: "unknown command 9",
    client: "25609513 0000 0009 K 0000000000000000 00000000",
    server: "67446698 00000016 K"
  },
  { name: "READ flag 0x8000", client: "25609513 8000 0000 K 0000000000000000 00000010", server: "67446698 00000016 K" },
  {
    name: "READ across the end",
    client: "25609513 0000 0000 K 0000000003fffff0 00000020",
    server: "67446698 00000016 K"
  },
  {
    name: "WRITE across the end",
    client: `25609513 0000 0001 K 0000000003fffff0 00000020 ${ramp(32)}`,
    server: "67446698 0000001c K"
  },
  { name: "READ @2^64-1", client: "25609513 0000 0000 K ffffffffffffffff 00000010", server: "67446698 00000016 K" },
  { name: "READ @2^63", client: "25609513 0000 0000 K 8000000000000000 00000010", server: "67446698 00000016 K" },
  {
    name: "WRITE flag 0x0040",
    client: `25609513 0040 0001 K 0000000000000000 00000010 ${PAGES_16}`,
    server: "67446698 00000016 K"
  },
  { name: "FLUSH after it", client: "25609513 0000 0003 K 0000000000000000 00000000", server: "67446698 00000000 K" },
  { name: "DISC", client: "25609513 0000 0002 K 0000000000000000 00000000", server: "", closed: true }
]

/** As above, after STRUCTURED_REPLY and SET_META_CONTEXT; blocks of 32 KiB are allocated at 0. */
export const structured: ReadonlyArray<Exchange> = [
  {
    name: "WRITE 16 @4096",
    client: `25609513 0000 0001 K 0000000000001000 00000010 ${PAGES_16}`,
    server: "67446698 00000000 K"
  },
  {
    name: "READ 16 @4096 (nbdkit, qemu)",
    client: "25609513 0000 0000 K 0000000000001000 00000010",
    server: `668e33ef 0001 0001 K 00000018 0000000000001000 ${PAGES_16}`
  },
  {
    name: "READ 64K of a hole (qemu)",
    client: "25609513 0000 0000 K 0000000000100000 00010000",
    server: "668e33ef 0001 0002 K 0000000c 0000000000100000 00010000"
  },
  {
    name: "READ DF 64K of a hole: zeroes in one chunk (nbdkit, qemu)",
    client: "25609513 0004 0000 K 0000000000100000 00010000",
    server: `668e33ef 0001 0001 K 00010008 0000000000100000 ${"00".repeat(65536)}`
  },
  {
    name: "READ across the end (nbdkit)",
    client: "25609513 0000 0000 K 0000000003fffff0 00000020",
    server: "668e33ef 0001 8001 K 00000006 00000016 0000"
  },
  { name: "FLUSH (all)", client: "25609513 0000 0003 K 0000000000000000 00000000", server: "67446698 00000000 K" },
  {
    name: "BLOCK_STATUS 1M @0 (nbdkit)",
    client: "25609513 0000 0007 K 0000000000000000 00100000",
    server: "668e33ef 0001 0005 K 00000014 00000001 00008000 00000000 000f8000 00000003"
  },
  {
    name: "BLOCK_STATUS REQ_ONE (nbdkit)",
    client: "25609513 0008 0007 K 0000000000000000 00100000",
    server: "668e33ef 0001 0005 K 0000000c 00000001 00008000 00000000"
  }
]

export const blockStatusWithoutContext: Exchange = {
  name: "BLOCK_STATUS without a context (nbdkit)",
  client: "25609513 0000 0007 K 0000000000000000 00100000",
  server: "668e33ef 0001 8001 K 00000006 00000016 0000"
}

/** As above, after EXTENDED_HEADERS and SET_META_CONTEXT; qemu's context has the id 0, ours 1. */
export const extended: ReadonlyArray<Exchange> = [
  {
    name: "WRITE 16 @4096",
    client: `21e41c71 0020 0001 K 0000000000001000 0000000000000010 ${PAGES_16}`,
    server: "6e8a278c 0001 0000 K 0000000000001000 0000000000000000"
  },
  {
    name: "READ 16 @4096",
    client: "21e41c71 0000 0000 K 0000000000001000 0000000000000010",
    server: `6e8a278c 0001 0001 K 0000000000001000 0000000000000018 0000000000001000 ${PAGES_16}`
  },
  {
    name: "READ 64K of a hole",
    client: "21e41c71 0000 0000 K 0000000000100000 0000000000010000",
    server: "6e8a278c 0001 0002 K 0000000000100000 000000000000000c 0000000000100000 00010000"
  },
  {
    name: "FLUSH",
    client: "21e41c71 0000 0003 K 0000000000000000 0000000000000000",
    server: "6e8a278c 0001 0000 K 0000000000000000 0000000000000000"
  },
  {
    name: "BLOCK_STATUS REQ_ONE 32M @0",
    client: "21e41c71 0008 0007 K 0000000000000000 0000000002000000",
    server: "6e8a278c 0001 0006 K 0000000000000000 0000000000000018 00000001 00000001 0000000000008000 0000000000000000"
  },
  {
    name: "BLOCK_STATUS with the contexts as payload",
    client: "21e41c71 0028 0007 K 0000000000000000 000000000000000c 0000000002000000 00000001",
    server: "6e8a278c 0001 0006 K 0000000000000000 0000000000000018 00000001 00000001 0000000000008000 0000000000000000"
  },
  {
    name: "BLOCK_STATUS with an unknown context",
    client: "21e41c71 0020 0007 K 0000000000000000 000000000000000c 0000000002000000 00000007",
    server: "6e8a278c 0001 8001 K 0000000000000000 0000000000000006 00000016 0000"
  },
  {
    name: "READ past the end",
    client: "21e41c71 0000 0000 K 0000000004000000 0000000000000010",
    server: "6e8a278c 0001 8001 K 0000000004000000 0000000000000006 00000016 0000"
  },
  {
    name: "WRITE without PAYLOAD_LEN, as qemu 10.0 sends it",
    client: `21e41c71 0001 0001 K 0000000000001000 0000000000000010 ${PAGES_16}`,
    server: "6e8a278c 0001 0000 K 0000000000001000 0000000000000000"
  },
  { name: "DISC", client: "21e41c71 0000 0002 K 0000000000000000 0000000000000000", server: "", closed: true }
]

/** Replies of other servers that ours does not send in this form. */
export const foreignReplies: ReadonlyArray<string> = [
  // nbd-server git: data without DONE, then an empty last chunk
  `668e33ef 0000 0001 K 00000018 0000000000001000 ${PAGES_16}`,
  "668e33ef 0001 0000 K 00000000",
  // qemu: error with a text ("no" here), and its context 0
  "668e33ef 0001 8001 K 00000008 00000016 0002 6e6f",
  "668e33ef 0001 8002 K 00000010 00000005 0002 6e6f 0000000000001000",
  "6e8a278c 0001 0006 K 0000000000000000 0000000000000018 00000000 00000001 0000000000001000 0000000000000003",
  "6e8a278c 0001 8001 K 0000000004000000 0000000000000008 00000016 0002 6e6f"
]
