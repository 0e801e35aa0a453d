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
const TIMES = 15
const ACTIONS = 36
/**
 * How fast actions followed each other is not known. Pages that are touched, pages that are written, and all pages of a minute
 * were counted in runs of their own, and in the latter two the programs were slow: a page was protected until it was written
 * first, or paged out until it was touched first. So each kind has its own pace. These are free parameters of the script,
 * chosen by how the rows of an activity grow from one window to the next; the model knows nothing of them.
 */
const WORD = 7
/** After so many seconds a browser has collected its garbage. */
const SETTLED = 300
const PACE = {
  touched: { keyNs: 0.15 * S, wordNs: 1.25 * S, tabNs: 1.5 * S, pageNs: 3.2 * S },
  written: { keyNs: 0.38 * S, tabNs: 5.5 * S, pageNs: 5.5 * S },
  minute: { keyNs: 0.55 * S }
}

/**
 * @typedef {{
 *   kind: string, what: string, program: string, window: string, unit: string, median: number, least: number, most: number
 * }} Row
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

/**
 * Runs the script; gives what was counted by the name of its row, each as often as it was counted.
 * @param {number} seed
 */
const countedRows = async (seed) => {
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
  const cluster = buildCluster(scenario, "series", seed)
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
    for (let i = from; i < to; i++) if ((tables.entries.at(i) & bits) === bits) pages++
    return pages
  }
  const clear = () => {
    for (let i = 0; i < tables.entries.length; i++) {
      const entry = tables.entries.at(i)
      if ((entry & PTE_PRESENT) !== 0) tables.replace(i, entry & ~(PTE_ACCESSED | PTE_DIRTY))
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
  /**
   * Clears all marks, and counts after each window the pages that are touched, or those that are written, while `body` goes on
   * for a minute. `minute` is a program whose touched pages of the minute are a row of their own.
   */
  function* windows(
    /** @type {"touched" | "written"} */ kind,
    /** @type {string} */ what,
    /** @type {() => Iterable<unknown>} */ body,
    /** @type {ReadonlyArray<string>} */ programs = SIZE.programs,
    /** @type {{ row: string, program: string } | null} */ minute = null
  ) {
    clear()
    const bit = kind === "touched" ? PTE_ACCESSED : PTE_DIRTY
    const end = sim.now + 60 * S
    for (const window of WINDOWS) {
      after(window * S, () => {
        for (const name of programs) {
          const { from, shared } = rangeOf(name)
          note(`${kind} ${what} ${name} ${window}`, count(from, shared, PTE_PRESENT | bit))
        }
      })
    }
    if (minute !== null) {
      after(60 * S, () => {
        const { from, shared } = rangeOf(minute.program)
        note(`burst ${minute.row} ${minute.program} 1`, count(from, shared, PTE_PRESENT | PTE_ACCESSED))
      })
    }
    while (sim.now < end - 0.1 * S) yield* body()
    if (sim.now <= end) yield* person.hold(end - sim.now + 1)
    // the next window begins at another moment of what programs do by themselves
    yield* wait(7)
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
        for (let at = from; at < shared; at++) if ((tables.entries.at(at) & PTE_ACCESSED) !== 0) pages.add(at)
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
  /** Another tab in front, and nothing until all garbage is collected. */
  function* settle() {
    yield* switchTab()
    yield* wait(SETTLED)
  }
  let pages = 0
  /** A menu, a page, and two looks at more of it; every third page is opened in another tab. */
  const browse = (/** @type {number} */ pageNs) =>
    function*() {
      yield* inBrowser("menu", tab)
      yield* person.hold(pageNs)
      if (++pages % 3 === 0) tab = (tab + 1) % SIZE.tabs
      yield* inBrowser("pageLoad", tab)
      for (let i = 0; i < 2; i++) {
        yield* wait(1.5)
        yield* inBrowser("scroll", tab)
      }
    }
  const switches = (/** @type {number} */ ns) =>
    function*() {
      yield* switchTab()
      yield* person.hold(ns)
    }
  const keys = (/** @type {number} */ ns) =>
    function*() {
      yield* desk.act("key", "office", 0)
      yield* person.hold(ns)
    }

  function* words() {
    for (let i = 0; i < WORD; i++) yield* keys(PACE.touched.keyNs)()
    yield* person.hold(PACE.touched.wordNs)
  }
  /** Closes a program, and starts it with its first document. */
  function* anew(/** @type {string} */ name) {
    yield* desk.close(name)
    yield* desk.launch(name)
    yield* desk.open(name)
    yield* wait(10)
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
      yield* settle()
      yield* windows("touched", "browsing", browse(PACE.touched.pageNs), SIZE.programs, {
        row: "activemin",
        program: "browser"
      })
      yield* settle()
      yield* inBrowser("pageLoad", tab)
      yield* windows("touched", "idle", nothing, SIZE.programs, { row: "idlemin", program: "browser" })
      yield* windows("touched", "tabswitch", switches(PACE.touched.tabNs))
      yield* settle()
      yield* windows("written", "browsing", browse(PACE.written.pageNs))
      yield* settle()
      yield* inBrowser("pageLoad", tab)
      yield* windows("written", "idle", nothing, ["browser"])
      yield* settle()
      yield* windows("written", "tabswitch", switches(PACE.written.tabNs))
      yield* windows("written", "scroll_only", function*() {
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
    // a page of which a load does not touch everything
    tab = 1
    yield* bursts("page_load_sametab", ["browser"], () => inBrowser("pageLoad", tab))
    // the browser has settled before the word processor is started
    yield* wait(SETTLED)
    yield* desk.launch("office")
    yield* desk.open("office")
    yield* wait(10)
    footprint("office")
    // pages that are touched, pages that are written, and pages of a minute were counted in sessions of their own
    for (let i = 0; i < TIMES; i++) {
      yield* windows("touched", "typing", words)
      if (i === 0) footprint("office_typed")
      yield* anew("office")
      yield* windows("written", "typing", keys(PACE.written.keyNs), ["office"])
      yield* windows("written", "idle", nothing, ["office"])
      yield* anew("office")
      yield* windows("touched", "typingmin", keys(PACE.minute.keyNs), [], { row: "typingmin", program: "office" })
      yield* anew("office")
    }
    yield* bursts("key_press", ["office"], () => desk.act("key", "office", 0))
    yield* bursts("menu_open", ["office"], () => desk.act("menu", "office", 0))
    yield* bursts("page_down", ["office"], () => desk.act("pageDown", "office", 0))
    yield* bursts("window_switch", ["desktop", "xserver"], () => desk.act("windowSwitch", "office", 0))
    // the browser in front, and nobody does anything for a while
    yield* inBrowser("scroll", tab)
    yield* wait(SETTLED)
    for (let i = 0; i < 2 * TIMES; i++) {
      yield* windows("touched", "idle_all", nothing)
      yield* windows("written", "idle_settled", nothing)
    }
  }
  sim.spawn(person, person.program(script))
  sim.run(24 * 3600 * S)
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
export const compared = async (seed = 1) => {
  const counted = await countedRows(seed)
  return measuredRows().map((row) => {
    const values = counted.get(keyOf(row))
    const model = values === undefined ? null : median(values)
    // ranges have two decimals
    const digits = model === null ? null : Math.round(model * 100) / 100
    return { ...row, model, inside: digits !== null && digits >= row.least && digits <= row.most }
  })
}
