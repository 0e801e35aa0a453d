// The files of a system, through what node:fs/promises and node:path offer. They are handed in, so that this module runs
// in a browser, too.
import { Effect, Layer } from "effect"
import { type FileKind, Files } from "./files.ts"

interface Stats {
  readonly size: number
  isFile(): boolean
  isDirectory(): boolean
  isFIFO(): boolean
  isCharacterDevice(): boolean
}

interface Handle {
  read(buffer: Uint8Array, offset: number, length: number, position: null): Promise<{ readonly bytesRead: number }>
  close(): Promise<void>
}

/** What of node:fs/promises is used. */
export interface FileCalls {
  stat(path: string): Promise<Stats>
  open(path: string, flags: "r"): Promise<Handle>
}

/** What of node:path is used. */
export interface PathCalls {
  dirname(path: string): string
  isAbsolute(path: string): boolean
  join(...parts: Array<string>): string
  normalize(path: string): string
}

/** Words for errors of the system; of others the system's own message is told. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EIO: "input or output error",
  EISDIR: "it is a directory",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "no such file",
  ENOTDIR: "a part of the path is no directory",
  ENXIO: "nobody answers there",
  EPERM: "not permitted"
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""

/** What is wrong with a file, in a few words. */
const reasonOf = (error: unknown): string =>
  REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error))

const kindOf = (stats: Stats): FileKind =>
  stats.isFile()
    ? { kind: "file", bytes: stats.size }
    : { kind: stats.isDirectory() ? "directory" : stats.isFIFO() || stats.isCharacterDevice() ? "stream" : "other" }

/** Reads in pieces: a pipe does not tell its length. */
const PIECE = 64 * 1024

const readAtMost = async ({ open }: FileCalls, path: string, limit: number): Promise<Uint8Array> => {
  const handle = await open(path, "r")
  try {
    const pieces: Array<Uint8Array> = []
    let length = 0
    while (length < limit) {
      const piece = new Uint8Array(Math.min(PIECE, limit - length))
      const { bytesRead } = await handle.read(piece, 0, piece.length, null)
      if (bytesRead === 0) break
      pieces.push(piece.subarray(0, bytesRead))
      length += bytesRead
    }
    const all = new Uint8Array(length)
    pieces.reduce((at, piece) => {
      all.set(piece, at)
      return at + piece.length
    }, 0)
    return all
  } finally {
    await handle.close()
  }
}

/** Files through node's calls: `layerFiles(await import("node:fs/promises"), await import("node:path"))`. */
export const layerFiles = (calls: FileCalls, paths: PathCalls): Layer.Layer<Files> =>
  Layer.succeed(Files, {
    look: (path) =>
      Effect.tryPromise({ try: () => calls.stat(path), catch: (error) => error }).pipe(
        Effect.map(kindOf),
        Effect.catchAll((error) =>
          Effect.succeed<FileKind>(
            codeOf(error) === "ENOENT" ? { kind: "missing" } : { kind: "unreadable", reason: reasonOf(error) }
          )
        )
      ),
    read: (path, limit) => Effect.tryPromise({ try: () => readAtMost(calls, path, limit), catch: reasonOf }),
    resolve: (from, relative) =>
      relative === ""
        ? paths.normalize(from)
        : paths.normalize(paths.isAbsolute(relative) ? relative : paths.join(paths.dirname(from), relative))
  })
