// How the pages of a file get their content: one way for each format of an image.
import type { Sleeps } from "@swaplab/sim"
import type { KernelTask } from "../task.ts"
import type { RootFile } from "./root-file.ts"

/** `address_space_operations` of a file system. */
export interface ImageFormat {
  /**
   * `readpage`: fills one page, which is in the cache and locked. The end of the read unlocks it, perhaps before this
   * returns; PG_uptodate says whether it worked.
   */
  readPage(task: KernelTask, file: RootFile, page: number, pfn: number): Sleeps<void>
}
