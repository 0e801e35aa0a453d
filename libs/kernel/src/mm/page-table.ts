// Page tables of all processes of one machine: one column of entries.
// Modelled: present, accessed, dirty and writable bits, swap entries, the page-table pages themselves (one per 512 entries).
// Not modelled: the upper levels (one page per 512 page-table pages: 0.2 % of the page-table memory), TLBs.
// source: arch/x86/include/asm/pgtable.h, mm/memory.c
import { assert } from "@swaplab/sim"
import { PageTableEntries } from "./entries.ts"

export const PTE_PRESENT = 1
export const PTE_ACCESSED = 2
export const PTE_DIRTY = 4
export const PTE_WRITE = 8
/** A swap entry: not present, slot in the upper bits. */
export const PTE_SWAP = 16
const SHIFT = 5

/** Entries that fit one page-table page. */
export const PTRS_PER_PTE = 512

/** A stretch of entries for which losses are counted: 2^9. */
export const STRETCH_SHIFT = 9

/** Entry of a present page. */
export const ptePage = (pfn: number, bits: number): number => (pfn << SHIFT) | PTE_PRESENT | bits

/** Entry of a swapped-out page. */
export const pteSwap = (slot: number): number => (slot << SHIFT) | PTE_SWAP

/** Frame of a present entry, or slot of a swap entry. */
export const pteValue = (entry: number): number => entry >>> SHIFT

/**
 * The page tables. A virtual page is named by its index in `entries`; process p owns the `pagesOf(p)` indices from
 * `base(p)` on. Frames and slots of up to 2^27 pages (512 GiB) fit an entry.
 */
export class PageTables {
  readonly entries: PageTableEntries
  /**
   * How often an entry of each stretch has lost a bit. Who has found entries with the bits it wants need not look at them again
   * until this number has changed.
   */
  readonly losses: Uint32Array
  readonly processes: number
  /** Pages that each process of the workload maps; those after them have sizes of their own. */
  readonly pagesPerProcess: number
  /** pfn of each page-table page, −1 while it does not exist. */
  readonly tablePages: Int32Array
  readonly #equal: number
  /** First entry, and first page-table page, of each process and of the one that would come after the last. */
  readonly #bases: Int32Array
  readonly #tables: Int32Array

  /** `equal` processes map `pagesPerProcess` pages each, then one process for each of `others` that many. */
  constructor(equal: number, pagesPerProcess: number, others: ReadonlyArray<number> = []) {
    assert(Number.isInteger(pagesPerProcess) && others.every(Number.isInteger), "a process maps whole pages")
    this.#equal = equal
    this.processes = equal + others.length
    this.pagesPerProcess = pagesPerProcess
    this.#bases = new Int32Array(this.processes + 1)
    this.#tables = new Int32Array(this.processes + 1)
    for (let process = 0; process < this.processes; process++) {
      const pages = process < equal ? pagesPerProcess : others[process - equal]
      this.#bases[process + 1] = this.#bases[process] + pages
      this.#tables[process + 1] = this.#tables[process] + Math.ceil(pages / PTRS_PER_PTE)
    }
    this.entries = new PageTableEntries(this.#bases[this.processes])
    this.losses = new Uint32Array((this.entries.length >>> STRETCH_SHIFT) + 1)
    this.tablePages = new Int32Array(this.#tables[this.processes]).fill(-1)
  }

  /** Another entry in the place of one: it may lack bits that the old one had. */
  replace(index: number, entry: number): void {
    this.entries.set(index, entry)
    this.losses[index >>> STRETCH_SHIFT]++
  }

  /** First index of a process. */
  base(process: number): number {
    return this.#bases[process]
  }

  /** Pages that a process maps. */
  pagesOf(process: number): number {
    return this.#bases[process + 1] - this.#bases[process]
  }

  /** The process that owns an index. */
  owner(index: number): number {
    if (index < this.#bases[this.#equal]) return Math.floor(index / this.pagesPerProcess)
    let first = this.#equal
    let last = this.processes - 1
    while (first < last) {
      const middle = (first + last) >>> 1
      if (index < this.#bases[middle + 1]) last = middle
      else first = middle + 1
    }
    return first
  }

  /** First index into `tablePages` of a process; the tables of the next one follow. */
  firstTable(process: number): number {
    return this.#tables[process]
  }

  /** Index into `tablePages` for an entry. */
  table(index: number): number {
    const process = this.owner(index)
    return this.#tables[process] + Math.floor((index - this.#bases[process]) / PTRS_PER_PTE)
  }
}
