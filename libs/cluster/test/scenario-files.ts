// Scenario files in memory, for tests of the loader.
import { type FileKind, Files } from "@swaplab/config"
import { Effect, Layer } from "effect"
import { dirname, isAbsolute, join, normalize } from "node:path/posix"

export type Entry = string | FileKind

/** Texts are files; other entries are what `look` tells, and fail the test when they are read. */
export const filesInMemory = (entries: Readonly<Record<string, Entry>>): Layer.Layer<Files> =>
  Layer.succeed(Files, {
    look: (path) => {
      const entry = entries[path]
      if (entry === undefined) return Effect.succeed({ kind: "missing" as const })
      return Effect.succeed(typeof entry === "string" ? { kind: "file" as const, bytes: entry.length } : entry)
    },
    read: (path, limit) => {
      const entry = entries[path]
      return typeof entry === "string"
        ? Effect.succeed(new TextEncoder().encode(entry).subarray(0, limit))
        : Effect.die(new Error(`${path} must not be read`))
    },
    resolve: (from, relative) =>
      relative === "" ? normalize(from) : normalize(isAbsolute(relative) ? relative : join(dirname(from), relative))
  })

/** The least that a scenario has. */
export const MINIMAL = `
name: least
kernels:
  vanilla: { allocator: slab, base: v3.5 }
clients:
  - name: client
`
