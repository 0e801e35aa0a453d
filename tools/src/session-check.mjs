// @ts-check
// Runs one person at a client with plenty of memory through the script of the measurement, and counts pages as it was done
// there: which pages of a program are marked accessed, or dirty, so long after all marks were cleared.
import { readFileSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"
import { root } from "./workspace.mjs"

const S = 1e9
const MIB_PAGES = 256
/** Windows in seconds, and how often each activity and each action is measured. */
const WINDOWS = [1, 3, 10, 30, 60]
const TIMES = 3
const ACTIONS = 12
/** Forty words a minute. */
const KEY_NS = 0.3 * S

/**
 * @typedef {{ kind: string, what: string, program: string, window: string, unit: string, median: number, least: number, most: number }} Row
 */

/** The measured rows. @type {() => ReadonlyArray<Row>} */
export const measuredRows = () => {
  const [, ...lines] = readFileSync(fileURLToPath(new URL("session-measured.csv", import.meta.url)), "utf8").trim()
    .split("\n")
  return lines.map((line) => {
    const [kind, what, program, window, unit, median, least, most] = line.split(",")
    return { kind, what, program, window, unit, median: Number(median), least: Number(least), most: Number(most) }
  })
}

/** Name of a row. @type {(row: Pick<Row, "kind" | "what" | "program" | "window">) => string} */
export const keyOf = ({ kind, program, what, window }) => [kind, what, program, window].join(" ")

/** @type {(values: ReadonlyArray<number>) => number} */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]

/** Runs the script; gives what was counted by the name of its row, each as often as it was counted. */
const countedRows = async () => {
  const lib = (/** @type {string} */ path) => import(pathToFileURL(`${root}/libs/${path}`).href)
  const { buildCluster, decodeScenario } = await lib("cluster/dist/index.js")
  const { Desk } = await lib("workload/dist/session/desk.js")
  const { place } = await lib("workload/dist/session/placement.js")
  const { PTE_ACCESSED, PTE_DIRTY, PTE_PRESENT } = await lib("kernel/dist/index.js")
  const { Either } = await import("effect")
  const SIZE = {
    programs: ["xserver", "desktop", "browser", "office"],
    era: "measured",
    tabs: 12,
    tabScale: 1,
    documentPages: 16
  }
  const { scenario } = Either.getOrThrow(decodeScenario("session-check", {
    name: "session-check",
    kernels: { series: { allocator: "slub", base: "v3.6" } },
    clients: [{
      ram: "4 GiB",
      swap: "64 MiB",
      workload: { session: { era: "measured", mix: { idle: 10, browse: 50, office: 30, video: 0, terminal: 0 } } }
    }]
  }))
  const cluster = buildCluster(scenario, "series", 1)
  const [{ loads: [load], machine }] = cluster.clients
  const { sim } = cluster
  const { mm: { tables } } = machine
  const placed = place(SIZE, "all")
  const desk = new Desk(load, placed)
  const { person } = desk
  /** @type {Map<string, Array<number>>} */
  const counted = new Map()
  const note = (/** @type {string} */ key, /** @type {number} */ value) =>
    counted.set(key, [...(counted.get(key) ?? []), value])

  /** First and last page of a program in the page tables, and where its shared memory begins. */
  const rangeOf = (/** @type {string} */ name) => {
    const program = placed.find((/** @type {{ name: string }} */ each) => each.name === name)
    const base = tables.base(load.load.firstProcess + program.process)
    return { from: base, shared: base + program.shared.from, to: base + program.pages }
  }
  /** @type {(from: number, to: number, bits: number) => number} */
  const count = (from, to, bits) => {
    let pages = 0
    for (let i = from; i < to; i++) if ((tables.entries[i] & bits) === bits) pages++
    return pages
  }
  const clear = () => {
    for (let i = 0; i < tables.entries.length; i++) {
      if ((tables.entries[i] & PTE_PRESENT) !== 0) tables.entries[i] &= ~(PTE_ACCESSED | PTE_DIRTY)
    }
  }
  const footprint = (/** @type {string} */ step) => {
    for (const name of SIZE.programs) {
      const { from, shared, to } = rangeOf(name)
      note(`footprint ${step} ${name} anon`, count(from, shared, PTE_PRESENT) / MIB_PAGES)
      note(`footprint ${step} ${name} shared`, count(shared, to, PTE_PRESENT) / MIB_PAGES)
    }
  }
  const sample = sim.queue.register((/** @type {number} */ at) => samples[at]())
  /** @type {Array<() => void>} */
  const samples = []
  const after = (/** @type {number} */ ns, /** @type {() => void} */ look) => {
    sim.queue.at(sim.now + ns, sample, samples.push(look) - 1)
  }
  /** Clears all marks, and counts them after each window, while `body` goes on for a minute. */
  function* windows(/** @type {string} */ what, /** @type {() => Iterable<unknown>} */ body) {
    clear()
    const end = sim.now + 60 * S
    for (const window of WINDOWS) {
      after(window * S, () => {
        for (const name of SIZE.programs) {
          const { from, shared } = rangeOf(name)
          note(`touched ${what} ${name} ${window}`, count(from, shared, PTE_PRESENT | PTE_ACCESSED))
          note(`written ${what} ${name} ${window}`, count(from, shared, PTE_PRESENT | PTE_DIRTY))
        }
      })
    }
    after(60 * S, () => {
      const minute = { browsing: "activemin", idle: "idlemin", typing: "typingmin" }[what]
      const name = what === "typing" ? "office" : "browser"
      const { from, shared } = rangeOf(name)
      if (minute !== undefined) note(`burst ${minute} ${name} 1`, count(from, shared, PTE_PRESENT | PTE_ACCESSED))
    })
    while (sim.now < end - 0.1 * S) yield* body()
    if (sim.now <= end) yield* person.hold(end - sim.now + 1)
  }
  /** Actions one by one: pages within a second of each, and what the next one touches again. */
  function* bursts(
    /** @type {string} */ what,
    /** @type {ReadonlyArray<string>} */ names,
    /** @type {() => Iterable<unknown>} */ body
  ) {
    /** @type {Map<string, Set<number>>} */
    const before = new Map()
    for (let i = 0; i < ACTIONS; i++) {
      clear()
      yield* body()
      yield* person.hold(1 * S)
      for (const name of names) {
        const { from, shared } = rangeOf(name)
        const pages = new Set()
        for (let at = from; at < shared; at++) if ((tables.entries[at] & PTE_ACCESSED) !== 0) pages.add(at)
        const last = before.get(name)
        if (last !== undefined && last.size > 0) {
          note(`reuse ${what} ${name} 1`, [...last].filter((page) => pages.has(page)).length / last.size)
        }
        before.set(name, pages)
        note(`burst ${what} ${name} 1`, pages.size)
      }
      yield* person.hold(3 * S)
    }
  }
  const wait = (/** @type {number} */ seconds) => person.hold(seconds * S)
  const inBrowser = (/** @type {string} */ action, /** @type {number} */ tab) => desk.act(action, "browser", tab)
  const nothing = function*() {
    yield* wait(1)
  }
  let tab = 0
  function* switchTab() {
    tab = (tab + 5) % SIZE.tabs
    yield* inBrowser("tabSwitch", tab)
  }
  function* newTab() {
    yield* desk.open("browser")
    yield* inBrowser("pageLoad", tab)
    yield* wait(5)
  }
  /** A page, read in stretches, then the next one: ten seconds each. */
  function* browse() {
    for (let i = 0; i < 4; i++) {
      yield* inBrowser("scroll", tab)
      yield* wait(2)
    }
    yield* inBrowser("pageLoad", tab)
  }
  function* key(/** @type {string} */ front) {
    yield* desk.act("key", front, 0)
    yield* person.hold(KEY_NS)
  }

  function* script() {
    yield* desk.start("xserver")
    yield* desk.start("desktop")
    yield* wait(5)
    footprint("login")
    yield* desk.launch("browser")
    yield* newTab()
    footprint("browser1")
    for (tab = 1; tab < 4; tab++) yield* newTab()
    footprint("browser4")
    for (; tab < SIZE.tabs; tab++) yield* newTab()
    tab = SIZE.tabs - 1
    footprint("browser12")
    for (let i = 0; i < TIMES; i++) {
      yield* windows("browsing", browse)
      yield* windows("idle", nothing)
      yield* windows("tabswitch", function*() {
        // 68,707 pages in 10 s at 12,512 a switch, of which the next one touches most again: a switch in 1.5 s
        yield* switchTab()
        yield* wait(1.5)
      })
      yield* windows("scroll_only", function*() {
        yield* inBrowser("scroll", tab)
        yield* wait(1)
      })
    }
    yield* wait(20)
    yield* bursts("none_1s", ["browser"], function*() {})
    yield* bursts("key_press", ["browser"], () => inBrowser("key", tab))
    yield* bursts("menu_open", ["browser"], () => inBrowser("menu", tab))
    yield* bursts("scroll", ["browser"], () => inBrowser("scroll", tab))
    yield* bursts("tab_switch", ["browser"], switchTab)
    yield* bursts("page_load_sametab", ["browser"], () => inBrowser("pageLoad", tab))
    // nobody uses the browser for five minutes before the word processor is started
    yield* wait(300)
    yield* desk.launch("office")
    yield* desk.open("office")
    yield* wait(10)
    footprint("office")
    yield* windows("typing", () => key("office"))
    yield* wait(12)
    footprint("office_typed")
    yield* bursts("key_press", ["office"], () => desk.act("key", "office", 0))
    yield* bursts("menu_open", ["office"], () => desk.act("menu", "office", 0))
    yield* bursts("page_down", ["office"], () => desk.act("pageDown", "office", 0))
    yield* bursts("window_switch", ["desktop", "xserver"], () => desk.act("windowSwitch", "office", 0))
    yield* wait(120)
    for (let i = 0; i < TIMES; i++) {
      yield* windows("idle_all", nothing)
      for (const window of WINDOWS) {
        const values = counted.get(`written idle_all browser ${window}`) ?? []
        note(`written idle_settled browser ${window}`, values[values.length - 1])
        const office = counted.get(`written idle_all office ${window}`) ?? []
        note(`written idle office ${window}`, office[office.length - 1])
      }
    }
  }
  sim.spawn(person, person.program(script))
  sim.run(2 * 3600 * S)
  if (machine.corruptions.length > 0) throw new Error(machine.corruptions[0].message)
  return counted
}

/**
 * How many rows lie inside their ranges, in words.
 * @type {(rows: ReadonlyArray<{ inside: boolean }>) => string}
 */
export const share = (rows) => {
  const inside = rows.filter((row) => row.inside).length
  return `${inside} of ${rows.length} inside (${Math.round(inside / rows.length * 100)} %)`
}

/** Measured rows beside the medians of the model. */
export const compared = async () => {
  const counted = await countedRows()
  return measuredRows().map((row) => {
    const values = counted.get(keyOf(row))
    const model = values === undefined ? null : median(values)
    // ranges have two decimals
    const digits = model === null ? null : Math.round(model * 100) / 100
    return { ...row, model, inside: digits !== null && digits >= row.least && digits <= row.most }
  })
}
