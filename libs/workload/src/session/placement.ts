// Where the programs of a session lie: their heaps within their address spaces, their files within the root image.
import type { Half } from "../plug-in/display.ts"
import { BOOT_PAGES, type EraName, programOf } from "./eras.ts"
import { type Layout, layoutOf, type RunLengths } from "./layout.ts"
import type { Program } from "./program.ts"
import { type ProgramName, RUNS } from "./programs.ts"
import type { Grows } from "./shape.ts"

/** Runs of pages of mapped files that are used together. Not measured: eight pages are assumed. */
const FILE_RUNS: RunLengths = [0, 0.4, 0.6, 0, 0]

/** A part of an address space. */
export interface Part {
  readonly from: number
  /** Pages at first, and at most. */
  readonly size: number
  readonly limit: number
}

/** Which programs each half of a session has: a thin client has the X server alone. */
const HALVES = {
  all: () => true,
  screen: (name: ProgramName) => name === "xserver",
  programs: (name: ProgramName) => name !== "xserver"
} as const satisfies Record<Half, (name: ProgramName) => boolean>

/** A program, and where its memory and files lie. */
export interface Placed {
  readonly name: ProgramName
  /** Its number in the plan of processes; −1: it runs on another machine. */
  readonly process: number
  readonly program: Program
  readonly own: Part
  readonly documents: ReadonlyArray<Part & { readonly shared: number }>
  readonly shared: Part
  /** Pages of its address space, and of what it maps in the end. */
  readonly pages: number
  readonly files: { readonly from: number; readonly layout: Layout }
}

/** The options that say how large a session is. */
export interface SessionSize {
  readonly programs: ReadonlyArray<ProgramName>
  readonly era: EraName
  readonly tabs: number
  readonly tabScale: number
  readonly documentPages: number
}

/** Documents of a program, and how much heavier each is than the measured one. */
const documentsOf = (name: ProgramName, { documentPages, tabScale, tabs }: SessionSize): readonly [number, number] =>
  name === "browser" ? [tabs, tabScale] : [1, documentPages / MEASURED_DOCUMENT]

/** Pages of the document of the measurement. */
const MEASURED_DOCUMENT = 16

/** Places every program of a session, on a machine that runs one half of it. */
export const place = (size: SessionSize, half: Half): ReadonlyArray<Placed> => {
  const shapes = size.programs.map((name) => {
    const [count, scale] = documentsOf(name, size)
    return { name, count, program: programOf(name, size.era, scale) }
  })
  const here = HALVES[half]
  let image = BOOT_PAGES
  let process = 0
  return shapes.map(({ count, name, program }) => {
    const { documentGrowth, documents: kinds, own, shared, sharedGrowth } = program.memory
    const grown = (key: "own" | "shared"): number =>
      shapes.reduce((sum, { program }) => {
        const grows: Readonly<Partial<Record<ProgramName, Grows>>> = program.grows
        return sum + (grows[name]?.[key] ?? 0)
      }, 0)
    const ownPart: Part = { from: 0, size: own, limit: own + grown("own") }
    let end = ownPart.limit
    const documents = kinds.length === 0 ? [] : Array.from({ length: count }, (_, i) => {
      const { anon, shared: tiles } = kinds[Math.min(i, kinds.length - 1)]
      const part = { from: end, size: anon, limit: Math.round(anon * documentGrowth), shared: tiles }
      end += part.limit
      return part
    })
    const tiles = documents.reduce((sum, document) => sum + document.shared, shared)
    const sharedPart: Part = { from: end, size: shared, limit: Math.round(tiles * sharedGrowth) + grown("shared") }
    const from = image
    image += program.files.image
    return {
      name,
      process: here(name) ? process++ : -1,
      program,
      own: ownPart,
      documents,
      shared: sharedPart,
      pages: end + sharedPart.limit,
      files: { from, layout: layoutOf(program.files.mapped, FILE_RUNS, "files") }
    }
  })
}

/** The layout of a heap that has so many pages at first. */
export const heapLayout = (pages: number): Layout => layoutOf(pages, RUNS, "heap")

/** Pages of the root image that a session uses. */
export const imagePages = (placed: ReadonlyArray<Placed>): number =>
  placed.reduce((sum, { program }) => sum + program.files.image, BOOT_PAGES)
