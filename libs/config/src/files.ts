// Reading a file through a port, so that configurations can come from any kind of storage, and telling what is in the way.
import { Context, Effect } from "effect"
import { ConfigError, mistake } from "./problem.ts"
import type { MappingNode } from "./tree.ts"
import { type Expected, parseYaml } from "./yaml.ts"

/** What lies under a path. */
export type FileKind =
  | { readonly kind: "file"; readonly bytes: number }
  /** A pipe, a terminal, another character device: can be read, and only once. */
  | { readonly kind: "stream" }
  | { readonly kind: "directory" | "other" | "missing" }
  | { readonly kind: "unreadable"; readonly reason: string }

/** The files that configurations are read from. */
export class Files extends Context.Tag("@swaplab/config/Files")<Files, {
  /** Never fails: what is not there is missing. */
  readonly look: (path: string) => Effect.Effect<FileKind>
  /** The first `limit` bytes of a file, or all of it; fails with the reason. */
  readonly read: (path: string, limit: number) => Effect.Effect<Uint8Array, string>
  /**
   * Path of `relative` as seen from the file `from`, in a form that is equal for equal files. An absolute path stays as it
   * is. An empty one means `from` itself.
   */
  readonly resolve: (from: string, relative: string) => string
}>() {}

/** What stands in the way of reading `path`, in words after its name; null if nothing does. */
export const obstacle = (found: FileKind, { what }: Expected, maxBytes: number): string | null => {
  switch (found.kind) {
    case "missing":
      return `no such file, expected ${what}`
    case "directory":
      return `is a directory, expected ${what} file`
    case "other":
      return `is neither a file nor a pipe, expected ${what}`
    case "unreadable":
      return `cannot be read: ${found.reason}`
    case "stream":
      return null
    case "file":
      return found.bytes > maxBytes
        ? `has ${found.bytes} bytes, expected ${what} of at most ${maxBytes} (${maxBytes / 2 ** 20} MiB)`
        : null
  }
}

const textOf = (path: string, bytes: Uint8Array): Effect.Effect<string, ConfigError> =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    catch: () => mistake(path, "is not text in UTF-8")
  })

/** The text of a file or pipe of at most `maxBytes`. */
const readText = (
  path: string,
  expected: Expected,
  maxBytes: number
): Effect.Effect<string, ConfigError, Files> =>
  Effect.gen(function*() {
    const files = yield* Files
    const inTheWay = obstacle(yield* files.look(path), expected, maxBytes)
    if (inTheWay !== null) return yield* mistake(path, inTheWay)
    const bytes = yield* files.read(path, maxBytes + 1).pipe(
      Effect.mapError((reason) => mistake(path, `cannot be read: ${reason}`))
    )
    if (bytes.length > maxBytes) {
      const limit = `${maxBytes} (${maxBytes / 2 ** 20} MiB)`
      return yield* mistake(path, `has more bytes than ${limit}, expected ${expected.what} of at most that`)
    }
    return yield* textOf(path, bytes)
  })

/** Reads a YAML file that holds a mapping. */
export const readYaml = (
  path: string,
  expected: Expected,
  maxBytes: number
): Effect.Effect<MappingNode, ConfigError, Files> =>
  Effect.flatMap(readText(path, expected, maxBytes), (text) => parseYaml(path, text, expected))
