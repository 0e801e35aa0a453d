// The programs of a desktop.
//
// Source of what is measured: Debian 12, 4 KiB pages; medians of three to five sessions. Page counts were measured, times were
// not: the machine was shared. CPU times are assumed, of a machine of 2012. Nothing was measured of the video player and the
// terminal: their rows are assumed.
import { BROWSER } from "./browser.ts"
import type { RunLengths } from "./layout.ts"
import { OFFICE } from "./office.ts"
import type { Program } from "./program.ts"
import { DESKTOP, XSERVER } from "./screen.ts"
import { mib, steady, STILL } from "./shape.ts"

const S = 1e9

/**
 * Shares of pages in runs of 1, 2 to 7, 8 to 31, 32 to 127 and more neighbours: of the sparsest sample, a settled browser in a
 * second.
 */
export const RUNS: RunLengths = [0.442, 0.456, 0.102, 0, 0]
/** The same of collections: what a settled browser writes in a minute beyond what it writes in half of it. */
export const COLLECTED_RUNS: RunLengths = [0.049, 0.135, 0.119, 0.391, 0.307]

const PROGRAMS_TABLE = {
  xserver: XSERVER,
  desktop: DESKTOP,
  browser: BROWSER,
  office: OFFICE,
  video: {
    comm: "player",
    meaning: "a video player; decoded frames are shared memory",
    memory: { own: mib(40), documents: [], documentGrowth: 1, shared: mib(24), sharedGrowth: 1 },
    files: { image: mib(50), mapped: mib(35), text: 0.6, read: mib(1) },
    grows: { xserver: { own: 8, shared: mib(8), idle: STILL } },
    startNs: 1 * S,
    bursts: { play: steady(6000, 8000, 600, { shared: mib(24), files: 1500 }) },
    busy: null,
    quiet: null,
    idle: { own: STILL, front: STILL, files: STILL, shared: STILL },
    collections: null
  },
  terminal: {
    comm: "terminal",
    meaning: "a terminal and its shell",
    memory: { own: mib(12), documents: [], documentGrowth: 1, shared: mib(1), sharedGrowth: 1 },
    files: { image: mib(12), mapped: mib(9), text: 0.6, read: mib(0.5) },
    grows: { xserver: { own: 8, shared: mib(1), idle: STILL } },
    startNs: 0.2 * S,
    bursts: { key: steady(300, 400, 15, { files: 300, shared: 64 }) },
    busy: null,
    quiet: null,
    idle: { own: STILL, front: STILL, files: STILL, shared: STILL },
    collections: null
  }
} as const satisfies Record<string, Program>

/** A program by its name. */
export type ProgramName = keyof typeof PROGRAMS_TABLE

/** Every program, in the order of their numbers. */
export const PROGRAMS: Readonly<Record<ProgramName, Program>> = PROGRAMS_TABLE
