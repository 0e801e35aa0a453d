// Page tables of all processes of one machine: one column of entries.
// Modelled: present, accessed, dirty and writable bits, swap entries, the page-table pages themselves (one per 512 entries).
// Not modelled: the upper levels (one page per 512 page-table pages: 0.2 % of the page-table memory), TLBs.
// source: arch/x86/include/asm/pgtable.h, mm/memory.c
import { assert } from "@swaplab/sim"

export const PTE_PRESENT = 1
export const PTE_ACCESSED = 2
export const PTE_DIRTY = 4
export const PTE_WRITE = 8
/** A swap entry: not present, slot in the upper bits. */
export const PTE_SWAP = 16
const SHIFT = 5

/** Entries that fit one page-table page. */
export const PTRS_PER_PTE = 512

/** Entry of a present page. */
export const ptePage = (pfn: number, bits: number): number => (pfn << SHIFT) | PTE_PRESENT | bits

/** Entry of a swapped-out page. */
export const pteSwap = (slot: number): number => (slot << SHIFT) | PTE_SWAP

/** Frame of a present entry, or slot of a swap entry. */
export const pteValue = (entry: number): number => entry >>> SHIFT

/**
 * The page tables. A virtual page is named by its index in `entries`; process p owns the indices from `base(p)` on.
 * Frames and slots of up to 2^27 pages (512 GiB) fit an entry.
 */
export class PageTables {
  readonly entries: Uint32Array
  readonly processes: number
  readonly pagesPerProcess: number
  /** pfn of each page-table page, 0 while it does not exist. */
  readonly tablePages: Int32Array

  constructor(processes: number, pagesPerProcess: number) {
    assert(Number.isInteger(pagesPerProcess), "a process maps whole pages")
    this.processes = processes
    this.pagesPerProcess = pagesPerProcess
    this.entries = new Uint32Array(processes * pagesPerProcess)
    this.tablePages = new Int32Array(processes * this.tablesPerProcess).fill(-1)
  }

  get tablesPerProcess(): number {
    return Math.ceil(this.pagesPerProcess / PTRS_PER_PTE)
  }

  /** First index of a process. */
  base(process: number): number {
    return process * this.pagesPerProcess
  }

  /** The process that owns an index. */
  owner(index: number): number {
    return Math.floor(index / this.pagesPerProcess)
  }

  /** Index into `tablePages` for an entry. */
  table(index: number): number {
    const process = this.owner(index)
    return process * this.tablesPerProcess + Math.floor((index - this.base(process)) / PTRS_PER_PTE)
  }
}
