// What runs have reached, of all that they could: one row for each fault kind, whether it hit something and each of its
// consequences, each place that drops packets, each class of lockup, each outcome and each counter: of /proc/vmstat, of TCP, and of
// every structure. The rows derive from the tables of the model, so that nothing is left out by hand.
import {
  CONSEQUENCES,
  COUNTER_NAMES,
  DROP_SITE_NAMES,
  FAULT_NAMES,
  LOCKUP_KINDS,
  LOCKUP_TAXONOMIES,
  OUTCOMES,
  type RunResult
} from "@swaplab/cluster"
import { VMSTAT_NAMES } from "@swaplab/page-alloc"
import { TcpMib } from "@swaplab/tcp"
import { IMPOSSIBLE } from "./impossible.ts"

/** Counters of TCP, by their names in /proc/net/netstat. */
const TCP_NAMES: ReadonlyArray<string> = Object.keys(new TcpMib())

/** Counters among the items of a zone, which have the names of levels. */
const COUNTED_BY_ZONE = new Set(["nr_vmscan_write", "nr_vmscan_immediate_reclaim", "nr_dirtied", "nr_written"])

/** Counters of /proc/vmstat: a level, such as nr_free_pages, says nothing about what has happened. */
const VMSTAT_COUNTERS = VMSTAT_NAMES.filter((name) => !name.startsWith("nr_") || COUNTED_BY_ZONE.has(name))

/** Every row of the tables. */
export const ROWS: ReadonlyArray<string> = [
  ...OUTCOMES.filter((outcome) => outcome !== "stopped").map((outcome) => `outcome ${outcome}`),
  ...LOCKUP_KINDS.map((kind) => `report of a ${kind}`),
  ...LOCKUP_TAXONOMIES.map((taxonomy) => `class ${taxonomy}`),
  ...FAULT_NAMES.flatMap((name) => [
    `fault ${name}: began`,
    `fault ${name}: hit`,
    ...CONSEQUENCES.map((consequence) => `fault ${name}: ${consequence}`)
  ]),
  ...DROP_SITE_NAMES.map((site) => `drop ${site}`),
  ...VMSTAT_COUNTERS.map((name) => `vmstat ${name}`),
  ...TCP_NAMES.map((name) => `tcp ${name}`),
  ...COUNTER_NAMES.map((name) => `counter ${name}`)
]

/** Those that a run can reach, in the order in which they are shown. */
export const COVERAGE: ReadonlyArray<string> = ROWS.filter((row) => !IMPOSSIBLE.has(row))

/** The rows that a run has reached, each once; those that are taken to be impossible among them. */
export const reachedBy = (run: Omit<RunResult, "laws">): ReadonlyArray<string> => {
  const found = new Set<string>()
  const counted = (what: string, figures: object): void => {
    for (const [name, value] of Object.entries(figures)) if (Number(value) > 0) found.add(`${what} ${name}`)
  }
  for (const { livelock, lockup, network, outcome, rescue, standstill, vmstat } of run.clients) {
    found.add(`outcome ${outcome}`)
    for (const report of [lockup, livelock, standstill, rescue]) {
      if (report !== null) found.add(`class ${report.taxonomy}`).add(`report of a ${report.kind}`)
    }
    counted("vmstat", vmstat)
    counted("tcp", network.tcp)
    counted("drop", network.port.drops)
  }
  counted("counter", run.counters ?? {})
  const { applications, otherHosts, servers } = run.network
  for (const port of [...servers, applications, otherHosts]) if (port !== null) counted("drop", port.drops)
  for (const fault of run.faults) {
    found.add(`fault ${fault.what}: began`)
    if (fault.hit) found.add(`fault ${fault.what}: hit`)
    for (const consequence of CONSEQUENCES) {
      if (Number(fault[consequence]) > 0) found.add(`fault ${fault.what}: ${consequence}`)
    }
  }
  return ROWS.filter((row) => found.has(row))
}
