// Contents page of @swaplab/nbd/wire, in reading order: the codec alone, without the engine of the server.
export { getU16, getU32, getU64, putU16, putU32, putU64, toNumber, toU64, type U64 } from "./bytes.ts"
export { type Chunk, chunkCode, decodeChunk, encodeChunk, errorChunk } from "./chunk.ts"
export * from "./constants.ts"
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
} from "./decoders.ts"
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
} from "./handshake.ts"
export {
  decodeReplyHeader,
  decodeSimpleReply,
  encodeReplyHeader,
  encodeSimpleReply,
  type Extent,
  Reply,
  replyHeaderBytes,
  ReplyKind
} from "./reply.ts"
export { decodeRequestHeader, encodeRequest, encodeRequestHeader, Request, requestBytes } from "./request.ts"
