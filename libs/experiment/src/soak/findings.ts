// What a run of a soak test shows that should not be, and its signature: runs with the same one are taken to have the same cause.
import { type ClientResult, fitsSwap, type LockupReport, type RunResult } from "@swaplab/cluster"
import { PATCHES, patchesOf } from "@swaplab/kernel"
import { assert } from "@swaplab/sim"
import { type BrokenLaw, canaryOf } from "./canary.ts"
import { reachedBy } from "./coverage.ts"
import { type Drawn, DRAWN_KERNEL } from "./draw-scenario.ts"
import { IMPOSSIBLE } from "./impossible.ts"
import type { SoakPlan, Tolerated } from "./soak-file.ts"

/** Something that a run shows. */
export interface SoakFinding {
  /** Class, cycle, first refused allocation; the broken law; the message of an assertion: without names and numbers. */
  readonly signature: string
  /** The client that shows it; null: none in particular. */
  readonly client: string | null
  readonly detail: string
  /** A fault of swaplab, whatever the kernel is: nothing can make it expected. */
  readonly ours: boolean
  /** Why it is expected; null: it is not. */
  readonly expected: string | null
}

/** Without the numbers by which clients, tasks and sizes differ. */
const nameless = (text: string): string => text.replaceAll(/0x[0-9a-f]+|\d+(?:\.\d+)?/g, "#").replaceAll(/\s+/g, " ")

const cycleOf = ({ graph }: LockupReport): string =>
  [...new Set(graph.cycle.map((id) => nameless(id)))].toSorted().join(", ") || "no cycle"

/** `lockup tx starvation; cycle memory, nbd#; refused first order:0 (GFP_NOIO) by nbd#`. */
const signatureOf = (what: string, report: LockupReport): string => {
  const { firstFailure, taxonomy } = report
  const refused = firstFailure === null
    ? ""
    : `; refused first order:${firstFailure.order} (${firstFailure.flags}) by ${nameless(firstFailure.task)}`
  return `${what} ${taxonomy}; cycle ${cycleOf(report)}${refused}`
}

type Found = Omit<SoakFinding, "expected" | "ours">

/** What became of a client, where it is no matter of course. */
const ofClient = (drawn: Drawn, run: RunResult, client: ClientResult): ReadonlyArray<Found> => {
  const { connection, lockup, name, outcome } = client
  const said = (signature: string, detail: string): ReadonlyArray<Found> => [{ signature, client: name, detail }]
  const { scenario, workloads } = drawn.loaded
  switch (outcome) {
    case "lockup":
      return lockup === null ? said("lockup without a report", "") : said(signatureOf("lockup", lockup), lockup.text)
    // a run that is cut short while a client stands in a closed cycle is of a kernel that is known to lock up
    case "stopped":
    case "timeout": {
      // slow is not stuck: a client that moves on may have had a stretch that looked like a livelock
      const moves = movesOn(run, name)
      const report = client.standstill ?? (outcome === "timeout" && !moves ? client.livelock : null)
      if (report === null && (outcome === "stopped" || moves)) return []
      return report === null
        ? said("no progress after the faults; no report", `${client.pagesTouched} pages touched`)
        : said(signatureOf("no progress after the faults:", report), report.text)
    }
    // no riddle: swap cannot be written to without a connection, is smaller than the load, or its compressed part is in that RAM
    case "oom":
      return connection !== null || scenario.clients.some((group) => !fitsSwap(group, workloads)) ||
          touchesMemory(run, name) || (client.swapLayers !== null && client.swapLayers.compressed !== null)
        ? []
        : said("oom although RAM and swap are large enough", client.firstFailedAllocation ?? "")
    case "sigbus":
      return connection === null && client.swapLayers === null
        ? said("sigbus without an error of its devices", "")
        : []
    case "lost-swap":
      return connection === null ? said("lost-swap without a loss at the server", "") : []
    default:
      return []
  }
}

/** How long before its end a run is looked at. */
const LAST_NS = 30e9

/** The workloads of a client have touched pages in the last seconds of the run. */
const movesOn = ({ series: { columns, timesNs }, simulatedNs }: RunResult, client: string): boolean => {
  const touched = columns.find(({ name }) => name === `${client}.pages_touched`)?.values
  assert(touched !== undefined, `a series without the pages that ${client} has touched`)
  const before = timesNs.findLastIndex((time) => time <= simulatedNs - LAST_NS)
  return before >= 0 && touched[touched.length - 1] > touched[before]
}

/** A fault has taken memory of a client, or refused it some. */
const touchesMemory = ({ faults }: RunResult, client: string): boolean =>
  faults.some(({ what, where }) =>
    ["hog", "flood", "failslab", "fail_page_alloc"].includes(what) && where.includes(client)
  )

const REQUIRED = PATCHES.filter(({ kind }) => kind === "series" || kind === "stream-fix")
const FOREIGN = PATCHES.filter(({ kind }) => kind === "revision" || kind === "alternative")

/** The kernel has the merged series and its fix whole, and nothing in another form, and no fault takes that from it while it runs. */
export const hasSeries = ({ loaded: { scenario } }: Drawn): boolean => {
  const patches = patchesOf(scenario.kernels[DRAWN_KERNEL])
  const live: ReadonlyArray<Readonly<Record<string, unknown>>> = scenario.faults.filter(({ what }) => what === "patch")
    .map((fault) => ({ ...fault }))
  const exchanged = (name: string, to: string): boolean => live.some(({ patch, set }) => patch === name && set === to)
  return REQUIRED.every(({ name }) => patches.has(name) && !exchanged(name, "off")) &&
    !FOREIGN.some(({ name }) => patches.has(name) || exchanged(name, "on"))
}

const tolerates = ({ finding, kernels }: Tolerated, signature: string, series: boolean): boolean =>
  signature.includes(finding) && (kernels === "all" || !series)

/** All findings of a run, and that of the canary where the plan has one. */
export const findingsOf = (plan: SoakPlan, drawn: Drawn, run: RunResult): ReadonlyArray<SoakFinding> => {
  const series = hasSeries(drawn)
  const asked: ReadonlyArray<BrokenLaw> = [...(plan.canary ? canaryOf(drawn.seed) : []), ...run.laws]
  const laws = asked.filter(({ holds }) => !holds).map(({ detail, law, subject }): SoakFinding => ({
    signature: `law ${law}`,
    client: null,
    detail: `${subject}: ${detail}`,
    ours: true,
    expected: null
  }))
  const clients = run.clients.flatMap((client) => ofClient(drawn, run, client)).map((found): SoakFinding => ({
    ...found,
    ours: false,
    expected: plan.tolerate.find((entry) => tolerates(entry, found.signature, series))?.why ?? null
  }))
  const impossible = reachedBy(run).filter((row) => IMPOSSIBLE.has(row)).map((row): SoakFinding => ({
    signature: `reached, and listed as impossible: ${row}`,
    client: null,
    detail: IMPOSSIBLE.get(row) ?? "",
    ours: true,
    expected: null
  }))
  return [...laws, ...impossible, ...clients]
}

/** A run that was lost. */
export const lostFinding = (reason: string): SoakFinding => ({
  signature: `fault of swaplab: ${nameless(reason.split("\n")[0]).slice(0, 200)}`,
  client: null,
  detail: reason,
  ours: true,
  expected: null
})
