// The runs of a soak test of a real server, one after the other until it is to end: what is kept of them all.
import { fellBehind, type LoadedScenario, type RunResult } from "@swaplab/cluster"
import { plural } from "@swaplab/config"
import type { ServerSoak } from "@swaplab/report"
import { RemoteEvent, type ServerTraceData } from "@swaplab/server-model"
import { threadCpuSeconds } from "../cpu-time.ts"
import type { Control } from "./control.ts"
import { FaultDriver, type MadeFault } from "./fault-driver.ts"
import { placesIn } from "./live-runner.ts"
import type { NbdUri } from "./nbd-uri.ts"
import { pacedRun } from "./paced-run.ts"
import { drawFaults, FAULT_ROWS, type Seen } from "./server-faults.ts"
import { warmUp } from "./warm-up.ts"

/** What a soak test of a real server consists of. */
export interface SoakOptions {
  readonly loaded: LoadedScenario
  readonly kernel: string
  readonly uri: NbdUri
  readonly firstSeed: number
  readonly runs: number
  readonly untilFailure: boolean
  /** Names of faults, and who makes them. */
  readonly faults: ReadonlyArray<string>
  readonly notMade: string | null
  readonly control: Control | null
  readonly command: string | null
  readonly timeUp: () => boolean
  readonly interrupted: () => boolean
  readonly onRun: (soak: ServerSoak) => void
}

/** A soak test, and the runs that found something. */
export interface Soaked {
  readonly soak: ServerSoak
  readonly failed: ReadonlyArray<RunResult>
  /** Why a fault could not be made, which ended the test; null: all could. */
  readonly refused: string | null
}

/** Runs that are kept for their traces. */
const KEPT = 10

const seenIn = (trace: ServerTraceData, { atNs, endNs }: MadeFault): Seen => {
  const seen = { errors: 0, losses: 0, maxLatencyNs: 0 }
  for (let row = 0; row < trace.atNs.length; row++) {
    const at = trace.atNs[row]
    if (at < atNs || at > endNs + 1e9) continue
    if (trace.event[row] === RemoteEvent.Lost) seen.losses++
    if (trace.event[row] !== RemoteEvent.Replied) continue
    if (trace.error[row] !== 0) seen.errors++
    seen.maxLatencyNs = Math.max(seen.maxLatencyNs, trace.latencyNs[row])
  }
  return seen
}

/** What the server did wrong in a run, in words. `killed`: by the user's command. */
const wrongsOf = ({ gateway }: RunResult, killed: boolean): ReadonlyArray<string> => {
  if (gateway === undefined) return []
  return [
    ...Object.entries(gateway.lies).map(([kind, count]) => `${plural(count, "page")} with ${kind}`),
    ...gateway.losses.flatMap(({ broken, why }) => (broken ? [why] : [])),
    ...(gateway.lostPages > 0 && !killed ? [`${plural(gateway.lostPages, "page")} gone although nobody killed it`] : [])
  ]
}

/** Makes the runs. Rejects only through a fault of swaplab. */
export const soakRuns = async (options: SoakOptions): Promise<Soaked> => {
  const { firstSeed, kernel, loaded: { file, scenario, workloads }, uri } = options
  const places = placesIn(uri, scenario, kernel)
  const exports = [...new Set(places.map(({ name }) => name))]
  const counts = new Map(options.faults.map((name) => [name, { name, made: 0, hit: 0 }]))
  const outcomes: Record<string, number> = {}
  const findings: Array<ServerSoak["findings"][number]> = []
  const failed: Array<RunResult> = []
  const laws = new Set<string>()
  const sum = { simulatedNs: 0, requests: 0, errors: 0, lost: 0, passPages: 0, passesEnded: 0, late: 0, lostToKills: 0 }
  let runs = 0
  let refused: string | null = null
  const soaked = (ended: ServerSoak["ended"]): ServerSoak => ({
    server: uri.text,
    file,
    firstSeed,
    runs,
    clients: places.length,
    ...sum,
    faults: [...counts.values()],
    notMade: options.notMade,
    outcomes,
    findings,
    brokenLaws: [...laws],
    ended
  })

  const one = async (seed: number): Promise<void> => {
    const driver = new FaultDriver(
      drawFaults(seed, options.faults, scenario.duration),
      exports,
      options.control,
      options.command
    )
    const spent = threadCpuSeconds()
    let now = 0
    const run = await pacedRun(
      scenario,
      kernel,
      seed,
      {
        progress: ({ simulatedNs }) => {
          now = simulatedNs
          driver.look(now)
        },
        shouldStop: () => options.timeUp() || options.interrupted() || driver.failed !== null,
        cpuSeconds: () => threadCpuSeconds() - spent,
        checked: true
      },
      uri,
      places,
      { workloads },
      () => driver.heal(now)
    )
    refused = driver.failed
    runs++
    const { gateway, laws: held, outcome, serverTrace, simulatedNs } = run
    if (gateway === undefined || serverTrace === undefined) return
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    for (const { holds, law } of held) if (!holds) laws.add(law)
    for (const made of driver.made) {
      const count = counts.get(made.name)
      if (count === undefined) continue
      count.made++
      if (FAULT_ROWS[made.name].hit(seenIn(serverTrace, made))) count.hit++
    }
    const killed = driver.made.some(({ name }) => name === "kill")
    sum.simulatedNs += simulatedNs
    sum.requests += gateway.reads + gateway.writes
    sum.errors += gateway.errors
    sum.lost += gateway.connectionsLost
    sum.passPages += gateway.finalPass?.pages ?? 0
    if (gateway.finalPass?.ended != null) sum.passesEnded++
    if (fellBehind(run) !== null) sum.late++
    if (killed) sum.lostToKills += gateway.lostPages
    const wrongs = wrongsOf(run, killed)
    for (const what of wrongs) findings.push({ seed, what })
    if (wrongs.length > 0 && failed.length < KEPT) failed.push(run)
  }

  await warmUp(scenario, kernel, firstSeed, { workloads })
  for (let seed = firstSeed; runs < options.runs; seed++) {
    if (options.timeUp()) return { soak: soaked("time"), failed, refused }
    await one(seed)
    if (options.interrupted()) return { soak: soaked("interrupted"), failed, refused }
    if (refused !== null || (options.untilFailure && findings.length > 0)) {
      return { soak: soaked("failure"), failed, refused }
    }
    options.onRun(soaked("runs"))
  }
  return { soak: soaked("runs"), failed, refused }
}
