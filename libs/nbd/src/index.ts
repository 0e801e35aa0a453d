// Contents page of @swaplab/nbd, in reading order.

// the wire
export { getU16, getU32, getU64, putU16, putU32, putU64, toNumber, toU64, type U64 } from "./wire/bytes.ts"
export { type Chunk, chunkCode, decodeChunk, encodeChunk, errorChunk } from "./wire/chunk.ts"
export * from "./wire/constants.ts"
export {
  type ChunkMessage,
  type ClientFlagsMessage,
  type ExportMessage,
  type Fault,
  type GreetingMessage,
  HandshakeDecoder,
  MAX_OPTION_DATA,
  MAX_SKIPPED_OPTION_DATA,
  OptionDecoder,
  type OptionMessage,
  type OptionReplyMessage,
  ReplyDecoder,
  RequestDecoder,
  type RequestMessage,
  type SimpleReplyMessage
} from "./wire/decoders.ts"
export {
  decodeInfo,
  decodeInfoRequest,
  decodeMetaContext,
  decodeMetaContextRequest,
  decodeServerReply,
  encodeClientFlags,
  encodeExportNameReply,
  encodeGreeting,
  encodeInfo,
  encodeInfoRequest,
  encodeMetaContext,
  encodeMetaContextRequest,
  encodeOption,
  encodeOptionReply,
  encodeServerReply,
  type Info,
  type InfoRequest,
  type MetaContextRequest
} from "./wire/handshake.ts"
export {
  decodeReplyHeader,
  decodeSimpleReply,
  encodeReplyHeader,
  encodeSimpleReply,
  type Extent,
  Reply,
  replyHeaderBytes,
  ReplyKind
} from "./wire/reply.ts"
export { decodeRequestHeader, encodeRequest, encodeRequestHeader, Request, requestBytes } from "./wire/request.ts"

// the client's driver
export { Mutex } from "./client/mutex.ts"
export { type NbdCosts, type NbdCounters, NbdDevice, type NbdOptions } from "./client/nbd-device.ts"
export { type PageToken, type Transport } from "./client/transport.ts"

// the server's engine
export { admit } from "./server/admit.ts"
export { blockStatusQuery, blockStatusReply } from "./server/block-status.ts"
export { dispatch, type ExportStore, type ExtentSource } from "./server/dispatch.ts"
export {
  type ExportInfo,
  exportInfo,
  modeFlags,
  SIMPLE_MODE,
  SWAP_EXPORT_FLAGS,
  type TransmissionMode
} from "./server/export.ts"
export { FairClient, FairQueue } from "./server/fair-queue.ts"
export { Job, type JobOwner } from "./server/job.ts"
export { MEMORY_BLOCK, MemoryStore } from "./server/memory-store.ts"
export {
  BASE_ALLOCATION,
  BASE_ALLOCATION_ID,
  type ExportTable,
  MAX_OPTIONS,
  Negotiation,
  type NegotiationStep,
  type TlsMode
} from "./server/negotiation.ts"
export { REPLY_BUFFER_BYTES, ReplyBuffer } from "./server/reply-buffer.ts"
export { type ByteStore, type ServedExport, type WaitingStore } from "./server/served-export.ts"
export { ServerSession } from "./server/session.ts"
export { type TransmissionHost } from "./server/transmission-host.ts"
export { type EndReason, Transmission } from "./server/transmission.ts"
export { type Carriage, PAGE_SIZE, TOKEN_BYTES, tokenised } from "./wire/carriage.ts"

// the emulated server
export { Disk, type DiskKind, type DiskShape, diskShapes } from "./model/disk.ts"
export { PageCache, type PageCacheOptions } from "./model/page-cache.ts"
export { isTokenPage, putTokenPage, replayEmulated } from "./model/replay.ts"
export { ServerCores, type ServerCpu, Stations } from "./model/stations.ts"
export {
  type EmulatedExport,
  NBD_SERVER_COSTS,
  requestCpuNs,
  type ServerCosts,
  ServerStats,
  SwapServer
} from "./model/swap-server.ts"
export { CHUNK_PAGES, TokenStore } from "./model/token-store.ts"
export { serveConnection } from "./model/worker.ts"
