// What is wrong with a path of a configuration, in words, or null. Looks only: nothing is made, and nothing waits.
import { accessSync, closeSync, constants, fstatSync, lstatSync, openSync, statfsSync, statSync } from "node:fs"
import { userInfo } from "node:os"
import { dirname } from "node:path"
import { getuid } from "node:process"

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, R_OK, W_OK, X_OK } = constants

/** The user that the server runs as. */
const user = (): string => {
  try {
    return userInfo().username
  } catch {
    // without an entry in /etc/passwd
    return `number ${getuid?.()}`
  }
}

/** An error of the file system in a few words. */
export const fileWords = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case "ENOENT":
      return "no such file or directory"
    case "EACCES":
    case "EPERM":
      return `permission denied for user ${user()}`
    case "EISDIR":
      return "is a directory"
    case "ENOTDIR":
      return "is below something that is no directory"
    case "ELOOP":
      return "is a symbolic link"
    case "EROFS":
      return "is on a file system that cannot be written"
    default:
      return message
  }
}

const problemOf = (look: () => string | null): string | null => {
  try {
    return look()
  } catch (error) {
    return fileWords(error)
  }
}

const isMissing = (path: string): boolean => {
  try {
    lstatSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
  }
}

/** A directory in which files can be listed, made and removed. */
export const directoryProblem = (path: string): string | null =>
  problemOf(() => {
    if (!statSync(path).isDirectory()) return "is no directory"
    accessSync(path, R_OK | W_OK | X_OK)
    return null
  })

/** The directory of a file that is to be made. */
const parentProblem = (path: string): string | null => {
  const problem = directoryProblem(dirname(path))
  return problem === null ? null : `cannot be made: ${dirname(path)}: ${problem}`
}

/** A file that is opened to read, to write, or is made when it is not there. */
export const fileProblem = (path: string, mode: "read" | "write" | "create"): string | null => {
  if (mode === "create" && isMissing(path)) return parentProblem(path)
  return problemOf(() => {
    const flags = mode === "read" ? O_RDONLY : mode === "write" ? O_RDWR : O_RDWR | O_NOFOLLOW
    // a named pipe would wait for its other end
    const fd = openSync(path, flags | O_NONBLOCK)
    try {
      return fstatSync(fd).isFile() ? null : "is no regular file"
    } finally {
      closeSync(fd)
    }
  })
}

/** A file that is written from its beginning. */
export const outputProblem = (path: string): string | null =>
  isMissing(path)
    ? parentProblem(path)
    : problemOf(() => {
      if (statSync(path).isDirectory()) return "is a directory"
      accessSync(path, W_OK)
      return null
    })

/** Bytes of a path in sockaddr_un, without the zero at its end. source: unix(7) */
const MAX_SOCKET_PATH = 107

/** The path of a Unix socket: free, or that of a socket which will be asked whether anybody listens there. */
export const socketProblem = (path: string): string | null => {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) return `is longer than ${MAX_SOCKET_PATH} bytes`
  if (isMissing(path)) return parentProblem(path)
  return problemOf(() => lstatSync(path).isSocket() ? parentProblem(path) : "is something else than a socket")
}

/** Bytes that are left for files in a directory; null where nobody tells. */
export const roomIn = (directory: string): number | null => {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(directory)
    return files > 0 && ffree === 0 ? 0 : bavail * bsize
  } catch {
    return null
  }
}

/** Whether everybody on the machine may read a file. */
export const isReadByAll = (path: string): boolean => {
  try {
    return (statSync(path).mode & 0o004) !== 0
  } catch {
    return false
  }
}
