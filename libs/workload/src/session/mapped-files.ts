// The mapped files of one program: a part of the root image, of which what is most popular is touched most.
// Modelled: a cold start touches everything that the program maps, in a scattered order, and reads some files; an action
//   touches the most popular pages; the end unmaps all. The files of a program are one file, as one binary is 89 % of a
//   browser's.
// Not modelled: the locality of single files, which was not measured.
import { FAULT_DONE, FAULT_SIGBUS, type KernelTask, type RootFiles, STRETCH_SHIFT } from "@swaplab/kernel"
import { needResched } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { ClientPort } from "../plug-in/host.ts"
import type { Death } from "./address-space.ts"
import type { Placed } from "./placement.ts"

/** Files that a program maps, on a client that has a root image; elsewhere they cost nothing. */
export class MappedFiles {
  readonly #root: RootFiles | null
  readonly #touchNs: number
  /** Of each run of the layout: what the losses of its stretch were, plus 1, when all its pages were last found in use. */
  readonly #seen: Uint32Array
  readonly #task: KernelTask
  readonly #placed: Placed

  constructor(client: ClientPort, task: KernelTask, placed: Placed) {
    this.#root = client.root
    this.#touchNs = client.costs.touchNs
    this.#seen = new Uint32Array(client.root === null ? 0 : placed.files.layout.starts.length)
    this.#task = task
    this.#placed = placed
  }

  /** A start of the program: maps its text, reads files, touches all that it maps. */
  *start(): Sleeps<Death | null> {
    const root = this.#root
    if (root === null) return null
    const { files: { from }, program: { files: { image, mapped, read, text } } } = this.#placed
    root.addFile(from, from + image)
    root.mapExecutable(from, from + Math.round(mapped * text))
    if (read > 0 && !(yield* root.read(this.#task, from + mapped, from + mapped + read))) return "sigbus"
    return yield* this.touch(mapped)
  }

  /** The end of the program: its pages stay in the page cache. */
  end(): void {
    const { files: { from }, program: { files: { mapped } } } = this.#placed
    this.#root?.unmap(this.#task, from, from + mapped)
  }

  /** Touches so many pages, the most popular ones. */
  *touch(pages: number): Sleeps<Death | null> {
    const root = this.#root
    if (root === null) return null
    const task = this.#task
    const { from, layout: { before, ends, starts } } = this.#placed.files
    const { losses } = root
    const seen = this.#seen
    for (let run = 0; run < starts.length && before[run] < pages; run++) {
      const start = from + starts[run]
      const end = from + ends[run]
      const stretch = start >>> STRETCH_SHIFT
      if (seen[run] === losses[stretch] + 1) task.user((end - start) * this.#touchNs)
      else {
        let faults = 0
        for (let page = start; page < end; page++) {
          if (root.tryTouch(task, page)) continue
          faults++
          const fault = yield* root.fault(task, page)
          if (fault === FAULT_SIGBUS) return "sigbus"
          if (fault !== FAULT_DONE || task.killed) return "killed"
        }
        if (faults === 0 && (end - 1) >>> STRETCH_SHIFT === stretch) seen[run] = losses[stretch] + 1
      }
      if (needResched(task)) yield* task.condResched()
    }
    return task.killed ? "killed" : null
  }
}
