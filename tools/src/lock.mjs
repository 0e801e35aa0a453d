// @ts-check
// Keeps package-lock.json complete. When the registry at hand does not serve the optional packages of other platforms
// (@dprint/darwin-arm64 and the like), npm leaves them out of the lock without a word, and then `npm ci` refuses the lock
// everywhere. An entry with version and platform is all that `npm ci` needs: it installs them only on that platform.

/**
 * The part of a lock file's entry that is read or written here.
 * @typedef {{ version?: string, cpu?: string[], dev?: boolean, libc?: string[], optional?: boolean, os?: string[], optionalDependencies?: Record<string, string> }} Entry
 */

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"]
/** Names of processors in package names, as npm calls them. @type {Readonly<Record<string, string>>} */
const processors = {
  arm: "arm",
  arm64: "arm64",
  ia32: "ia32",
  loong64: "loong64",
  mips64el: "mips64el",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  wasm32: "wasm32",
  x64: "x64"
}

/** Whether the lock has a package that `parent` would resolve `name` to. @type {(lock: Record<string, Entry>, parent: string, name: string) => boolean} */
const resolves = (lock, parent, name) => {
  for (let folder = parent;;) {
    if (lock[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true
    if (folder === "") return false
    const end = folder.lastIndexOf("/node_modules/")
    folder = end < 0 ? "" : folder.slice(0, end)
  }
}

/**
 * Entries for the optional packages that a lock file lacks, by path.
 * @type {(lock: Record<string, Entry>) => Record<string, Entry>}
 */
export const missingOptional = (lock) => {
  /** @type {Record<string, Entry>} */
  const missing = {}
  for (const [parent, entry] of Object.entries(lock)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (resolves(lock, parent, name)) continue
      const words = name.split(/[-/]/)
      const os = words.find((word) => systems.includes(word))
      const cpu = words.map((word) => processors[word]).find((word) => word !== undefined)
      const libc = words.some((word) => word.startsWith("musl"))
        ? "musl"
        : os === "linux" && (words.includes("gnu") || words.includes("glibc"))
        ? "glibc"
        : undefined
      missing[`node_modules/${name}`] = {
        version,
        ...(cpu === undefined ? {} : { cpu: [cpu] }),
        ...(entry.dev === true ? { dev: true } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        optional: true,
        ...(os === undefined ? {} : { os: [os] })
      }
    }
  }
  return missing
}

/** The entries of a lock file with those that it lacks, in npm's order. @type {(lock: Record<string, Entry>) => Record<string, Entry>} */
export const completed = (lock) =>
  Object.fromEntries(
    Object.entries({ ...lock, ...missingOptional(lock) }).sort(([a], [b]) => a.localeCompare(b, "en"))
  )
