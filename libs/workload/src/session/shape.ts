// What a program does to memory, in pages of 4 KiB as they were measured: the columns of the table of programs, and how
// they follow from the statistics of a measurement.
import { log } from "@swaplab/sim"

/** Pages of so many MiB. */
export const mib = (size: number): number => Math.round(size * 256)

/** How much of its memory a program touches for one action of a person. */
export interface Burst {
  /** Pages of the program's own heap that every such action touches: the most popular ones. */
  readonly core: number
  /** Pages beside them, another part each time: of the document in front, or else of the own heap. */
  readonly drawn: number
  /** The pages from which these are drawn, behind the core. Without it: all of the document or the heap. */
  readonly pool?: number
  /** σ of ln of the factor by which one burst is larger or smaller than usual. */
  readonly spread: number
  /** Share of the touched pages that is written. */
  readonly written: number
  /** Pages of shared memory (tiles, pixmaps), and of mapped files. */
  readonly shared: number
  readonly files: number
  /** Pages by which the document grows, and the shared memory. */
  readonly grows: number
  readonly tiles: number
  /** It brings a document: the program is busy in the minute after it. */
  readonly loads: boolean
  /** How likely a collection of garbage falls into it, and pages that it goes through. */
  readonly collects: number
  readonly collected: number
}

/** What was measured of an action: pages touched within a second of it, and what of that the next one touches again. */
export interface MeasuredBurst {
  readonly median: number
  readonly quartiles: readonly [number, number]
  readonly mean: number
  /** Share of the pages that the next such action touches again. */
  readonly reuse: number
  /** Pages written in a second with this action. */
  readonly written: number
}

/** What a program does by itself once a second. */
export interface Beat {
  /** Pages of the own heap that each second touches, and pages that it draws beside them … */
  readonly core: number
  readonly drawn: number
  /** … from so many of the next popular ones. */
  readonly pool: number
  readonly written: number
}

/** Pages that one second touches; their share that the next one touches again; pages of a minute. */
export const beat = (second: number, reuse: number, minute: number, written: number): Beat => ({
  core: Math.round(second * reuse),
  drawn: Math.round(second * (1 - reuse)),
  pool: Math.round(minute - second * reuse),
  written
})

/** The standard deviation of a normal distribution by the distance of its quartiles. */
const QUARTILES = 1.349

const NOTHING_ELSE: Beat = { core: 0, drawn: 0, pool: 1, written: 0 }

/**
 * The burst that explains a measurement. The core is what the next action touches again; the rest is drawn, less what the
 * program touches by itself in that second (`idle`). Half of the actions are below the median, so what the mean is above
 * it are collections of `collected` pages.
 */
export const burst = (
  { mean, median, quartiles: [low, high], reuse, written }: MeasuredBurst,
  more: Partial<Burst> = {},
  idle: Beat = NOTHING_ELSE
): Burst => {
  const core = median * reuse
  const inPool = Math.min(idle.pool, Math.max(0, core - idle.core))
  const byItself = idle.drawn * (1 - inPool / idle.pool)
  const drawn = Math.max(0, median - core - byItself)
  const { collected = 0 } = more
  return {
    core: Math.round(core),
    drawn: Math.round(drawn),
    spread: log(high / low) / QUARTILES,
    written: Math.min(1, (written - byItself * idle.written) / (core + drawn)),
    shared: 0,
    files: 0,
    grows: 0,
    tiles: 0,
    loads: false,
    collects: collected === 0 ? 0 : Math.max(0, (mean - median) / collected),
    collected,
    ...more
  }
}

/** Share of the pages that a program writes of which only the touched ones were counted: assumed. */
const WRITTEN = 0.6

/**
 * A burst of a program that draws what others do: it is the same each time, but for `drawn` pages of those that a minute of
 * such actions touches.
 */
export const steady = (pages: number, minute: number, drawn: number, more: Partial<Burst> = {}): Burst => ({
  ...burst({ median: pages, quartiles: [1, 1], mean: pages, reuse: 1 - drawn / pages, written: WRITTEN * pages }, more),
  pool: minute - pages + drawn
})

/** Pages of one kind that a quiet program has touched after windows of 1, 3, 10, 30 and 60 s. */
export type Windows = readonly [number, number, number, number, number]

/** Lengths of the windows, in beats. */
export const WINDOW_BEATS = [1, 3, 10, 30, 60] as const

/** The memory of a program, in pages. */
export interface Memory {
  /** Of the program itself, when it has started. */
  readonly own: number
  /** The documents that it can open, one after the other; the last one stands for all further ones. */
  readonly documents: ReadonlyArray<{ readonly anon: number; readonly shared: number }>
  /** How many times its first size a document becomes at most. */
  readonly documentGrowth: number
  /**
   * Shared memory (tiles, pixmaps) of the program without documents, and how many times that size all of it becomes at most.
   */
  readonly shared: number
  readonly sharedGrowth: number
}

/** Files of a program in the root image, in pages. */
export interface Files {
  /** What a cold start brings into memory, and the part of it that it maps. */
  readonly image: number
  readonly mapped: number
  /** Share of the mapped pages that is program text. */
  readonly text: number
  /** Bytes that it reads with read(2), in pages. */
  readonly read: number
}

/** What a program costs another one that draws its windows: memory, and pages that it touches by itself in windows of time. */
export interface Grows {
  readonly own: number
  readonly shared: number
  readonly idle: Windows
}

/** Nothing in any window. */
export const STILL: Windows = [0, 0, 0, 0, 0]
