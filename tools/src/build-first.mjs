// @ts-check
// Builds an app of this clone, a bundle of its sources, where these are newer than it. The bin files of the apps call it before
// they start the app, so that a command works right after `npm ci`, and after `git pull` too. Types are not checked, that is
// what `npm run build` and `npm test` are for: it takes a second this way and not eight.
//
// Whether to build is seen from file times: the bundle must be newer than every source of every project that the app
// references. Only one process builds at a time; the others wait for it.
import { spawnSync } from "node:child_process"
import { existsSync, linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url))
const bundler = fileURLToPath(new URL("../bundle.mjs", import.meta.url))
/** A page has them in it. */
const scenarios = fileURLToPath(new URL("../../scenarios", import.meta.url))
const pageBuilder = fileURLToPath(new URL("../page.mjs", import.meta.url))

/** Time of the newest file below a folder. Folders count too: they change when a file goes. @type {(folder: string) => number} */
const newest = (folder) => {
  let time = statSync(folder).mtimeMs
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    time = Math.max(time, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs)
  }
  return time
}

/** A project and all that it references. @type {(config: string, found?: Set<string>) => ReadonlySet<string>} */
const projectsOf = (config, found = new Set()) => {
  if (found.has(config)) return found
  found.add(config)
  /** @type {ReadonlyArray<{ path: string }>} */
  const references = JSON.parse(readFileSync(config, "utf8")).references ?? []
  for (const { path } of references) projectsOf(join(dirname(config), path), found)
  return found
}

/** Whether an app is a page, and its bundle one file for a browser. @type {(folder: string) => boolean} */
const isPage = (folder) => existsSync(join(folder, "src/index.html"))

/** The file of an app's bundle that is written last. @type {(config: string) => string} */
const bundleFile = (config) => join(dirname(config), "bundle/licences.txt")

/** Whether the bundle of an app was made from the sources that are there. @type {(config: string) => boolean} */
export const isFresh = (config) => {
  const bundled = statSync(bundleFile(config), { throwIfNoEntry: false })
  return bundled !== undefined && (!isPage(dirname(config)) || bundled.mtimeMs >= newest(scenarios)) &&
    [...projectsOf(config)].every((project) =>
      bundled.mtimeMs >= Math.max(statSync(project).mtimeMs, newest(join(dirname(project), "src")))
    )
}

/** Whether a process exists. @type {(pid: number) => boolean} */
const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM"
  }
}

/** When a process began, as Linux tells it; empty where nobody tells. @type {(pid: number) => string} */
const startOf = (pid) => {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // the name of the command stands in brackets and may have blanks
    return `${boot}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`
  } catch {
    return ""
  }
}

/** What is in a lock: the process, and what tells it from another one with its number. @type {(pid: number) => string} */
const contents = (pid) => `${pid} ${startOf(pid)}`

/** What is in the lock of somebody; null for nobody's. @type {(lock: string) => string | null} */
const holderOf = (lock) => {
  try {
    return readFileSync(lock, "utf8")
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return null
    throw error
  }
}

/** The process whose lock has these contents; 0 when it has died, or nobody can have written them. @type {(holder: string) => number} */
const livingHolder = (holder) => {
  const pid = Number.parseInt(holder)
  return pid > 0 && holder === contents(pid) && isAlive(pid) ? pid : 0
}

/** Makes a lock with the number of this process in it, in one step. @type {(lock: string) => boolean} */
const tryMake = (lock) => {
  const own = `${lock}.${process.pid}.tmp`
  writeFileSync(own, contents(process.pid))
  try {
    linkSync(own, lock)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false
    throw error
  } finally {
    rmSync(own)
  }
}

/**
 * Takes a lock, or returns who holds it. A lock that a dead process left is taken away under a lock of its own, so that
 * of several processes that find it only one does that. apps/swaplab/src/lock.ts does the same for the directory of a result:
 * this one works before anything is built, and that one in a package, which has no tools.
 * @type {(lock: string) => number}
 */
export const tryLock = (lock) => {
  if (tryMake(lock)) return 0
  const holder = holderOf(lock)
  if (holder === null) return tryLock(lock)
  const living = livingHolder(holder)
  if (living !== 0) return living
  const guard = `${lock}.${Number.parseInt(holder)}`
  const other = tryLock(guard)
  if (other !== 0) return other
  if (holderOf(lock) === holder) rmSync(lock)
  rmSync(guard)
  return tryLock(lock)
}

/** Takes a lock and waits while others have it. @type {(lock: string) => void} */
const waitForLock = (lock) => {
  const never = new Int32Array(new SharedArrayBuffer(4))
  while (tryLock(lock) !== 0) Atomics.wait(never, 0, 0, 50)
}

/** Makes the bundle. False when that fails: the reason is said then. @type {(folder: string, name: string, say: (text: string) => void) => boolean} */
const bundle = (folder, name, say) => {
  const words = isPage(folder) ? [pageBuilder] : [bundler, folder]
  const { error, status, stderr, stdout } = spawnSync(process.execPath, words, { encoding: "utf8" })
  if (status !== 0) {
    say(`${stdout ?? ""}${stderr ?? ""}${name}: the build failed: ${error?.message ?? "see the lines above"}\n`)
  }
  return status === 0
}

/**
 * Builds the app whose tsconfig.lib.json is at `config`, where it is not fresh; `name` is the command, for messages. False when
 * it cannot be built: the reason is on standard error then. Without a bundler, what is built is taken as it is.
 * @type {(config: string, name: string, say?: (text: string) => void) => boolean}
 */
export const buildFirst = (config, name, say = (text) => process.stderr.write(text)) => {
  const lock = join(modules, ".swaplab-build.lock")
  if (!existsSync(lock) && isFresh(config)) return true
  if (!existsSync(join(modules, "esbuild"))) {
    if (existsSync(bundleFile(config))) return true
    say(`${name}: not built yet, and esbuild is not installed: run npm ci without --omit=dev\n`)
    return false
  }
  waitForLock(lock)
  try {
    if (isFresh(config)) return true
    say(
      `${name}: ${
        existsSync(bundleFile(config))
          ? "the sources have changed, building"
          : "building from source before the first start"
      } ...\n`
    )
    return bundle(dirname(config), name, say)
  } finally {
    rmSync(lock)
  }
}
