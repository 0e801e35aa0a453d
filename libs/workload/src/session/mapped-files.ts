// The mapped files of one program: a part of the root image, of which what is most popular is touched most.
// Modelled: a cold start touches everything that the program maps, in a scattered order, and reads some files; an action
//   touches the most popular pages; the end unmaps all. The files of a program are one file, as one binary is 89 % of a
//   browser's.
// Not modelled: the locality of single files, which was not measured.
import { FAULT_DONE, FAULT_SIGBUS, type KernelTask, type RootFiles } from "@swaplab/kernel"
import { needResched } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { ClientPort } from "../plug-in/host.ts"
import type { Death } from "./address-space.ts"
import type { Placed } from "./placement.ts"

/** Files that a program maps, on a client that has a root image; elsewhere they cost nothing. */
export class MappedFiles {
  readonly #root: RootFiles | null
  readonly #task: KernelTask
  readonly #placed: Placed

  constructor(client: ClientPort, task: KernelTask, placed: Placed) {
    this.#root = client.root
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
    for (let run = 0; run < starts.length && before[run] < pages; run++) {
      for (let page = from + starts[run]; page < from + ends[run]; page++) {
        if (root.tryTouch(task, page)) continue
        const fault = yield* root.fault(task, page)
        if (fault === FAULT_SIGBUS) return "sigbus"
        if (fault !== FAULT_DONE || task.killed) return "killed"
      }
      if (needResched(task)) yield* task.condResched()
    }
    return task.killed ? "killed" : null
  }
}
