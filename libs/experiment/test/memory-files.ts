// A file system in memory, as much of it as results need.
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect, Layer } from "effect"

const fault = (method: string, description: string) =>
  new SystemError({ reason: "Unknown", module: "FileSystem", method, description })

/** Files by path; writing a path that contains `broken` fails. */
export const memoryFiles = (broken: string | null = null) => {
  const files = new Map<string, Uint8Array>()
  const write = (path: string, data: Uint8Array) =>
    broken !== null && path.includes(broken)
      ? Effect.fail(fault("writeFile", "no space left"))
      : Effect.sync(() => void files.set(path, data))
  const fileSystem = FileSystem.layerNoop({
    makeDirectory: () => Effect.void,
    exists: (path) =>
      Effect.sync(() => files.has(path) || [...files.keys()].some((name) => name.startsWith(`${path}/`))),
    readDirectory: (path) =>
      Effect.sync(() =>
        [...files.keys()].filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1))
      ),
    readFile: (path) => Effect.sync(() => files.get(path) ?? new Uint8Array(0)),
    readFileString: (path) => Effect.sync(() => new TextDecoder().decode(files.get(path))),
    writeFile: write,
    writeFileString: (path, text) => write(path, new TextEncoder().encode(text)),
    rename: (from, to) =>
      Effect.sync(() => {
        const data = files.get(from)
        if (data !== undefined) files.set(to, data)
        files.delete(from)
      }),
    remove: (path, options) =>
      Effect.sync(() => {
        files.delete(path)
        if (options?.recursive !== true) return
        for (const name of files.keys()) if (name.startsWith(`${path}/`)) files.delete(name)
      })
  })
  return { files, layer: Layer.merge(fileSystem, Path.layer) }
}
