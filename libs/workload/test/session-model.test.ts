// The session beside what was measured: the programs of the measurement do what was done with them there, on a client with
// plenty of RAM, and the accessed and dirty bits of their page tables are counted as clear_refs and userfaultfd did.
// Source of the figures: Debian 12, Chromium 156 with 12 tabs, LibreOffice Writer 7.4; median, least and most of three to 36
// samples, in pages. The order of the steps is known, the pace of the actions is not: it is one every five seconds here.
import type { ActionName } from "#src/session/actions.ts"
import { Desk } from "#src/session/desk.ts"
import { place, type Placed } from "#src/session/placement.ts"
import type { ProgramName } from "#src/session/programs.ts"
import { PTE_ACCESSED, PTE_DIRTY } from "@swaplab/kernel"
import type { Sleeps } from "@swaplab/sim"
import { expect, it } from "vitest"
import { client, hostOf } from "./rig.ts"

const S = 1e9
const MIB = 2 ** 20

/** A measured row: least and most. */
type Range = readonly [least: number, most: number]

const MEASURED: Readonly<Record<string, Range>> = {
  "X server at login: own": [5832, 5862],
  "desktop at login: own": [3410, 3845],
  "browser, 1 tab: own": [38216, 38372],
  "browser, 1 tab: shared": [3548, 3561],
  "browser, 4 tabs: own": [84321, 89147],
  "browser, 4 tabs: shared": [8876, 10481],
  "browser, 12 tabs: own": [130148, 134684],
  "browser, 12 tabs: shared": [16765, 18074],
  "X server with office: own": [11026, 11156],
  "office: own": [17147, 18153],
  "idle, 1 s": [1706, 8121],
  "idle, 3 s": [6406, 9892],
  "idle, 10 s": [11173, 14256],
  "idle, 30 s": [21203, 46366],
  "idle, 60 s": [28256, 52401],
  "settled, 1 s": [1423, 3014],
  "settled, 3 s": [2744, 22638],
  "settled, 10 s": [4591, 23618],
  "settled, 30 s": [6547, 26681],
  "settled, 60 s": [10285, 28446],
  "settled, written in 1 s": [161, 1206],
  "settled, written in 3 s": [582, 1547],
  "settled, written in 10 s": [1318, 10275],
  "settled, written in 30 s": [3810, 14776],
  "settled, written in 60 s": [28243, 37610],
  "browser: key": [3728, 25554],
  "browser: menu": [6293, 39601],
  "browser: scroll": [8447, 28164],
  "browser: tabSwitch": [9569, 43974],
  "browser: pageLoad": [20833, 98005],
  "office: key": [2721, 2885],
  "office: menu": [3341, 4080],
  "office: pageDown": [4167, 4557],
  "X server: windowSwitch": [3507, 3644],
  "desktop: windowSwitch": [679, 739]
}

const SIZE = {
  programs: ["xserver", "desktop", "browser", "office"],
  era: "measured",
  tabs: 12,
  tabScale: 1,
  documentPages: 16
} as const

const measure = (): ReadonlyMap<string, number> => {
  const placed = place(SIZE, "all")
  const { machine, sim } = client({
    ramBytes: 2048 * MIB,
    processes: 0,
    pagesPerProcess: 1,
    otherProcesses: placed.map(({ pages }) => pages)
  })
  const host = hostOf(machine, "session")
  const desk = new Desk(host, placed)
  const { entries } = machine.mm.tables
  const found = new Map<string, number>()
  const of = (name: ProgramName): Placed => placed.find((program) => program.name === name) as Placed
  /** Pages of a program with a bit, of its own and its documents or of its shared memory. */
  const pages = (name: ProgramName, bit: number, part: "own" | "shared" = "own"): number => {
    const { pages: all, process, shared } = of(name)
    const base = machine.mm.tables.base(process)
    let count = 0
    const [from, to] = part === "own" ? [0, shared.from] : [shared.from, all]
    for (let index = base + from; index < base + to; index++) if ((entries[index] & bit) !== 0) count++
    return count
  }
  const clear = (): void => {
    for (let index = 0; index < entries.length; index++) entries[index] &= ~(PTE_ACCESSED | PTE_DIRTY)
  }
  const person = desk.person
  const wait = (seconds: number) => person.hold(seconds * S)
  const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]
  /** Nine times: something, then windows of which each has its median. */
  const windows = function*(what: string, before: () => Sleeps<void>) {
    const seen = new Map<string, Array<number>>()
    const note = (name: string, value: number): void => {
      seen.set(name, [...seen.get(name) ?? [], value])
    }
    for (let i = 0; i < 9; i++) {
      yield* before()
      clear()
      let from = 0
      for (const second of [1, 3, 10, 30, 60]) {
        yield* wait(second - from)
        from = second
        note(`${what}, ${second} s`, pages("browser", PTE_ACCESSED))
        note(`${what}, written in ${second} s`, pages("browser", PTE_DIRTY))
      }
    }
    for (const [name, values] of seen) found.set(name, median(values))
  }
  const bursts = function*(
    front: ProgramName,
    actions: ReadonlyArray<ActionName>,
    seen: ReadonlyArray<readonly [ProgramName, string]>
  ) {
    for (const action of actions) {
      const counts = seen.map((): Array<number> => [])
      for (let i = 0; i < 9; i++) {
        yield* wait(4)
        clear()
        yield* desk.act(action, front, front === "browser" ? i : 0)
        yield* wait(1)
        seen.forEach(([name], at) => counts[at].push(pages(name, PTE_ACCESSED)))
      }
      seen.forEach(([, title], at) => found.set(`${title}: ${action}`, median(counts[at])))
    }
  }
  const script = function*() {
    yield* desk.start("xserver")
    found.set("X server at login: own", pages("xserver", PTE_ACCESSED))
    yield* desk.start("desktop")
    found.set("desktop at login: own", pages("desktop", PTE_ACCESSED))
    yield* desk.launch("browser")
    for (let tab = 1; tab <= 12; tab++) {
      yield* desk.open("browser")
      const name = tab === 1 ? "browser, 1 tab" : `browser, ${tab} tabs`
      found.set(`${name}: own`, pages("browser", PTE_ACCESSED))
      found.set(`${name}: shared`, pages("browser", PTE_ACCESSED, "shared"))
    }
    yield* windows("idle", function*() {
      yield* desk.act("scroll", "browser")
    })
    yield* wait(120)
    yield* windows("settled", () => wait(1))
    yield* bursts("browser", ["key", "menu", "scroll", "tabSwitch", "pageLoad"], [["browser", "browser"]])
    yield* desk.launch("office")
    yield* desk.open("office")
    found.set("office: own", machine.mm.rss[of("office").process] - of("office").shared.size)
    found.set("X server with office: own", of("xserver").own.limit)
    yield* bursts("office", ["windowSwitch"], [["xserver", "X server"], ["desktop", "desktop"]])
    yield* bursts("office", ["key", "menu", "pageDown"], [["office", "office"]])
    sim.stop()
  }
  sim.spawn(person, person.program(script))
  sim.run()
  expect(machine.corruptions).toEqual([])
  return found
}

/**
 * Rows that are not within what was measured, all of a browser that nobody uses. The one of 3 s is 1.5 % below the least
 * measured value. The others are of collections of garbage: they come by chance here, about one a minute, another part of the
 * memory each time, and are swept some time after they were marked. A minute so has none, one or two of them, where the
 * measured minutes had about one each.
 */
const OUTSIDE = ["idle, 3 s", "idle, 60 s", "settled, 60 s", "settled, written in 30 s", "settled, written in 60 s"]

it("is within what was measured, but for the rows that are named", () => {
  const found = measure()
  const outside = Object.entries(MEASURED).filter(([name, [least, most]]) => {
    const pages = found.get(name) ?? -1
    return pages < least || pages > most
  })
  expect(outside.map(([name]) => name)).toEqual(OUTSIDE)
})
