// What a run says of the server outside behind its gateway: plain data, made of the trace alone, so that a replay says the same.
import { Command } from "@swaplab/nbd"
import { type Lie, type LieKind, RemoteEvent, type ServerTraceData } from "@swaplab/server-model"
import type { ClusterRun } from "./cluster-run.ts"
import type { LatencySummary } from "./latency-summary.ts"
import { LatencyHistogram } from "./latency.ts"
import type { RunResult } from "./result.ts"

/** How well the run kept to the clock of the host. */
interface PaceResult {
  /** How far it ever was behind. */
  readonly behindMaxNs: number
  /** How long the clock was held in all, as a share of the run's time, because the run was behind while the server had nothing to do. */
  readonly heldShare: number
  /** For how much of the run it was ready to go on while other programs had its processor; null: the host does not say. */
  readonly cpuWaitShare: number | null
  /** How late its requests left the gateway. */
  readonly lateness: LatencySummary
}

/** Bounds of `PaceResult` beyond which a run is not judged: its own lateness is then a part of what was measured. */
export const MAX_LATENESS_P999_NS = 10e6
export const MAX_BEHIND_NS = 500e6
export const MAX_HELD_SHARE = 0.02

/** What the server held when everything that it had acknowledged was read once more, behind a flush. */
export interface FinalPass {
  readonly pages: number
  readonly wrong: ReadonlyArray<Lie>
  /** Pages that could not be read, and why the pass ended early; null: it did not. */
  readonly ended: string | null
}

/** The server outside, as the gateway saw it. */
export interface GatewayResult {
  /** What it was called with. */
  readonly server: string
  /** The run was made again from a trace. */
  readonly replayed: boolean
  readonly reads: number
  readonly writes: number
  /** Replies with an error. */
  readonly errors: number
  /** From when a request left the gateway until its reply was there, in time of the host. */
  readonly readLatency: LatencySummary
  readonly writeLatency: LatencySummary
  readonly pace: PaceResult
  readonly connectionsOpened: number
  readonly connectionsRefused: number
  readonly connectionsLost: number
  /** Why connections were lost or refused, and whether the server broke the protocol; each text once. */
  readonly losses: ReadonlyArray<{ readonly why: string; readonly broken: boolean; readonly count: number }>
  /** Pages that came back with another content than was acknowledged, by kind; the first ones. */
  readonly lies: Readonly<Partial<Record<LieKind, number>>>
  readonly firstLies: ReadonlyArray<Lie>
  /** Pages that the server no longer had after a connection had been lost. */
  readonly lostPages: number
  /** Null: there was none. */
  readonly finalPass: FinalPass | null
}

/** Lies that a result names. */
const NAMED_LIES = 20

/** What is known besides the trace. */
export interface GatewayFacts {
  readonly server: string
  readonly replayed: boolean
  readonly behindMaxNs: number
  readonly heldNs: number
  readonly cpuWaitNs: number | null
  readonly finalPass: FinalPass | null
}

const lossesOf = ({ losses }: ServerTraceData): GatewayResult["losses"] => {
  const counts = new Map<string, { why: string; broken: boolean; count: number }>()
  for (const { broken, why } of losses) {
    const known = counts.get(why) ?? { why, broken, count: 0 }
    known.count++
    counts.set(why, known)
  }
  return [...counts.values()]
}

/** The result of a run with a gateway: with the server's side, and as a corruption where the server has lied. */
export const withGateway = (run: ClusterRun, result: RunResult, facts: GatewayFacts, stopped: boolean): RunResult => {
  const { gateway } = run
  const trace = gateway.trace.data(run.now, stopped)
  const read = new LatencyHistogram()
  const write = new LatencyHistogram()
  const late = new LatencyHistogram()
  let errors = 0
  for (let row = 0; row < trace.event.length; row++) {
    if (trace.event[row] !== RemoteEvent.Replied) continue
    late.record(trace.lateNs[row])
    if (trace.error[row] !== 0) errors++
    else if (trace.type[row] === Command.Read) read.record(trace.latencyNs[row])
    else if (trace.type[row] === Command.Write) write.record(trace.latencyNs[row])
  }
  const firstLies = [...gateway.lies, ...facts.finalPass?.wrong ?? []]
  const kinds = new Map(gateway.lieCounts)
  for (const { kind } of facts.finalPass?.wrong ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const losses = lossesOf(trace)
  const lied = firstLies.length > 0 || losses.some(({ broken }) => broken)
  // of the host's time: the clock stands while it is held
  const tookNs = Math.max(1, result.simulatedNs + facts.heldNs)
  return {
    ...result,
    outcome: lied ? "corruption" : result.outcome,
    // what a server that lies gives back is no fault of swaplab
    laws: lied ? result.laws.filter(({ law }) => law !== "swap tokens") : result.laws,
    serverTrace: trace,
    gateway: {
      server: facts.server,
      replayed: facts.replayed,
      reads: read.count,
      writes: write.count,
      errors,
      readLatency: read.summary(),
      writeLatency: write.summary(),
      pace: {
        behindMaxNs: facts.behindMaxNs,
        heldShare: facts.heldNs / tookNs,
        cpuWaitShare: facts.cpuWaitNs === null ? null : facts.cpuWaitNs / tookNs,
        lateness: late.summary()
      },
      connectionsOpened: gateway.opened,
      connectionsRefused: gateway.refused,
      connectionsLost: gateway.lost,
      losses,
      lies: Object.fromEntries(kinds),
      firstLies: firstLies.slice(0, NAMED_LIES),
      lostPages: gateway.lostPages,
      finalPass: facts.finalPass
    }
  }
}

/** Why a run cannot be judged: its host could not keep up; null: it could. */
export const fellBehind = ({ gateway }: Pick<RunResult, "gateway">): string | null => {
  if (gateway === undefined) return null
  const { behindMaxNs, heldShare, lateness: { p999Ns } } = gateway.pace
  const ms = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`
  const why: Array<string> = []
  if (p999Ns !== null && p999Ns > MAX_LATENESS_P999_NS) {
    why.push(`requests left the gateway up to ${ms(p999Ns)} late (p99.9), expected at most ${ms(MAX_LATENESS_P999_NS)}`)
  }
  if (heldShare > MAX_HELD_SHARE) {
    const [held, most] = [heldShare, MAX_HELD_SHARE].map((share) => `${(100 * share).toFixed(1)} %`)
    why.push(`the clock was held for ${held} of the run while the server had nothing to do, expected at most ${most}`)
  }
  if (behindMaxNs > MAX_BEHIND_NS) {
    why.push(`the run was up to ${ms(behindMaxNs)} behind the clock, expected at most ${ms(MAX_BEHIND_NS)}`)
  }
  return why.length === 0 ? null : why.join("; ")
}
