// What a workload needs of a client before it boots.
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { Half } from "./display.ts"

/** What is known of a client before it boots. Sizes are bytes. */
export interface ClientFacts {
  readonly cpus: number
  readonly ramBytes: number
  readonly swapBytes: number
  /** Clean page cache at boot. */
  readonly pageCacheBytes: number
  /** Size of the root image; 0: none. */
  readonly rootBytes: number
  /** What of the workload is asked for: `programs` runs on another machine than the client. */
  readonly half: Half
}

/** The processes of a workload on one client. */
export interface ProcessPlan {
  /** Pages that each process maps, by its number. Empty: it has no memory of its own. */
  readonly processes: ReadonlyArray<number>
  /** Bytes of anonymous memory, all processes together: what has to fit into RAM and swap. */
  readonly anonymousBytes: number
  /** Pages of files on the local disk of the client. */
  readonly filePages: number
  /** Pages of the root image that it uses: a part of its own, that of the measured workload first. Without it: none. */
  readonly rootPages?: number
}

/** Needs nothing: what it does takes memory of the kernel only. */
export const NOTHING: ProcessPlan = { processes: [], anonymousBytes: 0, filePages: 0 }

/** Whole pages of so many bytes, at least one. */
export const pagesOf = (bytes: number): number => Math.max(1, Math.floor(bytes / PAGE_SIZE))

/** So many processes that map as many bytes each. */
export const equalProcesses = (count: number, bytesEach: number): ProcessPlan => ({
  processes: Array.from({ length: count }, () => pagesOf(bytesEach)),
  anonymousBytes: count * bytesEach,
  filePages: 0
})
