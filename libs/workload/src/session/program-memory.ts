// What one running program does to its memory: it starts, opens documents, answers actions, works by itself, collects garbage.
// Modelled: which pages each of these touches and writes; CPU time of actions.
// Not modelled: CPU time of what a program does by itself beyond its touches (a page of garbage costs what a touch costs);
//   memory that is given back before the program ends; several processes or threads of one program.
import type { KernelTask } from "@swaplab/kernel"
import { exp, Random, type Sleeps } from "@swaplab/sim"
import type { ClientPort } from "../plug-in/host.ts"
import { AddressSpace, type Death, type Heap } from "./address-space.ts"
import { tilesOf } from "./layout.ts"
import { MappedFiles } from "./mapped-files.ts"
import { heapLayout, type Part, type Placed } from "./placement.ts"
import { COLLECTED_RUNS } from "./programs.ts"
import { type Beat, type Burst, WINDOW_BEATS } from "./shape.ts"

/** CPU time passes in pieces of a slice of the scheduler, so that others get their turn. */
const SLICE_NS = 1_000_000
const GRAINS = 256

/** Lengths of runs that a collection goes through, over and over. */
const COLLECTED_TILES = tilesOf(20_000, COLLECTED_RUNS, new Random(1, "collected"))

const heapOf = ({ from, limit, size }: Part): Heap => ({ from, limit, size: 0, layout: heapLayout(size) })

/** The memory of a program that runs. */
export class ProgramMemory {
  readonly placed: Placed
  readonly documents: ReadonlyArray<Heap>
  /** Documents that are open: the first so many. */
  opened = 0
  readonly #task: KernelTask
  readonly #chance: Random
  readonly #space: AddressSpace
  readonly #files: MappedFiles
  /** The document that was opened last has not been used yet: what it needs at first it has. */
  #fresh = false
  readonly #own: Heap
  readonly #shared: Heap

  constructor(client: ClientPort, task: KernelTask, placed: Placed, chance: Random) {
    this.placed = placed
    this.#task = task
    this.#chance = chance
    this.#space = new AddressSpace(client, task)
    this.#files = new MappedFiles(client, task, placed)
    this.#own = heapOf(placed.own)
    this.#shared = heapOf(placed.shared)
    this.documents = placed.documents.map(heapOf)
  }

  /** Reads files, and writes what the program has without documents. */
  *start(): Sleeps<Death | null> {
    const { own, program: { startNs }, shared } = this.placed
    return (yield* this.#files.start()) ?? (yield* this.#space.grow(this.#own, own.size)) ??
      (yield* this.#space.grow(this.#shared, shared.size)) ?? (yield* this.#compute(startNs))
  }

  /** The end of the program, however it has come. Its own memory goes with its process. */
  end(): void {
    this.#files.end()
  }

  /** Opens the next document, if there is one. */
  *open(): Sleeps<Death | null> {
    if (this.opened === this.documents.length) return null
    const { shared, size } = this.placed.documents[this.opened]
    const heap = this.documents[this.opened++]
    this.#fresh = true
    return (yield* this.#space.grow(heap, size)) ?? (yield* this.#space.grow(this.#shared, shared))
  }

  /** Makes room for windows of another program. */
  *enlarge(own: number, shared: number): Sleeps<Death | null> {
    return (yield* this.#space.grow(this.#own, own)) ?? (yield* this.#space.grow(this.#shared, shared))
  }

  /** An action of a person on the document with that number. */
  *act(burst: Burst, document: number, cpuNs: number): Sleeps<Death | null> {
    const { collected, collects, core, drawn, files, pool, shared, spread, written } = burst
    const grows = this.#fresh ? 0 : burst.grows
    this.#fresh = false
    const factor = spread === 0 ? 1 : exp(spread * this.#chance.normal())
    const grains = Math.round(written * GRAINS)
    const heap = this.opened === 0 ? this.#own : this.documents[document]
    const own = Math.round(core * factor)
    let death = (yield* this.#files.touch(files)) ?? (yield* this.#space.touchOrder(this.#own, 0, own, grains)) ??
      (yield* this.#draw(heap, heap === this.#own ? own : 0, Math.round(drawn * factor), grains, pool)) ??
      (yield* this.#touchShared(shared, document))
    if (death === null && grows > 0) death = yield* this.#space.grow(heap, grows)
    if (death === null && collects > 0 && this.#chance.unit() < collects) {
      death = yield* this.collect(this.#before(document), collected, false)
    }
    return death ?? (yield* this.#compute(cpuNs))
  }

  /** What the program touches by itself; `seconds` counts the time, of which `step` is new. */
  *beat(beat: Beat | null, seconds: number, step: number): Sleeps<Death | null> {
    const { idle } = this.placed.program
    // the longest window that has ended in this step
    const ended = (window: number): number => Math.floor(seconds / window) - Math.floor((seconds - step) / window)
    const window = WINDOW_BEATS.findLastIndex((length) => ended(length) > 0)
    const death = (yield* this.#files.touch(idle.files[window])) ?? (yield* this.#touchShared(idle.shared[window], 0))
    if (death !== null) return death
    if (beat === null) return yield* this.#space.touchOrder(this.#own, 0, idle.own[window], GRAINS / 4)
    const { core, drawn, pool, written } = beat
    const grains = Math.round(written * GRAINS)
    return (yield* this.#space.touchOrder(this.#own, 0, core, grains)) ??
      (yield* this.#draw(this.#own, core, drawn, grains, pool))
  }

  /** Pages of all open documents. */
  get documentPages(): number {
    return this.#before(this.opened)
  }

  /** Goes through `pages` pages of the open documents, from the page `from` on and round. */
  *collect(from: number, pages: number, write: boolean): Sleeps<Death | null> {
    let left = Math.min(pages, this.documentPages)
    let document = 0
    let at = from % Math.max(1, this.documentPages)
    while (document < this.opened && at >= this.documents[document].size) at -= this.documents[document++].size
    while (left > 0) {
      const heap = this.documents[document % this.opened]
      const until = Math.min(heap.size, at + left)
      const death = yield* this.#space.sweep(heap, at, until, COLLECTED_TILES, write)
      if (death !== null) return death
      left -= until - at
      at = 0
      document++
    }
    return null
  }

  /** Pages of the documents before one. */
  #before(document: number): number {
    let pages = 0
    for (let i = 0; i < document && i < this.opened; i++) pages += this.documents[i].size
    return pages
  }

  /** Touches so many pages of a heap, another stretch of the order each time: of `pool` pages from `from` on. */
  *#draw(heap: Heap, from: number, pages: number, grains: number, pool?: number): Sleeps<Death | null> {
    if (pages === 0) return null
    const room = Math.min(pool ?? heap.layout.pages, heap.layout.pages - from)
    if (room <= pages) return yield* this.#space.touchOrder(heap, from, from + room, grains)
    const at = this.#chance.below(room)
    const end = Math.min(room, at + pages)
    return (yield* this.#space.touchOrder(heap, from + at, from + end, grains)) ??
      (yield* this.#space.touchOrder(heap, from, from + pages - (end - at), grains))
  }

  /** Writes pages of shared memory, those of a document in one piece. */
  *#touchShared(pages: number, document: number): Sleeps<Death | null> {
    const { size } = this.#shared
    if (pages === 0 || size === 0) return null
    const from = this.opened < 2 ? 0 : Math.floor(document * size / this.opened)
    const end = Math.min(size, from + pages)
    return yield* this.#space.touchAll(this.#shared, Math.max(0, end - pages), end, true)
  }

  /** Uses the CPU. */
  *#compute(ns: number): Sleeps<Death | null> {
    const task = this.#task
    for (let left = ns; left > 0; left -= SLICE_NS) {
      task.user(Math.min(left, SLICE_NS))
      yield* task.settle()
      if (task.killed) return "killed"
    }
    return null
  }
}
