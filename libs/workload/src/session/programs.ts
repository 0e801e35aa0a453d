// The programs of a desktop: what each needs of memory and files, and what it touches.
//
// Source of what is marked measured: Debian 12, 4 KiB pages, Chromium 156 with 12 local pages of a school's kind, LibreOffice
// Writer 7.4 with a document of 16 pages, openbox, lxpanel, pcmanfm, Xvfb 1280×800 without GPU; medians of three to five
// sessions. Page counts were measured, times were not: the machine was shared. CPU times are assumed, of a machine of 2012.
// Nothing was measured of the video player and the terminal: their rows are assumed.
import { log } from "@swaplab/sim"
import type { ActionName } from "./actions.ts"
import type { RunLengths } from "./layout.ts"
import { type Beat, beat, type Burst, burst, type Files, type Grows, type Memory, mib, type Windows } from "./shape.ts"

const S = 1e9

/** The programs that draw what the one in front does. */
export type ScreenName = "xserver" | "desktop"

/** A program by what it does to memory. */
export interface Program {
  readonly comm: string
  readonly meaning: string
  readonly memory: Memory
  readonly files: Files
  /** What windows of it cost the programs that draw them. */
  readonly grows: Readonly<Partial<Record<ScreenName, Grows>>>
  /** CPU time of its start. */
  readonly startNs: number
  /** What actions of a person touch; others touch nothing of it. */
  readonly bursts: Readonly<Partial<Record<ActionName, Burst>>>
  /** What it does by itself: in the minute after an action, and later. Null: nothing. */
  readonly busy: Beat | null
  readonly quiet: Beat | null
  /** Pages that it has touched by itself after some windows: own memory without a beat, files, shared memory. */
  readonly idle: { readonly own: Windows; readonly files: Windows; readonly shared: Windows }
  /** Mean time between two collections of garbage while it is busy and quiet, and pages each goes through. Null: it has none. */
  readonly collections: { readonly busyNs: number; readonly quietNs: number; readonly pages: number } | null
}

const STILL: Windows = [0, 0, 0, 0, 0]

/** Chromium, a second without anything: right after actions, and settled. Pages of a minute are those of the settled one. */
const BUSY = beat(3274, 0.36, 12_852, 4068 / 4334)
const SETTLED = beat(1889, 0.36, 12_852, 455 / 1889)
/** What a collection goes through: the 90th percentile of a second without anything, in which one took place. */
const COLLECTED = 24_701

const browser = (
  median: number,
  low: number,
  high: number,
  mean: number,
  reuse: number,
  written: [number, number],
  more: Partial<Burst>
) =>
  burst({ median, quartiles: [low, high], mean, reuse, written }, {
    collected: COLLECTED,
    shared: 4513,
    files: 2523,
    ...more
  }, BUSY)

/**
 * A burst of a program of which only the median is known: it is the same each time. `minute` are the pages that a minute of
 * such actions touches: what is drawn comes from these.
 */
const steady = (
  pages: number,
  minute: number,
  reuse: number,
  written: number,
  more: Partial<Burst> = {}
): Burst => {
  const of = burst({ median: pages, quartiles: [1, 1], mean: pages, reuse, written: [written, 1] }, more)
  return { ...of, pool: Math.max(of.drawn, minute - of.core) }
}

/** What was measured of Writer's keys: pages written in a second, by those touched. */
const TYPING: [number, number] = [2280, 3662]

/** Shares of pages in runs of 1, 2 to 7, 8 to 31, 32 to 127 and more neighbours: of the sparsest sample, a settled browser in a second. */
export const RUNS: RunLengths = [0.442, 0.456, 0.102, 0, 0]
/** The same of collections: what a settled browser writes in a minute beyond what it writes in half of it. */
export const COLLECTED_RUNS: RunLengths = [0.049, 0.135, 0.119, 0.391, 0.307]

/** A page of the measurement: text, or a canvas and scripts that build the page (the second to the fourth tab). */
const TEXT_PAGE = { anon: mib(21.9), shared: mib(4.3) }
const HEAVY_PAGE = { anon: mib(61.4), shared: mib(7.1) }

const PROGRAMS_TABLE = {
  xserver: {
    comm: "X",
    meaning: "X server; pixmaps of clients are its shared memory",
    memory: { own: mib(22.9), documents: [], documentGrowth: 1, shared: mib(0.18), sharedGrowth: 1 },
    files: { image: mib(67.05), mapped: mib(39.5), text: 0.6, read: mib(1.1) },
    grows: {},
    startNs: 0.5 * S,
    bursts: {
      key: steady(2172, 3372, 0.98, 0.6, { shared: 375, files: 179 }),
      pageDown: steady(2172, 3372, 0.98, 0.6, { shared: 375, files: 179 }),
      windowSwitch: steady(3546, 3644, 0.98, 0.6, { shared: 864, files: 179 }),
      menu: steady(1314, 1343, 0.98, 0.6, { shared: 864, files: 160 }),
      scroll: steady(1314, 1343, 0.98, 0.6, { shared: 864, files: 160 }),
      tabSwitch: steady(1326, 1340, 0.98, 0.6, { shared: 608, files: 178 }),
      pageLoad: steady(1339, 1343, 0.98, 0.6, { shared: 866, files: 200 }),
      programStart: steady(3546, 3644, 0.98, 0.6, { shared: 864, files: 179 })
    },
    busy: null,
    quiet: null,
    idle: { own: [127, 132, 136, 180, 184], files: [69, 78, 83, 107, 116], shared: STILL },
    collections: null
  },
  desktop: {
    comm: "desktop",
    meaning: "window manager, panel and file manager, one process here",
    memory: { own: mib(13.4), documents: [], documentGrowth: 1, shared: mib(0.18), sharedGrowth: 1 },
    files: { image: mib(30.4), mapped: mib(25.3), text: 0.54, read: mib(2.2) },
    grows: {},
    startNs: 2 * S,
    bursts: {
      key: steady(270, 397, 0.92, 0.6, { files: 276 }),
      pageDown: steady(270, 397, 0.92, 0.6, { files: 276 }),
      windowSwitch: steady(694, 739, 0.92, 0.6, { files: 369 }),
      menu: steady(411, 488, 0.92, 0.6, { files: 369 }),
      scroll: steady(411, 488, 0.92, 0.6, { files: 369 }),
      tabSwitch: steady(419, 446, 0.92, 0.6, { files: 434 }),
      pageLoad: steady(441, 488, 0.92, 0.6, { files: 559 }),
      programStart: steady(694, 739, 0.92, 0.6, { files: 559 })
    },
    busy: null,
    quiet: null,
    idle: { own: [190, 193, 205, 317, 319], files: [100, 103, 119, 231, 279], shared: STILL },
    collections: null
  },
  browser: {
    comm: "browser",
    meaning: "a browser; its documents are tabs",
    memory: {
      own: mib(127.7),
      documents: [TEXT_PAGE, HEAVY_PAGE, HEAVY_PAGE, HEAVY_PAGE, TEXT_PAGE],
      // 642 MiB in the end, after 509 MiB with twelve tabs
      documentGrowth: 1.35,
      shared: mib(9.6),
      sharedGrowth: 1.41
    },
    files: { image: mib(240.4), mapped: mib(209), text: 0.6, read: mib(4.2) },
    grows: { xserver: { own: 8, shared: mib(3.4) }, desktop: { own: mib(0.43), shared: 0 } },
    startNs: 2.5 * S,
    bursts: {
      key: browser(5294.5, 4125.2, 7551, 7154.6, 0.69, [4465, 7307], {}),
      menu: browser(6894.5, 6592.5, 7749.2, 10134.4, 0.87, [4465, 7307], {}),
      scroll: browser(9514.5, 8893.2, 9986, 10496.8, 0.85, [2904, 9514.5], {}),
      tabSwitch: browser(12512, 11486.2, 14394.8, 14794.1, 0.7, [7569, 11554], { shared: 3504, files: 3263 }),
      // Two modes: without a collection, with the lower quartile in its middle, and with one, with the upper. Of the twelve
      // loads of the lower half the least one is expected 1.63 σ below their middle.
      pageLoad: browser(24320, 24320, 24320, 44040.3, 0.69, [15341, 38195], {
        spread: log(24320 / 20833) / 1.63,
        shared: 8816,
        files: 24_624,
        grows: mib(2),
        collects: 0.5,
        collected: 63_811 - 24_320
      })
    },
    busy: BUSY,
    quiet: SETTLED,
    idle: { own: STILL, files: [382, 580, 835, 1259, 1764], shared: [50, 65, 145, 184, 230] },
    collections: {
      // what a minute touches beyond ten seconds right after loading; and on average beyond the settled minute
      busyNs: 60 * S * COLLECTED / (38_860 - 12_861),
      quietNs: 60 * S * COLLECTED / (27_744 - 12_852),
      pages: COLLECTED
    }
  },
  office: {
    comm: "soffice.bin",
    meaning: "a word processor with a document",
    memory: {
      own: mib(62.4),
      // half a MiB for each of its 16 pages is assumed; all of it, and what typing adds, was measured
      documents: [{ anon: mib(8), shared: 0 }],
      documentGrowth: 4.5,
      shared: mib(42.2),
      sharedGrowth: 1
    },
    files: { image: mib(110.7), mapped: mib(87.1), text: 0.53, read: mib(4.5) },
    grows: { xserver: { own: mib(20.3), shared: mib(42.4) }, desktop: { own: mib(0.97), shared: mib(0.23) } },
    startNs: 2.5 * S,
    bursts: {
      // typing adds 100 pages a second, at 3.3 keys a second
      key: burst({ median: 2797, quartiles: [2732.2, 2826], mean: 2788, reuse: 0.96, written: TYPING }, {
        grows: 30,
        files: 3645,
        shared: 21
      }),
      menu: burst({ median: 3365, quartiles: [3349.5, 3380], mean: 3365, reuse: 0.99, written: TYPING }, {
        files: 4101,
        shared: 22
      }),
      pageDown: burst({ median: 4250.5, quartiles: [4198.2, 4301], mean: 4250, reuse: 0.9, written: TYPING }, {
        files: 4154,
        shared: 313
      })
    },
    busy: null,
    quiet: null,
    idle: { own: [0, 0, 103, 120, 121], files: [0, 5, 64, 91, 145], shared: STILL },
    collections: null
  },
  video: {
    comm: "player",
    meaning: "a video player; decoded frames are shared memory",
    memory: { own: mib(40), documents: [], documentGrowth: 1, shared: mib(24), sharedGrowth: 1 },
    files: { image: mib(50), mapped: mib(35), text: 0.6, read: mib(1) },
    grows: { xserver: { own: 8, shared: mib(8) } },
    startNs: 1 * S,
    bursts: { play: steady(6000, 8000, 0.9, 0.8, { shared: mib(24), files: 1500 }) },
    busy: null,
    quiet: null,
    idle: { own: STILL, files: STILL, shared: STILL },
    collections: null
  },
  terminal: {
    comm: "terminal",
    meaning: "a terminal and its shell",
    memory: { own: mib(12), documents: [], documentGrowth: 1, shared: mib(1), sharedGrowth: 1 },
    files: { image: mib(12), mapped: mib(9), text: 0.6, read: mib(0.5) },
    grows: { xserver: { own: 8, shared: mib(1) } },
    startNs: 0.2 * S,
    bursts: { key: steady(300, 400, 0.95, 0.6, { files: 300, shared: 64 }) },
    busy: null,
    quiet: null,
    idle: { own: STILL, files: STILL, shared: STILL },
    collections: null
  }
} as const satisfies Record<string, Program>

/** A program by its name. */
export type ProgramName = keyof typeof PROGRAMS_TABLE

/** Every program, in the order of their numbers. */
export const PROGRAMS: Readonly<Record<ProgramName, Program>> = PROGRAMS_TABLE
