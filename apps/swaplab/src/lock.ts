// A lock on a directory: a file in it that says which process writes there. It is made with its content in one step, so
// nobody reads half of it. A lock that a dead process left is taken away under a lock of its own: of several processes that
// find it only one does that. tools/src/build-first.mjs does the same for a build: that one works before this file is built,
// and this one in a package, which has no tools.
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { basename } from "node:path"

/** Who holds a lock. */
export interface Holder {
  readonly pid: number
  readonly command: string
  /** When it was taken, as ISO 8601. */
  readonly since: string
  readonly host: string
  /** Tells processes apart that have had the same number; empty where the system does not say. */
  readonly start: string
}

/** What became of an attempt: the lock is taken, from a dead holder or from nobody, or somebody holds it. */
export type Taken = { readonly takenFrom: Holder | null } | { readonly heldBy: Holder }

/** Boot and start time of a process, as Linux tells them; null for one that does not exist. */
const startOf = (pid: number): string | null => {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // the name of the command stands in brackets and may have blanks
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return `${boot} ${fields[19]}`
  } catch {
    return null
  }
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Whether the process that took the lock still runs. One of another machine is taken to run: nobody here can know. */
const isAlive = ({ host, pid, start }: Holder): boolean => {
  if (host !== hostname()) return true
  if (!exists(pid)) return false
  const now = startOf(pid)
  return start === "" || now === null || now === start
}

const self = (): Holder => ({
  pid: process.pid,
  command: [basename(process.argv[1] ?? "swaplab").replace(/\.m?js$/, ""), ...process.argv.slice(2)].join(" "),
  since: new Date().toISOString(),
  host: hostname(),
  start: startOf(process.pid) ?? ""
})

/** Who holds the lock; null for nobody. A lock that cannot be read is one of nobody, left by a system that went down. */
const holderOf = (path: string): Holder | null => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
    if (error instanceof SyntaxError) return { pid: 0, command: "", since: "", host: hostname(), start: "none" }
    throw error
  }
}

/** Makes the lock in one step, unless there is one. */
const tryMake = (path: string): boolean => {
  const own = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(own, `${JSON.stringify(self())}\n`)
    linkSync(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

const isSame = (a: Holder, b: Holder | null): boolean =>
  b !== null && a.pid === b.pid && a.start === b.start && a.since === b.since

/** Tries to take the lock at `path`. Throws what the system says where it cannot be made. */
export const tryLock = (path: string): Taken => {
  if (tryMake(path)) return { takenFrom: null }
  const holder = holderOf(path)
  if (holder === null) return tryLock(path)
  if (holder.pid !== 0 && isAlive(holder)) return { heldBy: holder }
  const guard = `${path}.${holder.pid}`
  const guarded = tryLock(guard)
  if ("heldBy" in guarded) return guarded
  if (isSame(holder, holderOf(path))) rmSync(path)
  rmSync(guard)
  const taken = tryLock(path)
  return "heldBy" in taken ? taken : { takenFrom: holder }
}

/** Gives the lock back. */
export const unlock = (path: string): void => rmSync(path, { force: true })
