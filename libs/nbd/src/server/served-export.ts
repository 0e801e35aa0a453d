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
