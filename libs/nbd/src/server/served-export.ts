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
}

/** A store that takes its time. */
export interface WaitingStore {
  readonly waits: true
  /** Performs an admitted request, then calls `Job.finish`, now or later. A READ must fill all of the job's bytes. */
  perform(job: Job): void
}

/** An export and where its bytes are. */
export interface ServedExport {
  readonly info: ExportInfo
  readonly store: ByteStore | WaitingStore
  readonly extents: ExtentSource | null
}
