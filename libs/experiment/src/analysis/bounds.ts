// Operational laws beside a curve over a number of clients (Denning and Buzen; Lazowska et al., chapters 3 and 5).
//
// X(N) <= min(N / (D + Z), 1 / Dmax). The demand D of a request at a resource is its busy time over the requests, U / X, taken
// where the fewest clients are. N / (D + Z) is what N clients do that are in nobody's way: (D + Z) is taken from the fewest
// clients too, as N / X there, since a client here has many requests on the way at once and no think time is known; where
// those few are in each other's way already, that bound is too low.
// A run above a bound by more than its interval shows that a demand is not what it is alone: requests that are merged, a page
// cache that serves several, a disk that reads ahead.
// Several servers: D is the demand of a request at the server that it goes to, the sum of all busy times over all requests. The busiest
// server, with a share V of the requests, can answer 1 / D of them a second, so that all together answer 1 / (V D). V is that of the run
// itself (forced flow law), because a hash shares clients among servers unevenly, and differently for each number of clients.
import { clientsOf } from "@swaplab/cluster"
import type { CellResult } from "../cell.ts"
import { endedRuns } from "../outcome-counts.ts"
import type { ClientSpread } from "../run-metrics.ts"
import { type Estimate, meanEstimate } from "../statistics.ts"
import type { SweepCell, SweepResult } from "../sweep/sweep.ts"
import { type Curve, curvesOf } from "./curves.ts"

/** What can be busy in a server, by the metric of its use. */
const RESOURCES = {
  "server.linkOutUtilisation": "link to the clients",
  "server.linkInUtilisation": "link from the clients",
  "server.cpuUtilisation": "CPUs",
  "server.diskUtilisation": "disk"
} as const

type Resource = keyof typeof RESOURCES

const X = "server.throughputPerSecond"

/** One number of clients on a curve. */
export interface BoundPoint {
  readonly n: number
  /** Requests a second. */
  readonly throughput: Estimate
  readonly bound: number
  /** Whether the run is above it by more than its interval. */
  readonly above: boolean
  /** Share of the requests that the busiest server got: 1 of one server. */
  readonly share: number
  /** The busiest resource there, and its use; of several servers at the one where it is busiest. */
  readonly busiest: string
  readonly utilisation: number
  /** |L - X W| / L of the server: Little's law over the same window. Null: there are several, each checked by its run. */
  readonly littleError: number | null
}

/** The bounds of a curve. */
export interface Bounds {
  readonly curve: string
  /** Seconds of a request at each resource where the fewest clients are, the largest first. */
  readonly demands: ReadonlyArray<{ readonly resource: string; readonly seconds: number }>
  /** D + Z in seconds: clients over throughput, where the fewest are. */
  readonly cycleSeconds: number
  readonly servers: number
  /** 1 / Dmax: what one server can answer a second. */
  readonly most: number
  /** Clients at which the two bounds meet, with the share of the busiest server where the most clients are. */
  readonly knee: number
  readonly points: ReadonlyArray<BoundPoint>
}

/** More than this between both sides of Little's law is worth a word. */
export const MOST_LITTLE_ERROR = 0.02

const spreadOf = ({ metrics }: CellResult, name: string): ClientSpread | null => {
  const value = metrics[name]
  return typeof value === "object" ? value : null
}

const meanOf = (runs: ReadonlyArray<CellResult>, name: string): Estimate =>
  meanEstimate(runs.flatMap((run) => spreadOf(run, name)?.mean ?? []))

/** Means over runs of what is most at a server. */
const mostOf = (runs: ReadonlyArray<CellResult>, name: string): number =>
  meanEstimate(runs.flatMap((run) => spreadOf(run, name)?.max ?? [])).value

/** Clients and servers of a place. */
const sizesOf = (result: SweepResult, cell: SweepCell): { readonly n: number; readonly servers: number } => {
  const planned = result.plan.cells.find(({ field, kernel }) => field === cell.field && kernel === cell.kernel)
  const scenario = planned?.jobs[0]?.loaded.scenario
  if (scenario === undefined) return { n: 0, servers: 1 }
  const servers = (scenario.servers ?? [{}]).reduce<number>(
    (sum, entry) => sum + ("count" in entry ? entry.count ?? 1 : 1),
    0
  )
  return { n: clientsOf(scenario, cell.kernel).length, servers }
}

/** Requests a second at all servers together. */
const throughputOf = (runs: ReadonlyArray<CellResult>, servers: number): Estimate =>
  meanEstimate(runs.flatMap((run) => {
    const spread = spreadOf(run, X)
    return spread === null ? [] : [spread.mean * servers]
  }))

const resources = Object.keys(RESOURCES) as ReadonlyArray<Resource>

const boundsOf = (result: SweepResult, { cells, name }: Curve): Bounds | null => {
  const places = cells.flatMap((cell) => {
    const runs = cell === undefined ? [] : endedRuns(cell.runs)
    return cell === undefined || runs.length === 0 ? [] : [{ runs, ...sizesOf(result, cell) }]
  }).toSorted((a, b) => a.n - b.n)
  if (places.length < 2 || places[0].n === places.at(-1)?.n) return null
  const [fewest] = places
  const { servers } = fewest
  if (places.some((place) => place.servers !== servers)) return null
  const least = throughputOf(fewest.runs, servers).value
  if (!(least > 0)) return null
  const demands = resources.map((resource) => ({
    resource: RESOURCES[resource],
    seconds: meanOf(fewest.runs, resource).value * servers / least
  })).toSorted((a, b) => b.seconds - a.seconds)
  const most = 1 / demands[0].seconds
  const cycleSeconds = fewest.n / least
  const points = places.map(({ n, runs }): BoundPoint => {
    const throughput = throughputOf(runs, servers)
    const share = servers === 1 ? 1 : mostOf(runs, X) / throughput.value
    const bound = Math.min(n / cycleSeconds, most / share)
    const uses = resources.map((resource) => [RESOURCES[resource], mostOf(runs, resource)] as const)
    const [busiest, utilisation] = uses.reduce((a, b) => (b[1] > a[1] ? b : a))
    const inSystem = meanOf(runs, "server.meanInSystem").value
    const residence = meanOf(runs, "server.meanResidence").value
    const product = Number.isNaN(residence) ? 0 : throughput.value * residence / 1e9
    const low = Number.isFinite(throughput.low) ? throughput.low : throughput.value
    return {
      n,
      throughput,
      bound,
      share,
      above: low > bound * 1.001,
      busiest,
      utilisation,
      littleError: servers > 1 ? null : inSystem === 0 ? 0 : Math.abs(inSystem - product) / inSystem
    }
  })
  const share = points.at(-1)?.share ?? 1
  return { curve: name, demands, cycleSeconds, servers, most, knee: cycleSeconds * most / share, points }
}

/** The bounds of every curve of a sweep over a number of clients; none for other sweeps. */
export const sweepBounds = (result: SweepResult): ReadonlyArray<Bounds> =>
  curvesOf(result).flatMap((curve) => boundsOf(result, curve) ?? [])
