// The browser: Chromium 156 with 12 local pages of a school's kind, and how its row follows from what was measured of it.
import { log } from "@swaplab/sim"
import type { Program } from "./program.ts"
import { beat, type Burst, burst, mib, STILL } from "./shape.ts"

const S = 1e9

/** What the measurement had open, and pages of one of them on average: 3 of 61.4 MiB, 9 of 21.9. */
const TABS = 12
const TAB = mib((3 * 61.4 + 9 * 21.9) / TABS)

/**
 * Chromium by itself, once a second. Right after a page has come: the geometric mean of both measurements, 4,334 by marks and
 * 3,274 by paging out. Settled: what one second has of the next follows from three seconds, 3,931 pages. The pages of a minute
 * are those of the settled one.
 */
const BUSY = beat(3767, 0.36, 12_852, 4068 / 4334)
const SETTLED = beat(1889, 0.46, 12_852, 455 / 1889)
/** A switch of tabs: what of the pages of one the next one touches again. */
const SWITCH = { median: 12_512, reuse: 0.7 }
/** Share of a tab that a switch to it touches. */
const SWITCHED = SWITCH.median * (1 - SWITCH.reuse) / TAB
/** Share of all tabs that a minute of switching touches, and what of that collections go through. */
const ALL_SWITCHED = (92_178 - SWITCH.median) / (TABS * TAB)
const COLLECTED_SHARE = (ALL_SWITCHED - SWITCHED) / (1 - SWITCHED)
/** What a collection that falls into an action goes through: the 90th percentile of a second without anything. */
const COLLECTED = 24_701

/**
 * What a browser touches by itself in the three seconds after a page has come, and what share of a load's other pages it
 * writes.
 */
const AFTER_LOAD = BUSY.core + 3 * BUSY.drawn
const LOAD_WRITES = (15_341 - mib(2) - BUSY.written * AFTER_LOAD) / (24_320 - AFTER_LOAD)

const browser = (
  median: number,
  low: number,
  high: number,
  mean: number,
  reuse: number,
  written: number,
  more: Partial<Burst>
) =>
  burst({ median, quartiles: [low, high], mean, reuse, written }, {
    collected: COLLECTED,
    shared: 4513,
    files: 2523,
    ...more
  }, more.loads === true ? BUSY : SETTLED)

/** A page of the measurement: text, or a canvas and scripts that build the page (the second to the fourth tab). */
const TEXT_PAGE = { anon: mib(21.9), shared: mib(4.3) }
const HEAVY_PAGE = { anon: mib(61.4), shared: mib(7.1) }

export const BROWSER = {
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
  grows: { xserver: { own: 0, shared: mib(3.38), idle: STILL }, desktop: { own: mib(0.43), shared: 0, idle: STILL } },
  startNs: 2.5 * S,
  bursts: {
    key: browser(5294.5, 4125.2, 7551, 7154.6, 0.69, 4465, {}),
    menu: browser(6894.5, 6592.5, 7749.2, 10134.4, 0.87, 4465, {}),
    scroll: browser(9514.5, 8893.2, 9986, 10496.8, 0.85, 2904, {}),
    // without what its mean has above its median: collections of the tab that is hidden, which come by themselves
    tabSwitch: browser(SWITCH.median, 11486.2, 14394.8, SWITCH.median, SWITCH.reuse, 7569, {
      shared: 3504,
      files: 3263,
      // the same part of a tab each time
      pool: Math.round(SWITCHED * TAB)
    }),
    // Two modes: without a collection, with the lower quartile in its middle, and with one, with the upper. Of the twelve
    // loads of the lower half the least one is expected 1.63 σ below their middle. What is written: in ten seconds, less
    // the growth and what the browser writes by itself in three.
    pageLoad: browser(24320, 24320, 24320, 44040.3, 0.69, 24_320 * LOAD_WRITES, {
      spread: log(24320 / 20833) / 1.63,
      shared: 8816,
      files: 24_624,
      loads: true,
      grows: mib(2),
      // tiles grow by 28 MiB in the end; how much comes with a load is assumed
      tiles: mib(1),
      collects: 0.5,
      collected: 63_811 - 24_320
    })
  },
  busy: BUSY,
  quiet: SETTLED,
  idle: {
    own: STILL,
    front: STILL,
    files: [382, 580, 835, 1259, 1764],
    shared: [50, 65, 145, 184, 230]
  },
  collections: {
    // an idle browser with twelve tabs touches 38,860 pages in a minute, and 12,861 of them in its first ten seconds
    everyNs: TABS * 50 * S * COLLECTED_SHARE * TAB / (38_860 - 12_861),
    // in the first ten seconds there are none; after four minutes an idle browser touches nothing new any more
    afterNs: 10 * S,
    untilNs: 4 * 60 * S,
    // the mean of a switch is above its median by the collections that fall into its second
    hiddenNs: S / -log(1 - (14_794 - SWITCH.median) / (COLLECTED_SHARE * TAB)),
    share: COLLECTED_SHARE
  }
} as const satisfies Program
