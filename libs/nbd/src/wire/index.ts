/**
 * Contents page, in reading order.
 *
 * The codec alone, without the engine of the server.
 *
 * @module @swaplab/nbd/wire
 */
export { getU32, putU32, toU64, type U64 } from "./bytes.ts"
export {
  Command,
  CommandFlag,
  knownError,
  MAX_PAYLOAD,
  MAX_STRING,
  NbdError,
  Option,
  OptionReplyType,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES,
  TransmissionFlag
} from "./constants.ts"
export {
  type ClientFlagsMessage,
  type Fault,
  HandshakeDecoder,
  MAX_OPTION_DATA,
  MAX_SKIPPED_OPTION_DATA,
  OptionDecoder,
  type OptionMessage
} from "./decoders.ts"
export {
  decodeInfo,
  encodeClientFlags,
  encodeGreeting,
  encodeInfoRequest,
  encodeMetaContextRequest,
  encodeOption,
  encodeOptionReply,
  type InfoRequest,
  type MetaContextRequest
} from "./handshake.ts"
export { decodeSimpleReply, encodeSimpleReply, type Extent, Reply } from "./reply.ts"
export { decodeRequestHeader, encodeRequest, encodeRequestHeader, Request } from "./request.ts"
