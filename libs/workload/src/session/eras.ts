// How large the programs of other years are: factors on what was measured. A browser of 2026 on a machine of 2012 would be
// wrong, but the form of what it does (who touches which share how often) is taken to be the same.
import type { Program } from "./program.ts"
import { type ProgramName, PROGRAMS } from "./programs.ts"
import { type Beat, type Burst, type Memory, mib, type Windows } from "./shape.ts"

/** Factors on a program's own memory, on each document, on its files, and on the pages that it touches. */
interface Scale {
  readonly own: number
  readonly document: number
  readonly files: number
  readonly touched: number
}

/** The programs of some years. */
export interface Era {
  readonly meaning: string
  /** Without a row: as measured. */
  readonly scales: Readonly<Partial<Record<ProgramName, Scale>>>
}

const ERAS_TABLE = {
  measured: { meaning: "as measured: light pages of a school's kind, no sound, no GPU", scales: {} },
  2012: {
    meaning: "Firefox of 2012: 65 MB with a tab, 662 MB with 40 (documented)",
    scales: {
      // of 127.7 MiB, and of 31.8 MiB a tab; touched: by the memory with twelve tabs; files: assumed
      browser: { own: 0.37, document: 0.46, files: 0.25, touched: 0.44 }
    }
  },
  2020: {
    meaning: "a desktop of 350 MB (documented), a browser half way between 2012 and 2025 (assumed)",
    scales: {
      desktop: { own: 23, document: 1, files: 3, touched: 3 },
      browser: { own: 2, document: 1.6, files: 0.7, touched: 1.7 }
    }
  },
  2025: {
    meaning: "a desktop of 350 MB, a browser of 400 MB and 90 MB a tab (documented)",
    scales: {
      desktop: { own: 23, document: 1, files: 3, touched: 3 },
      browser: { own: 3, document: 2.7, files: 1, touched: 2.8 }
    }
  }
} as const satisfies Record<string, Era>

export type EraName = `${keyof typeof ERAS_TABLE}`
export const ERAS: Readonly<Record<EraName, Era>> = ERAS_TABLE
export const ERA_NAMES = Object.keys(ERAS_TABLE) as ReadonlyArray<EraName>

const AS_MEASURED: Scale = { own: 1, document: 1, files: 1, touched: 1 }

const times = (factor: number) => (pages: number): number => Math.round(pages * factor)

const scaledBeat = (beat: Beat | null, factor: number): Beat | null => {
  const by = times(factor)
  return beat && { ...beat, core: by(beat.core), drawn: by(beat.drawn), pool: by(beat.pool) }
}

const scaledBurst = (burst: Burst, factor: number): Burst => {
  const by = times(factor)
  return {
    ...burst,
    core: by(burst.core),
    drawn: by(burst.drawn),
    ...(burst.pool !== undefined && { pool: by(burst.pool) }),
    shared: by(burst.shared),
    grows: by(burst.grows),
    tiles: by(burst.tiles),
    collected: by(burst.collected)
  }
}

const scaledMemory = (memory: Memory, scale: Scale, documentScale: number): Memory => {
  const documents = times(scale.document * documentScale)
  return {
    ...memory,
    own: times(scale.own)(memory.own),
    documents: memory.documents.map(({ anon, shared }) => ({
      anon: documents(anon),
      shared: times(scale.document)(shared)
    })),
    shared: times(scale.touched)(memory.shared)
  }
}

const windows = (pages: Windows, factor: number): Windows => pages.map(times(factor)) as unknown as Windows

/** A program as it was in an era. `documentScale`: how much heavier documents are than in that era. */
export const programOf = (name: ProgramName, era: EraName, documentScale: number): Program => {
  const program = PROGRAMS[name]
  const scale = ERAS[era].scales[name] ?? AS_MEASURED
  const files = times(scale.files)
  const { idle } = program
  return {
    ...program,
    memory: scaledMemory(program.memory, scale, documentScale),
    files: {
      ...program.files,
      image: files(program.files.image),
      mapped: files(program.files.mapped),
      read: files(program.files.read)
    },
    bursts: Object.fromEntries(
      Object.entries(program.bursts).map(([action, burst]) => [
        action,
        { ...scaledBurst(burst, scale.touched), files: files(burst.files) }
      ])
    ),
    busy: scaledBeat(program.busy, scale.touched),
    quiet: scaledBeat(program.quiet, scale.touched),
    idle: {
      own: windows(idle.own, scale.touched),
      front: windows(idle.front, scale.touched),
      files: windows(idle.files, scale.files),
      shared: windows(idle.shared, scale.touched)
    }
  }
}

/** Pages of the image that a boot reads before the greeter: assumed. */
export const BOOT_PAGES = mib(150)
