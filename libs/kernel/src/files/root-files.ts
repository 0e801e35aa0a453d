// The files of a root image, as the programs of a client use them.
import type { Sleeps } from "@swaplab/sim"
import type { KernelTask } from "../task.ts"

/**
 * Files that can be read again: mapped by programs, and read. Pages are numbered through the whole image, so that a program
 * is a range of pages. All programs of a client share one mapping of each page.
 */
export interface RootFiles {
  /** Pages of all files together. */
  readonly pages: number
  /**
   * Says that the pages from `from`, up to and without `to`, are one file: read-ahead has a window for each file, and stops
   * at its end. Files do not overlap. Saying so again, or of a part of a file, changes nothing.
   */
  addFile(from: number, to: number): void
  /** mmap: the pages from `from`, up to and without `to`, are program text (VM_EXEC). They need not be a file of their own. */
  mapExecutable(from: number, to: number): void
  /**
   * How often a page of each stretch of 2^STRETCH_SHIFT was unmapped, or its use was forgotten. Pages that were used need not be
   * used again until this number has changed: it would change nothing.
   */
  readonly losses: Uint32Array
  /** Uses a mapped page as the CPU does, without a fault. False: it is not mapped, call `fault`. */
  tryTouch(task: KernelTask, page: number): boolean
  /** A fault on a page of a mapping: FAULT_DONE with the page mapped and used, or why it could not be. */
  fault(task: KernelTask, page: number): Sleeps<number>
  /** read(2) of the pages from `from`, up to and without `to`. False: no memory, or the image could not be read. */
  read(task: KernelTask, from: number, to: number): Sleeps<boolean>
  /**
   * munmap and exit: the pages from `from`, up to and without `to`, are mapped by nobody from now on. They stay in the page
   * cache. Whoever still uses one of them takes a minor fault.
   */
  unmap(task: KernelTask, from: number, to: number): void
}
