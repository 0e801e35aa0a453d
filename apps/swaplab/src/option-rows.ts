// Rows of arguments and options that several commands have.
import type { MAX_MAP_SEEDS as MapSeeds, MAX_SEEDS as Seeds } from "@swaplab/cluster"
import { directory, file, flag, many, one, oneOf, required, text, wholeNumber } from "@swaplab/command"

/** Worker threads that a pool may have. */
export const MAX_WORKERS = 256

/** The limits of the scenario, written here once more because help does without its schema. The types compare them. */
const MAX_SEEDS: typeof Seeds = 10_000
export const MAX_MAP_SEEDS: typeof MapSeeds = 1000

export const scenario = { file: required(file("FILE", "a scenario (YAML)"), "A scenario (YAML).") }
export const lockup = {
  result: required(file("RESULT", "a result"), "A result.json that run --out wrote, or its directory.")
}
export const out = (meaning: string) =>
  one(directory("DIR", "a directory"), `${meaning} It is made where it is missing.`)
export const workers = one(wholeNumber(1, MAX_WORKERS), "Worker threads. Results do not depend on their number.", {
  without: "Without it: one a core."
})
/** Where the runs of a command may be made instead. */
export const manyMachines = {
  cluster: one(
    text("URL", "postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
    "Makes the runs on the workers of this cluster, instead of worker threads: postgres://USER:PASSWORD@HOST:PORT/DATABASE."
  ),
  tokenFile: one(file("FILE", "a file with a token"), "The token of the cluster, in a file of one line.", {
    without: "Without it: of a cluster without a token."
  })
}
export const seed = one(wholeNumber(0), "Runs this seed only.")
export const seeds = one(wholeNumber(1, MAX_SEEDS), "Runs the seeds 1 to N; not together with --seed.", {
  without: "Without both: the scenario's."
})
export const set = many(
  text("PATH=VALUE", "a path and a value such as clients.0.ram=128MiB"),
  "Puts a value over the scenario's. PATH is that of the file, with numbers for the entries of a list; VALUE is YAML."
)
export const json = flag("Prints the result as JSON in one line, and nothing else.")

export const time = text("TIME", "a time such as 100 ms")
/** A file of /proc. */
export const PROC_NAME = text("NAME", "the name of a file of /proc")
export const PROC_FILES =
  "meminfo, vmstat, zoneinfo, buddyinfo, slabinfo, swaps, diskstats, stat, cpuinfo, uptime, loadavg, net/dev, net/snmp, net/netstat, "
  + "net/sockstat, PID/stat, statm, status, stack, comm or cmdline, sys/vm/NAME or sys/net/…/NAME; with memory nodes node0/meminfo, numastat, vmstat, distance or cpulist; or Mem-Info, the report of an "
  + "allocation failure"

/** Which findings of a soak test are made smaller. */
export const SHRINK = one(
  oneOf("WHICH", ["unexpected", "all", "none"]),
  "The first run of which signatures is made smaller for --out: unexpected, all or none. Each takes a minute at most.",
  { without: "Without it: unexpected." }
)

/** Where the page of a report goes. */
export const report = one(
  file("FILE", "a file"),
  "Writes the report as a page: one HTML file with its charts that loads nothing. Its directory is made where it is missing."
)

/** Starts anew. */
export const fresh = flag("Drops the runs that DIR has, instead of going on from them.")
