// What an area of swap lies on, as the code that writes and reads its pages sees it.
import type { BioSet } from "@swaplab/blk"
import type { Context, Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"

/** A block device that takes bios: the queue of nbd, dm-crypt over it, or a zram. Slots of the area are its 4 KiB blocks. */
export interface SwapDevice {
  /** Where the bios for it come from. */
  readonly bios: BioSet
  /** Would it take a bio for such a page now? Changes nothing. */
  maySubmit(task: Task, write: boolean, sector: number, sync: boolean): boolean
  /** `submit_bio` without sleeping: `SUBMITTED`, or `WOULD_SLEEP` and the bio is still the caller's. */
  trySubmitBio(task: Task, bio: number): number
  submitBio(task: Task, bio: number): Sleeps<void>
  /**
   * Called for every page that was written or read; the area plugs itself in here. It may come before the submission returns.
   */
  onBioEnd: (ctx: Context, pfn: number, write: boolean, error: number) => void
}
