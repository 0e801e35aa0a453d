// A Postgres from Debian for one test file: a new one in a folder of its own, on a Unix socket, run by a user who is not root. Tests
// that need it are left out where it is not installed; with SWAPLAB_REQUIRE_PEERS=1 (.ci/run) that is a failure.
import { execFileSync } from "node:child_process"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const LIB = "/usr/lib/postgresql"

/** The programs of the newest Postgres; undefined: there is none. */
const programs = (existsSync(LIB) ? readdirSync(LIB) : []).toSorted((a, b) => Number(b) - Number(a))
  .map((version) => join(LIB, version, "bin")).find((folder) => existsSync(join(folder, "initdb")))

/** Whether tests with Postgres are left out, and how their names say so. */
export const left = programs === undefined && process.env["SWAPLAB_REQUIRE_PEERS"] !== "1"
export const titled = (title: string): string => left ? `${title} (left out, not installed: postgresql)` : title

const isRoot = process.getuid?.() === 0
/** Debian's package makes this user; Postgres refuses to run as root. */
const USER = "postgres"

const idOf = (flag: string): number => Number(execFileSync("id", [flag, USER], { encoding: "utf8" }))

/** Runs a program of Postgres as that user. */
const as = (program: string, args: ReadonlyArray<string>): readonly [string, ReadonlyArray<string>] => {
  const path = join(programs ?? LIB, program)
  return isRoot
    ? ["setpriv", [`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--", path, ...args]]
    : [path, args]
}

/** A server that runs. */
export interface Postgres {
  /** For --cluster. */
  readonly url: string
  /** What a statement gives, a line a row, fields separated by |. */
  readonly ask: (sql: string) => string
  /** Stops it at once, as a crash does, and starts it again. */
  readonly restart: () => void
  readonly stop: () => void
}

/** A new folder of that user. */
const folderOfPostgres = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "swaplab-pg-"))
  if (isRoot) chownSync(folder, idOf("-u"), idOf("-g"))
  return folder
}

/** Gives a file to that user. */
export const giveToPostgres = (path: string): void => {
  if (isRoot) chownSync(path, idOf("-u"), idOf("-g"))
}

/** Starts a new one, with settings such as `{ shared_preload_libraries: "pg_stat_statements" }`. */
export const startPostgres = (settings: Readonly<Record<string, string>> = {}): Postgres => {
  const folder = folderOfPostgres()
  const run = (program: string, ...args: ReadonlyArray<string>): string => {
    const [file, all] = as(program, args)
    return execFileSync(file, all, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
  }
  const data = join(folder, "data")
  const given = { listen_addresses: "", unix_socket_directories: folder, fsync: "off", ...settings }
  const options = Object.entries(given).map(([name, value]) => `-c ${name}='${value}'`).join(" ")
  const control = (...args: ReadonlyArray<string>): string =>
    run("pg_ctl", "-D", data, "-l", join(folder, "log"), "-o", options, "-w", "-t", "300", ...args)
  run("initdb", "-D", data, "-U", "swaplab", "--auth=trust", "--no-sync")
  control("start")
  const place = ["-h", folder, "-p", settings["port"] ?? "5432", "-U", "swaplab"]
  run("createdb", ...place, "swaplab")
  return {
    url: `postgres:///swaplab?host=${folder}&user=swaplab`,
    ask: (sql) => run("psql", ...place, "-d", "swaplab", "-Atc", sql).trim(),
    restart: () => void control("restart", "-m", "immediate"),
    stop: () => {
      control("stop", "-m", "immediate")
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
