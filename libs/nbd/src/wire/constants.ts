// Numbers of the NBD protocol. All integers on the wire are big-endian and unsigned.
// source: doc/proto.md of NetworkBlockDevice/nbd

/** First four bytes of a message in the transmission phase. */
export const NBD_REQUEST_MAGIC = 0x25609513
export const NBD_EXTENDED_REQUEST_MAGIC = 0x21e41c71
export const NBD_REPLY_MAGIC = 0x67446698
export const NBD_STRUCTURED_REPLY_MAGIC = 0x668e33ef
export const NBD_EXTENDED_REPLY_MAGIC = 0x6e8a278c

/** The eight-byte words of the handshake, as halves. */
export const NBDMAGIC_HI = 0x4e42444d
export const NBDMAGIC_LO = 0x41474943
export const IHAVEOPT_HI = 0x49484156
export const IHAVEOPT_LO = 0x454f5054
export const OPTION_REPLY_MAGIC_HI = 0x0003e889
export const OPTION_REPLY_MAGIC_LO = 0x045565a9

/** Bytes of each header. */
export const REQUEST_BYTES = 28
export const EXTENDED_REQUEST_BYTES = 32
export const SIMPLE_REPLY_BYTES = 16
export const STRUCTURED_REPLY_BYTES = 20
export const EXTENDED_REPLY_BYTES = 32
export const GREETING_BYTES = 18
export const OPTION_BYTES = 16
export const OPTION_REPLY_BYTES = 20

/** A payload of more than this may be treated as an attack. */
export const MAX_PAYLOAD = 0x2000000
/** Longest string. */
export const MAX_STRING = 4096

/** Handshake flags of the server; the client answers with the same bits. */
export const HandshakeFlag = { FixedNewstyle: 1, NoZeroes: 2 } as const

export const Option = {
  ExportName: 1,
  Abort: 2,
  List: 3,
  PeekExport: 4,
  StartTls: 5,
  Info: 6,
  Go: 7,
  StructuredReply: 8,
  ListMetaContext: 9,
  SetMetaContext: 10,
  ExtendedHeaders: 11
} as const

export const OptionReplyType = {
  Ack: 1,
  Server: 2,
  Info: 3,
  MetaContext: 4,
  ErrUnsup: 0x80000001,
  ErrPolicy: 0x80000002,
  ErrInvalid: 0x80000003,
  ErrPlatform: 0x80000004,
  ErrTlsReqd: 0x80000005,
  ErrUnknown: 0x80000006,
  ErrShutdown: 0x80000007,
  ErrBlockSizeReqd: 0x80000008,
  ErrTooBig: 0x80000009,
  ErrExtHeaderReqd: 0x8000000a
} as const

export const InfoType = { Export: 0, Name: 1, Description: 2, BlockSize: 3 } as const

/** Transmission flags: what an export can do. */
export const TransmissionFlag = {
  HasFlags: 0x0001,
  ReadOnly: 0x0002,
  SendFlush: 0x0004,
  SendFua: 0x0008,
  Rotational: 0x0010,
  SendTrim: 0x0020,
  SendWriteZeroes: 0x0040,
  SendDf: 0x0080,
  CanMultiConn: 0x0100,
  SendResize: 0x0200,
  SendCache: 0x0400,
  SendFastZero: 0x0800,
  BlockStatusPayload: 0x1000
} as const

export const Command = {
  Read: 0,
  Write: 1,
  Disc: 2,
  Flush: 3,
  Trim: 4,
  Cache: 5,
  WriteZeroes: 6,
  BlockStatus: 7,
  Resize: 8
} as const

export const CommandFlag = {
  Fua: 0x0001,
  NoHole: 0x0002,
  Df: 0x0004,
  ReqOne: 0x0008,
  FastZero: 0x0010,
  PayloadLen: 0x0020
} as const

/** Errors of replies (the values of Linux's errno). Clients treat any other value as EINVAL. */
export const NbdError = {
  Ok: 0,
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108
} as const

/** Reply flag of a chunk: the last one of its request. */
export const REPLY_FLAG_DONE = 1

export const ChunkType = {
  None: 0,
  OffsetData: 1,
  OffsetHole: 2,
  BlockStatus: 5,
  BlockStatusExt: 6,
  Error: 0x8001,
  ErrorOffset: 0x8002
} as const

/** Flags of an extent in the context base:allocation. */
export const ExtentFlag = { Hole: 1, Zero: 2 } as const

/** The value that a client must act on: the known ones stay, all others become EINVAL. */
export const knownError = (error: number): number => {
  switch (error) {
    case NbdError.Ok:
    case NbdError.EPERM:
    case NbdError.EIO:
    case NbdError.ENOMEM:
    case NbdError.ENOSPC:
    case NbdError.EOVERFLOW:
    case NbdError.ENOTSUP:
    case NbdError.ESHUTDOWN:
      return error
    default:
      return NbdError.EINVAL
  }
}
