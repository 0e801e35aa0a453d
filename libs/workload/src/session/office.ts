// The word processor: LibreOffice Writer 7.4 with a document of 16 pages, and how its row follows from what was measured of it.
import type { Program } from "./program.ts"
import { burst, mib, STILL } from "./shape.ts"

const S = 1e9

/** Pages by which a key lets the document grow: typing added 100 pages a second. */
const TYPED = 34
/**
 * What Writer writes of what an action touches. A second of typing, three keys, writes 2,280 pages: some of what three keys
 * touch (2,685 and three times 112 pages), what the document has grown by with all but the first, and all of 160 that it writes
 * without any key.
 */
const KEY_WRITES = (2280 - 2 * TYPED - 160) / (2685 + 3 * 112 - 160)

export const OFFICE = {
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
  grows: {
    xserver: { own: mib(20.58), shared: mib(42.4), idle: [28, 32, 30, 45, 43] },
    desktop: { own: mib(0.97), shared: mib(0.23), idle: [2, 5, 2, 0, 8] }
  },
  startNs: 2.5 * S,
  bursts: {
    key: burst({ median: 2797, quartiles: [2732.2, 2826], mean: 2788, reuse: 0.96, written: KEY_WRITES * 2797 }, {
      grows: TYPED,
      files: 3645,
      shared: 21
    }),
    menu: burst({ median: 3365, quartiles: [3349.5, 3380], mean: 3365, reuse: 0.99, written: KEY_WRITES * 3365 }, {
      files: 4101,
      shared: 22
    }),
    pageDown: burst({
      median: 4250.5,
      quartiles: [4198.2, 4301],
      mean: 4250,
      reuse: 0.9,
      written: KEY_WRITES * 4250.5
    }, {
      files: 4154,
      shared: 313
    })
  },
  busy: null,
  quiet: null,
  // in front: pages written in half a minute of a run of their own, and no row of a minute
  idle: { own: [0, 0, 103, 120, 121], front: [160, 191, 251, 317, 317], files: [0, 5, 64, 91, 145], shared: STILL },
  collections: null
} as const satisfies Program
