import type { Request } from "../wire/request.ts"
import type { ExportStore, ExtentSource } from "./dispatch.ts"
import type { ExportInfo } from "./export.ts"
import type { Job } from "./job.ts"

/** A store of bytes that answers at once. */
export interface ByteStore extends ExportStore<Uint8Array, number> {
  /**
   * The contents from `offset` on as a view of where they are, 1 to `length` bytes of them. A store that has it can always
   * read.
   */
  view?(offset: number, length: number): Uint8Array
  /**
   * Memory for the contents from `offset` on, 1 to `length` bytes of them, that a WRITE may put its data into; null: there is
   * no space. A store that has it has nothing else to do for a WRITE, with FUA or without.
   */
  room?(offset: number, length: number): Uint8Array | null
}

/**
 * What a store that takes its time can do at once. `mayRun` is asked about a request that is not admitted yet; when it says
 * true, and the request is admitted, `read` or `write` follows before anything else happens.
 */
export interface PromptStore {
  /** True: this READ or WRITE ends in microseconds. Changes nothing. */
  mayRun(request: Request): boolean
  /** The data goes to [at, at + length) of `into`; returns 0, or one of `NbdError`. */
  read(offset: number, length: number, into: Uint8Array, at: number): number
  /** The data is [at, at + length) of `from`; returns 0, or one of `NbdError`. */
  write(offset: number, length: number, from: Uint8Array, at: number): number
}

/** A store that takes its time. */
export interface WaitingStore {
  readonly waits: true
  /** Without it every request is a job. */
  readonly prompt?: PromptStore
  /** Performs an admitted request, then calls `Job.finish`, now or later. A READ must fill all of the job's bytes. */
  perform(job: Job): void
}

/** An export and where its bytes are. */
export interface ServedExport {
  readonly info: ExportInfo
  readonly store: ByteStore | WaitingStore
  readonly extents: ExtentSource | null
}
