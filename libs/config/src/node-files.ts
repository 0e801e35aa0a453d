// The files of a system, through what node:fs and node:path offer. They are handed in, so that this module runs
// in a browser, too.
import { Effect, Layer, Schedule } from "effect"
import { type FileKind, Files } from "./files.ts"

interface Stats {
  readonly size: number
  isFile(): boolean
  isDirectory(): boolean
  isFIFO(): boolean
  isCharacterDevice(): boolean
  isSocket(): boolean
}

type Callback<A> = (error: Error | null, value: A) => void

/** What of node:fs is used. */
export interface FileCalls {
  stat(path: string, done: Callback<Stats>): void
  open(path: string, flags: "r", done: Callback<number>): void
  read(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: null,
    done: Callback<number>
  ): void
  close(fd: number, done: (error: Error | null) => void): void
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

/** The descriptor that a path names, or null. What a process was started with need not be a thing that can be opened. */
const descriptorOf = (path: string): number | null => {
  if (path === "/dev/stdin") return 0
  const match = /^\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(path)
  return match === null ? null : Number(match[1])
}

const kindOf = (path: string, stats: Stats): FileKind => {
  if (stats.isFile()) return { kind: "file", bytes: stats.size }
  if (stats.isDirectory()) return { kind: "directory" }
  const readable = stats.isFIFO() || stats.isCharacterDevice() || (stats.isSocket() && descriptorOf(path) !== null)
  return { kind: readable ? "stream" : "other" }
}

/** Waits for a call of the system. */
const waitFor = <A>(call: (done: Callback<A>) => void): Effect.Effect<A, Error> =>
  Effect.async((resume) => {
    call((error, value) => resume(error === null ? Effect.succeed(value) : Effect.fail(error)))
  })

/** Reads in pieces: a pipe does not tell its length. */
const PIECE = 64 * 1024

/**
 * Reads one piece. What a process was started with may be a descriptor that does not block, as the pipes that Node makes
 * for its children: where it has nothing yet, ask again a little later.
 */
const readPiece = ({ read }: FileCalls, fd: number, piece: Uint8Array): Effect.Effect<number, Error> =>
  waitFor<number>((done) => read(fd, piece, 0, piece.length, null, done)).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), while: (error) => codeOf(error) === "EAGAIN" })
  )

const readPieces = (calls: FileCalls, fd: number, limit: number): Effect.Effect<Uint8Array, Error> =>
  Effect.gen(function*() {
    const pieces: Array<Uint8Array> = []
    let length = 0
    while (length < limit) {
      const piece = new Uint8Array(Math.min(PIECE, limit - length))
      const bytes = yield* readPiece(calls, fd, piece)
      if (bytes === 0) break
      pieces.push(piece.subarray(0, bytes))
      length += bytes
    }
    const all = new Uint8Array(length)
    let at = 0
    for (const piece of pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  })

const readAtMost = (calls: FileCalls, path: string, limit: number): Effect.Effect<Uint8Array, Error> => {
  const descriptor = descriptorOf(path)
  if (descriptor !== null) return readPieces(calls, descriptor, limit)
  return Effect.acquireUseRelease(
    waitFor<number>((done) => calls.open(path, "r", done)),
    (fd) => readPieces(calls, fd, limit),
    (fd) => Effect.ignore(waitFor<void>((done) => calls.close(fd, (error) => done(error, undefined))))
  )
}

/** Files through node's calls: `layerFiles(await import("node:fs"), await import("node:path"))`. */
export const layerFiles = (calls: FileCalls, paths: PathCalls): Layer.Layer<Files> =>
  Layer.succeed(Files, {
    look: (path) =>
      waitFor<Stats>((done) => calls.stat(path, done)).pipe(
        Effect.map((stats) => kindOf(path, stats)),
        Effect.catchAll((error) =>
          Effect.succeed<FileKind>(
            codeOf(error) === "ENOENT" ? { kind: "missing" } : { kind: "unreadable", reason: reasonOf(error) }
          )
        )
      ),
    read: (path, limit) => Effect.mapError(readAtMost(calls, path, limit), reasonOf),
    resolve: (from, relative) =>
      relative === ""
        ? paths.normalize(from)
        : paths.normalize(paths.isAbsolute(relative) ? relative : paths.join(paths.dirname(from), relative))
  })
