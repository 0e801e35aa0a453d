// What one running program does to its memory: it starts, opens documents, answers actions, works by itself, collects garbage.
// Modelled: which pages each of these touches and writes; CPU time of actions.
// Not modelled: CPU time of what a program does by itself beyond its touches (a page of garbage costs what a touch costs);
//   memory that is given back before the program ends; several processes or threads of one program.
import type { KernelTask } from "@swaplab/kernel"
import { exp, type Nanoseconds, Random, type Sleeps } from "@swaplab/sim"
import type { ClientPort } from "../plug-in/host.ts"
import { AddressSpace, type Death, type Heap, heapOf } from "./address-space.ts"
import { tilesOf } from "./layout.ts"
import { MappedFiles } from "./mapped-files.ts"
import { heapLayout, type Part, type Placed } from "./placement.ts"
import { COLLECTED_RUNS } from "./programs.ts"
import { type Beat, type Burst, type Grows, WINDOW_BEATS } from "./shape.ts"

/** CPU time passes in pieces of a slice of the scheduler, so that others get their turn. */
const SLICE_NS = 1_000_000
const GRAINS = 256

/** Lengths of runs that a collection goes through, over and over. */
const COLLECTED_TILES = tilesOf(20_000, COLLECTED_RUNS, new Random(1, "collected"))

const heapAt = ({ from, limit, size }: Part): Heap => heapOf(from, limit, heapLayout(size))

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
  /** The document in front. */
  #shown = 0
  /** Documents that were in front: the program has not yet done what it does with these. */
  readonly hidden: Array<number> = []
  /** Documents that an action has marked: they are still to be swept. */
  readonly marked: Array<number> = []
  /** When the last document came, and when anything was last done. */
  loadedAt: Nanoseconds = 0
  usedAt: Nanoseconds = 0
  /** Pages that it touches by itself for windows of other programs. */
  readonly #idle: Array<number> = [0, 0, 0, 0, 0]
  readonly #own: Heap
  readonly #shared: Heap

  constructor(client: ClientPort, task: KernelTask, placed: Placed, chance: Random) {
    this.placed = placed
    this.#task = task
    this.#chance = chance
    this.#space = new AddressSpace(client, task)
    this.#files = new MappedFiles(client, task, placed)
    this.#own = heapAt(placed.own)
    this.#shared = heapAt(placed.shared)
    this.documents = placed.documents.map(heapAt)
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
    this.usedAt = this.#task.sim.now
    this.loadedAt = this.usedAt
    return (yield* this.#space.grow(heap, size)) ?? (yield* this.#space.grow(this.#shared, shared))
  }

  /** Makes room for windows of another program, and has more to do by itself from now on. */
  *enlarge({ idle, own, shared }: Grows): Sleeps<Death | null> {
    for (let window = 0; window < idle.length; window++) this.#idle[window] += idle[window]
    return (yield* this.#space.grow(this.#own, own)) ?? (yield* this.#space.grow(this.#shared, shared))
  }

  /** An action of a person on the document with that number. */
  *act(burst: Burst, document: number, cpuNs: number): Sleeps<Death | null> {
    const { collected, collects, core, drawn, files, loads, pool, shared, spread, tiles, written } = burst
    this.usedAt = this.#task.sim.now
    if (loads) this.loadedAt = this.usedAt
    if (document !== this.#shown) {
      this.hidden.push(this.#shown)
      this.#shown = document
    }
    const grows = this.#fresh ? 0 : burst.grows
    this.#fresh = false
    const factor = spread === 0 ? 1 : exp(spread * this.#chance.normal())
    const grains = Math.round(written * GRAINS)
    const heap = this.opened === 0 ? this.#own : this.documents[document]
    const own = Math.round(core * factor)
    let death = (yield* this.#files.touch(files)) ?? (yield* this.#space.touchOrder(this.#own, 0, own, grains)) ??
      (yield* this.#draw(heap, heap === this.#own ? own : 0, Math.round(drawn * factor), grains, pool)) ??
      (yield* this.#touchShared(shared, document))
    if (death === null && grows > 0) {
      death = (yield* this.#space.grow(heap, grows)) ?? (yield* this.#space.grow(this.#shared, tiles))
    }
    if (death === null && collects > 0 && this.#chance.unit() < collects) {
      death = yield* this.#mark(document + 1, collected)
    }
    return death ?? (yield* this.#compute(cpuNs))
  }

  /** What the program touches by itself; `seconds` counts the time, of which `step` is new. `front`: it has the keyboard. */
  *beat(beat: Beat | null, seconds: number, step: number, front: boolean): Sleeps<Death | null> {
    const { idle } = this.placed.program
    // the longest window that has ended in this step
    const ended = (window: number): number => Math.floor(seconds / window) - Math.floor((seconds - step) / window)
    const window = WINDOW_BEATS.findLastIndex((length) => ended(length) > 0)
    const death = (yield* this.#files.touch(idle.files[window])) ?? (yield* this.#touchShared(idle.shared[window], 0))
    if (death !== null) return death
    if (beat === null) {
      const own = idle.own[window] + this.#idle[window]
      return (yield* this.#space.touchOrder(this.#own, 0, own, GRAINS / 4)) ??
        (front ? yield* this.#space.touchOrder(this.#own, 0, idle.front[window], GRAINS) : null)
    }
    const { core, drawn, pool, written } = beat
    const grains = Math.round(written * GRAINS)
    return (yield* this.#space.touchOrder(this.#own, 0, core, grains)) ??
      (yield* this.#draw(this.#own, core, drawn, grains, pool))
  }

  /** Windows of another program are gone: there is less to do. The memory stays. */
  windowsGone({ idle }: Grows): void {
    for (let window = 0; window < idle.length; window++) this.#idle[window] -= idle[window]
  }

  /**
   * Collects the garbage of a share of what a document had at first: reads its pages (marking), or writes them (sweeping). What
   * it grew by are pictures and texts.
   */
  *collect(document: number, share: number, write: boolean): Sleeps<Death | null> {
    const heap = this.documents[document]
    return yield* this.#space.sweep(heap, 0, Math.round(share * heap.layout.pages), COLLECTED_TILES, write)
  }

  /** Reads so many pages of the open documents, from a document on and round. */
  *#mark(from: number, pages: number): Sleeps<Death | null> {
    let left = Math.min(pages, this.#before(this.opened))
    for (let i = from; left > 0; i++) {
      const document = i % this.opened
      const heap = this.documents[document]
      this.marked.push(document)
      const until = Math.min(heap.size, left)
      const death = yield* this.#space.sweep(heap, 0, until, COLLECTED_TILES, false)
      if (death !== null) return death
      left -= until
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
