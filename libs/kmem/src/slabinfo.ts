/**
 * /proc/slabinfo, version 2.1: one row type for both allocators and the exact text.
 *
 * Modelled: the text byte for byte as a kernel without SLAB statistics prints it.
 * Not modelled: the debug build's extra columns.
 * source: mm/slab.c:print_slabinfo_header, s_show; mm/slub.c:print_slabinfo_header, s_show
 */

/** What one line says. All are counts except objectSize, which is the slot size in bytes. */
export interface SlabinfoRow {
  readonly name: string
  /** SLAB: objects not on slab free lists (those in per-CPU and shared arrays count as active).
   * SLUB: all objects less the free ones of node partial slabs. */
  readonly activeObjects: number
  readonly totalObjects: number
  readonly objectSize: number
  readonly objectsPerSlab: number
  readonly pagesPerSlab: number
  readonly limit: number
  readonly batchcount: number
  readonly sharedFactor: number
  readonly activeSlabs: number
  readonly totalSlabs: number
  readonly sharedAvailable: number
}

/** Heading of the slot size column: v3.5 and SLAB print "objsize", v3.6 SLUB prints "object_size". */
export type SizeHeading = "objsize" | "object_size"

/** The two header lines, without the last newline. */
export const slabinfoHeader = (heading: SizeHeading = "objsize"): string =>
  "slabinfo - version: 2.1\n"
  + `# name            <active_objs> <num_objs> <${heading}> <objperslab> <pagesperslab>`
  + " : tunables <limit> <batchcount> <sharedfactor>"
  + " : slabdata <active_slabs> <num_slabs> <sharedavail>"

const right = (value: number, width: number): string => String(value).padStart(width)

/** One line, without newline. */
export const slabinfoLine = (row: SlabinfoRow): string =>
  `${row.name.padEnd(17)} ${right(row.activeObjects, 6)} ${right(row.totalObjects, 6)} ${right(row.objectSize, 6)}`
  + ` ${right(row.objectsPerSlab, 4)} ${right(row.pagesPerSlab, 4)}`
  + ` : tunables ${right(row.limit, 4)} ${right(row.batchcount, 4)} ${right(row.sharedFactor, 4)}`
  + ` : slabdata ${right(row.activeSlabs, 6)} ${right(row.totalSlabs, 6)} ${right(row.sharedAvailable, 6)}`

/** The whole file. */
export const slabinfoText = (rows: ReadonlyArray<SlabinfoRow>, heading: SizeHeading = "objsize"): string =>
  `${slabinfoHeader(heading)}\n${rows.map((row) => `${slabinfoLine(row)}\n`).join("")}`
