// The real server behind the gateway of a run, and how well the run kept to the clock.
import {
  fellBehind,
  type GatewayResult,
  MAX_BEHIND_NS,
  MAX_HELD_SHARE,
  MAX_LATENESS_P999_NS,
  type RunResult
} from "@swaplab/cluster"
import { plural } from "@swaplab/config"
import { type ExperimentResult, runsOf } from "@swaplab/experiment"
import { type Block, item, key, left, paragraph, right, type Row, table } from "./document.ts"
import { latency, percent } from "./format.ts"

/** Lies, and reasons for lost connections, that are named. */
const NAMED = 5

const LIE_WORDS = {
  damaged: "came back damaged",
  "forgotten write": "came back as before a write that was acknowledged",
  zeroes: "came back as zeroes",
  "wrong page": "came back with another page's content"
} as const

const pages = (count: number): string => plural(count, "page")

/** Everything that the server has done wrong, in lines. */
const wrongs = (gateway: GatewayResult): ReadonlyArray<Block> => {
  const { finalPass, firstLies, lies, losses } = gateway
  return [
    ...Object.entries(LIE_WORDS).flatMap(([kind, words]) => {
      const count = lies[kind as keyof typeof LIE_WORDS] ?? 0
      if (count === 0) return []
      const named = firstLies.filter((lie) => lie.kind === kind).slice(0, NAMED)
      const where = named.map(({ client, page }) => `${client} page ${page}`).join(", ")
      return [
        item(`  the server lies: ${pages(count)} ${words}: ${where}${count > named.length ? ", ..." : ""}`, "bad")
      ]
    }),
    ...losses.slice(0, NAMED).map(({ broken, count, why }) =>
      item(`  ${broken ? "the server lies" : "connection lost or refused"}: ${why} (${count})`, broken ? "bad" : "warn")
    ),
    ...(losses.length > NAMED ? [item(`  and ${plural(losses.length - NAMED, "other reason")}`, "warn")] : []),
    ...(finalPass?.ended == null ? [] : [item(`  the last pass ended early: ${finalPass.ended}`, "warn")])
  ]
}

const passWords = ({ finalPass, replayed }: GatewayResult): string => {
  if (finalPass === null) return ""
  const { wrong } = finalPass
  return `${replayed ? "Made again from a trace. " : ""}Last pass, behind a flush: ${
    pages(finalPass.pages)
  } read back, ${wrong.length === 0 ? "none" : wrong.length} wrong.`
}

const cpuWaitWords = ({ cpuWaitShare }: GatewayResult["pace"]): string =>
  cpuWaitShare === null ? "" : ` Other programs had its processor for ${percent(cpuWaitShare)}.`

const linesOf = (run: RunResult, gateway: GatewayResult): ReadonlyArray<Block> => {
  const { connectionsLost, connectionsOpened, connectionsRefused, lostPages, pace, server } = gateway
  const behind = fellBehind(run)
  return [
    paragraph(
      `${run.kernel}: ${server}; ${plural(connectionsOpened, "connection")} made, ${connectionsRefused} refused, `
        + `${connectionsLost} lost, ${pages(lostPages)} gone with them. ${passWords(gateway)}`
    ),
    item(
      `  Behind the clock: requests ${latency(pace.lateness.p999Ns)} (p99.9), the run ${
        latency(pace.behindMaxNs)
      } at most. The clock was held for ${percent(pace.heldShare)} of the run.${cpuWaitWords(pace)}`,
      behind === null ? "good" : "bad"
    ),
    ...wrongs(gateway)
  ]
}

/** The real server of each kernel's first seed. Nothing where none took part. */
export const gatewayTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const found = result.plan.kernels.flatMap((kernel) =>
    runsOf(result.runs, kernel).slice(0, 1).flatMap((
      run
    ) => (run.gateway === undefined ? [] : [{ run, of: run.gateway }]))
  )
  if (found.length === 0) return []
  const rows = found.flatMap(({ of, run }): ReadonlyArray<Row> =>
    ([["read", of.readLatency], ["write", of.writeLatency]] as const).map((
      [what, { count, maxNs, p50Ns, p99Ns, p999Ns }]
    ) => [
      run.kernel,
      what,
      `${count}`,
      (count / Math.max(1, run.simulatedNs) * 1e9).toFixed(0),
      latency(p50Ns),
      latency(p99Ns),
      latency(p999Ns),
      latency(maxNs),
      what === "read" ? `${of.errors}` : ""
    ])
  )
  const columns = [
    key("kernel"),
    left("what"),
    ...["requests", "per s", "p50", "p99", "p99.9", "max", "errors"].map(right)
  ]
  return [
    table(columns, rows),
    paragraph(
      "Latency of the server: from when a request left the gateway until its reply was there. A run is not judged where requests "
        + `left more than ${latency(MAX_LATENESS_P999_NS)} late (p99.9), the run was more than ${
          latency(MAX_BEHIND_NS)
        } behind, or the clock was held for more than ${
          percent(MAX_HELD_SHARE)
        } of the run because the run was behind while `
        + "the server had nothing to do."
    ),
    ...found.flatMap(({ of, run }) => linesOf(run, of))
  ]
}
