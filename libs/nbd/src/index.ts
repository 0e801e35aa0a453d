/**
 * {@include ../README.md}
 *
 * @module @swaplab/nbd
 */

// the wire, also as @swaplab/nbd/wire
export * from "./wire/index.ts"

// the server's engine
export { MAX_EXTENTS } from "./server/block-status.ts"
export { dispatch, type ExportStore, type ExtentSource } from "./server/dispatch.ts"
export {
  type ExportInfo,
  exportInfo,
  IMAGE_EXPORT_FLAGS,
  SIMPLE_MODE,
  SWAP_EXPORT_FLAGS,
  type TransmissionMode
} from "./server/export.ts"
export { FairClient, FairQueue } from "./server/fair-queue.ts"
export { SERVER_FAULTS, type ServerFaultKey } from "./server/fault-names.ts"
export { Job, type JobOwner } from "./server/job.ts"
export { MemoryStore } from "./server/memory-store.ts"
export {
  type ExportTable,
  MAX_OPTIONS,
  namedIn,
  Negotiation,
  type NegotiationState,
  type NegotiationStep,
  type TlsMode
} from "./server/negotiation.ts"
export { ReplyBuffer } from "./server/reply-buffer.ts"
export { type ByteStore, type PromptStore, type ServedExport, type WaitingStore } from "./server/served-export.ts"
export { ServerSession } from "./server/session.ts"
export { TokenBucket } from "./server/token-bucket.ts"
export { type TransmissionHost } from "./server/transmission-host.ts"
export { type EndReason, Transmission } from "./server/transmission.ts"

// contents as tokens, of the swap of emulated clients
export { type Carriage, TOKEN_BLOCK, TOKEN_BYTES, tokenised } from "./tokens/carriage.ts"
export { ImageTokens } from "./tokens/image-tokens.ts"
export { isTokenBlock, putTokenBlock } from "./tokens/token-block.ts"
export { CHUNK_PAGES, TokenStore } from "./tokens/token-store.ts"
