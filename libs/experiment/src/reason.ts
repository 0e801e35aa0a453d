// What is wrong with a file or a directory, in plain words.
import type { PlatformError } from "@effect/platform/Error"

/** Words for the error codes of a system that a user can do something about. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it exists already",
  EFBIG: "the file would be larger than the file system or a limit allows",
  EINVAL: "the system does not accept this name",
  EIO: "the disk reports an error",
  EISDIR: "it is a directory",
  ELOOP: "its links lead in a circle",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it does not exist",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of the path is a file",
  EPERM: "the system does not allow it",
  EROFS: "the file system is read-only"
}

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string" ? cause.code : ""

/** What is wrong, in plain words where the system's code is known, else in the words of the system. */
export const reasonOf = (error: PlatformError): string =>
  WORDS[codeOf(error.cause)] ?? (error._tag === "SystemError" ? (error.description ?? error.reason) : error.message)
