// Starts a program of the bundle with the code that V8 compiled for it at an earlier start. Compiling takes longer than all
// else that a start does. The code is kept in a file of the cache folder. V8 itself refuses code of another version of V8 or
// made under other flags; that the code belongs to this very source, and is whole, is told by a digest in front of it: of the
// source V8 compares the length alone. Nothing is wrong when the file is missing or of no use: V8 compiles, and the program
// writes the file once it serves.
import { createHash } from "node:crypto"
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync
} from "node:fs"
import { createRequire, Module } from "node:module"
import { basename, dirname, join } from "node:path"
import { Script } from "node:vm"

/** Why code could not be written to a file. */
export interface NotKept {
  readonly file: string
  readonly why: string
}

/** Writes the code that was compiled so far, unless the program started from such a file or there is no cache folder. */
export type KeepCode = () => NotKept | null

/** What a program of the bundle exports. */
interface Program {
  readonly run: (keepCode: KeepCode) => void
}

const DIGEST_BYTES = 32

const digestOf = (source: Buffer, code: Buffer): Buffer => createHash("sha256").update(source).update(code).digest()

/** The first folder that systemd has made for `CacheDirectory=`, or null. source: systemd.exec(5) */
const cacheFolder = ({ CACHE_DIRECTORY: folders }: NodeJS.ProcessEnv): string | null => folders?.split(":")[0] || null

/** Code runs as this user: nobody else may have written it. */
const isOwn = (stats: Stats): boolean =>
  stats.isFile() && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0

/** The bytes of a file that this user has written, or null. */
const ownBytes = (file: string): Buffer | null => {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    return isOwn(fstatSync(fd)) ? readFileSync(fd) : null
  } finally {
    closeSync(fd)
  }
}

/** The code in a file, or undefined where there is none that belongs to this source and this user. */
const codeIn = (file: string, source: Buffer): Buffer | undefined => {
  try {
    const bytes = ownBytes(file)
    if (bytes === null) return undefined
    const code = bytes.subarray(DIGEST_BYTES)
    return digestOf(source, code).equals(bytes.subarray(0, DIGEST_BYTES)) ? code : undefined
  } catch {
    // whatever keeps it from being read keeps it from being written, which is told, or does not matter
    return undefined
  }
}

/** Removes a file, if that can be. */
const remove = (file: string): void => {
  try {
    unlinkSync(file)
  } catch {
    // it is not there, or the folder cannot be changed, which the next call tells
  }
}

/** Puts code in place in one step: another process may read or write the same file. */
const keep = (file: string, source: Buffer, code: Buffer): NotKept | null => {
  const next = `${file}.${process.pid}`
  // a process that had this number may have been killed while it wrote
  remove(next)
  try {
    writeFileSync(next, Buffer.concat([digestOf(source, code), code]), { flag: "wx", mode: 0o600 })
    renameSync(next, file)
    return null
  } catch (error) {
    remove(next)
    return { file, why: (error as Error).message }
  }
}

/** Runs the program in a CommonJS file that esbuild has written. */
export const startProgram = (path: string, env: NodeJS.ProcessEnv): void => {
  const folder = cacheFolder(env)
  const file = folder === null ? null : join(folder, `${basename(path, ".cjs")}.code`)
  const source = readFileSync(path)
  const code = file === null ? undefined : codeIn(file, source)
  // esbuild writes ASCII
  const script = new Script(Module.wrap(source.toString("latin1")), {
    filename: path,
    ...(code === undefined ? {} : { cachedData: code })
  })
  const isKept = code !== undefined && script.cachedDataRejected === false
  const module = { exports: {} as Program }
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path))
  module.exports.run(() => file === null || isKept ? null : keep(file, source, script.createCachedData()))
}
