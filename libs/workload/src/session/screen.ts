// The programs that draw what others do: the X server (Xvfb, 1280×800, without GPU), and a desktop of openbox, lxpanel and
// pcmanfm.
import type { Program } from "./program.ts"
import { mib, steady, STILL } from "./shape.ts"

const S = 1e9

/** Pages that a burst draws, if the next one touches a share `reuse` of it again: also some of what is drawn. */
const drawnOf = (pages: number, minute: number, reuse: number): number => {
  const other = pages * (1 - reuse)
  const rest = minute - pages
  return Math.round(other * rest / (rest - other))
}

export const XSERVER = {
  comm: "X",
  meaning: "X server; pixmaps of clients are its shared memory",
  memory: { own: mib(22.9), documents: [], documentGrowth: 1, shared: mib(0.18), sharedGrowth: 1 },
  files: { image: mib(67.05), mapped: mib(39.5), text: 0.6, read: mib(1.1) },
  grows: {},
  startNs: 0.5 * S,
  bursts: {
    // 1,190 pages more come between three and ten seconds of typing, and then no others
    key: steady(2172, 3372, 150, { shared: 375, files: 179 }),
    pageDown: steady(2172, 3372, 150, { shared: 375, files: 179 }),
    windowSwitch: steady(3546, 3644, drawnOf(3546, 3644, 0.98), { shared: 864, files: 179 }),
    // three seconds touch 4 pages more than one second, and of switching tabs one
    menu: steady(1314, 1343, 4, { shared: 864, files: 160 }),
    scroll: steady(1314, 1343, 4, { shared: 864, files: 160 }),
    tabSwitch: steady(1326, 1340, 1, { shared: 608, files: 178 }),
    pageLoad: steady(1339, 1343, 4, { shared: 866, files: 200 }),
    programStart: steady(3546, 3644, drawnOf(3546, 3644, 0.98), { shared: 864, files: 179 })
  },
  busy: null,
  quiet: null,
  idle: { own: [127, 132, 136, 180, 184], front: STILL, files: [69, 78, 83, 107, 116], shared: STILL },
  collections: null
} as const satisfies Program

export const DESKTOP = {
  comm: "desktop",
  meaning: "window manager, panel and file manager, one process here",
  memory: { own: mib(13.4), documents: [], documentGrowth: 1, shared: mib(0.18), sharedGrowth: 1 },
  files: { image: mib(30.4), mapped: mib(25.3), text: 0.54, read: mib(2.2) },
  grows: {},
  startNs: 2 * S,
  bursts: {
    key: steady(270, 397, 22, { files: 276 }),
    pageDown: steady(270, 397, 22, { files: 276 }),
    // 843 pages are the most that a minute of typing touched
    windowSwitch: steady(694, 843, drawnOf(694, 843, 0.92), { files: 369 }),
    // three seconds touch 6 pages more than one second, and ten seconds of switching tabs 10
    menu: steady(411, 488, 6, { files: 369 }),
    scroll: steady(411, 488, 6, { files: 369 }),
    tabSwitch: steady(419, 446, 3, { files: 434 }),
    pageLoad: steady(441, 488, 6, { files: 559 }),
    programStart: steady(694, 843, drawnOf(694, 843, 0.92), { files: 559 })
  },
  busy: null,
  quiet: null,
  idle: { own: [190, 193, 205, 317, 319], front: STILL, files: [100, 103, 119, 231, 279], shared: STILL },
  collections: null
} as const satisfies Program
