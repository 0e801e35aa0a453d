// Files of static exports that administrators replace while they are served. A new connection gets the file that has the name
// by then; those that are there keep theirs until they end. A writable file of another size, the same one, is opened anew when
// nobody uses it: two stores over one file would not see each other's writes.
import { Effect } from "effect"
import { promises } from "node:fs"
import { fileWords } from "../check/paths.ts"
import type { StaticExport } from "../config/schema.ts"
import type { Log } from "../ops/log.ts"
import type { OpenFile } from "./files.ts"
import { closeStore, type OpenStore, type StoreOpener } from "./open-store.ts"

/** What became of a file since it was opened. */
type Change = "same" | "replaced" | "resized" | { readonly gone: string }

const changeOf = ({ device, inode, path, size }: OpenFile): Effect.Effect<Change> =>
  Effect.promise(() =>
    promises.stat(path, { bigint: true }).then(
      (now): Change =>
        !now.isFile()
          ? { gone: now.isDirectory() ? "is a directory" : "is no regular file" }
          : now.dev !== device || now.ino !== inode
          ? "replaced"
          : now.size === BigInt(size)
          ? "same"
          : "resized",
      (error: unknown): Change => ({ gone: fileWords(error) })
    )
  )

/** What the status says of one whose file has another size, and is kept. */
const RESIZED = "another size"

const UNUSED_MS = 1000

export class Images {
  /** Stores over files that were replaced, for the connections that have them. */
  readonly replaced = new Set<OpenStore>()
  readonly #stores: Map<string, OpenStore>
  readonly #opener: StoreOpener
  readonly #log: Log

  constructor(stores: Map<string, OpenStore>, opener: StoreOpener, log: Log) {
    this.#stores = stores
    this.#opener = opener
    this.#log = log
  }

  /** True when something is to be done before a connection is told of this export. */
  isDue({ file, image, template }: OpenStore): Effect.Effect<boolean> {
    if (file === null || template !== null) return Effect.succeed(false)
    return Effect.map(changeOf(file), (change) => change !== "same" || image !== null)
  }

  /** Opens what has the name of the file now; one change of the open stores at a time. */
  renew(store: OpenStore): Effect.Effect<void> {
    const { file, name, rule, template } = store
    if (file === null || template !== null || this.#stores.get(name) !== store) return Effect.void
    const gone = (why: string): void => {
      if (store.image !== why) this.#log("image gone", { export: name, file: file.path, why })
      store.image = why
    }
    return Effect.gen(this, function*() {
      const change = yield* changeOf(file)
      if (typeof change === "object") return gone(change.gone)
      if (change === "same") {
        store.image = null
        return
      }
      const readOnly = "readOnly" in rule && rule.readOnly
      if (change === "resized" && !readOnly && store.connections > 0) {
        if (store.image === null) this.#log("image resized", { export: name, file: file.path })
        store.image = RESIZED
        return
      }
      const opened = yield* Effect.either(this.#opener.openStatic(name, rule as StaticExport))
      if (opened._tag === "Left") return gone(opened.left.message)
      const [was, now] = [store.served.info.size, opened.right.served.info.size]
      this.#log("image replaced", { export: name, file: file.path, was, now, connections: store.connections })
      this.#stores.set(name, opened.right)
      store.image = "replaced"
      this.replaced.add(store)
      if (store.connections === 0) this.#closeUnused(store)
    })
  }

  /** Whoever was given it a moment ago has attached by then. */
  #closeUnused(store: OpenStore): void {
    setTimeout(() => {
      if (store.connections === 0) Effect.runFork(this.close(store))
    }, UNUSED_MS).unref()
  }

  /** Why new connections do not get the export, or null. */
  static goneOf({ image }: OpenStore): string | null {
    return image === RESIZED ? null : image
  }

  /** The last connection of a store ended. True: it was one over a file that was replaced, and is closed. */
  close(store: OpenStore): Effect.Effect<boolean> {
    return this.replaced.delete(store) ? Effect.as(closeStore(store), true) : Effect.succeed(false)
  }
}
