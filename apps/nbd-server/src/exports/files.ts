// Files that hold exports.
import { Effect } from "effect"
import { constants, promises } from "node:fs"
import { dirname } from "node:path"
import { fileWords } from "../check/paths.ts"

/** A file that is open, and what is known of it. */
export interface OpenFile {
  readonly path: string
  readonly handle: promises.FileHandle
  readonly fd: number
  readonly size: number
  /** The device that its file system is on. */
  readonly device: bigint
  readonly inode: bigint
  /** Everything behind so many bytes was never written. */
  readonly written: number
  /** The first so many bytes are on the disk for certain. */
  readonly onDisk: number
  /** It was made, or an earlier server did not get to its header. */
  readonly isNew: boolean
}

const { O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants

/**
 * Opens a file. "create": it is made when it is not there, begun with `header` and grown to `size`; its directory is synced,
 * for a file that is lost with the power took its contents along. A file has its size after it has its header, so one that
 * has a size is not new, whatever a crash left undone. Of a file that is not new any part may be written: how many blocks it
 * has says nothing, because some file systems count late or keep small files elsewhere.
 */
export const openFile = (
  path: string,
  mode: "read" | "write" | "create",
  size: number | null,
  header: Uint8Array | null = null
): Effect.Effect<OpenFile, string> =>
  Effect.tryPromise({
    try: async () => {
      const flags = mode === "read" ? O_RDONLY : mode === "write" ? O_RDWR : O_RDWR | O_CREAT | O_NOFOLLOW
      const handle = await promises.open(path, flags, 0o600)
      try {
        const stat = await handle.stat({ bigint: true })
        if (!stat.isFile()) throw new Error("expected a regular file")
        const isNew = mode === "create" && stat.size === 0n
        if (isNew && header !== null) {
          await handle.write(header, 0, header.length, 0)
          await handle.datasync()
        }
        if (mode === "create" && size !== null && stat.size < BigInt(size)) await handle.truncate(size)
        if (isNew) {
          await handle.sync()
          const directory = await promises.open(dirname(path), O_RDONLY)
          await directory.sync().finally(() => directory.close())
        }
        const bytes = size ?? Number(stat.size)
        const onDisk = isNew ? header?.length ?? 0 : 0
        const written = isNew ? onDisk : bytes
        return { path, handle, fd: handle.fd, size: bytes, device: stat.dev, inode: stat.ino, written, onDisk, isNew }
      } catch (error) {
        await handle.close()
        throw error
      }
    },
    catch: (error) => `${path}: ${fileWords(error)}`
  })

/** Closes a file. What was written to it is in the page cache, which outlives this process: nobody waits for the disk. */
export const closeFile = ({ handle }: OpenFile): Effect.Effect<void> =>
  Effect.promise(() => handle.close().catch(() => {}))

/** Removes a file and closes it. */
export const removeFile = ({ handle, path }: OpenFile): Effect.Effect<void> =>
  Effect.promise(() => promises.unlink(path).catch(() => {}).then(() => handle.close()).catch(() => {}))

/** Names of the files in a directory. */
export const listFiles = (directory: string): Effect.Effect<ReadonlyArray<string>, string> =>
  Effect.tryPromise({ try: () => promises.readdir(directory), catch: (error) => `${directory}: ${fileWords(error)}` })
