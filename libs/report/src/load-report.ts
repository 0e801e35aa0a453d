// What a load did to servers, in the form of fio: for each server a block, and all of them side by side.
import type { LatencySummary } from "@swaplab/cluster"
import { plural } from "@swaplab/config"
import { type Block, type Document, item, key, paragraph, right, type Row, section, table } from "./document.ts"
import { latency, NONE } from "./format.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** One direction of a load. */
export interface LoadDirection {
  readonly bytes: number
  readonly latency: LatencySummary
}

/** What a load did to one server. */
export interface LoadedServer {
  /** Its URI, or "model". */
  readonly server: string
  readonly runtimeNs: number
  readonly read: LoadDirection
  readonly write: LoadDirection
  readonly errors: number
  /** Requests of the plan that were sent, and one number for each client's sequence of them. */
  readonly sent: number
  readonly sequences: ReadonlyArray<number>
  /** How late requests left; how long they were held for the server. Null: of the model, which is never late. */
  readonly lateness: LatencySummary | null
  readonly held: LatencySummary | null
  /** What was wrong with it, in words. */
  readonly wrong: ReadonlyArray<string>
  /** Pages read back at the end. */
  readonly passPages: number
}

/** A load and all servers that it was sent to. */
export interface LoadResult {
  readonly title: string
  readonly clients: number
  readonly planned: number
  readonly servers: ReadonlyArray<LoadedServer>
  /** How late requests left against a server that does nothing. */
  readonly nullLateness: LatencySummary
  /** Beyond it a result is refused. */
  readonly boundNs: number
}

/** A load whose generator was too late to say anything about servers. */
export const tooLate = ({ boundNs, nullLateness, servers }: LoadResult): boolean =>
  (nullLateness.p999Ns ?? 0) > boundNs || servers.some(({ lateness }) => (lateness?.p999Ns ?? 0) > boundNs)

/** Whether every client asked every server for the same, in the same order. */
const sameSequence = ({ servers: [first, ...others] }: LoadResult): boolean =>
  others.every(({ sequences }) => sequences.join() === first?.sequences.join())

const perSecond = (count: number, ns: number): number => (ns === 0 ? 0 : count / ns * 1e9)

const PERCENTILES = [["50.00", "p50Ns"], ["90.00", "p90Ns"], ["95.00", "p95Ns"], ["99.00", "p99Ns"], [
  "99.90",
  "p999Ns"
]] as const

const usec = (ns: number | null): string => ns === null ? NONE : (ns / 1000).toFixed(ns < 99_950 ? 1 : 0)

const direction = (what: string, { bytes, latency: of }: LoadDirection, ns: number): ReadonlyArray<Block> => {
  const rate = perSecond(bytes, ns)
  const mib = (value: number): string => (value / 2 ** 20).toFixed(1)
  return [
    item(
      `  ${what}: IOPS=${perSecond(of.count, ns).toFixed(0)}, BW=${mib(rate)}MiB/s (${(rate / 1e6).toFixed(1)}MB/s)(${
        mib(bytes)
      }MiB/${(ns / 1e6).toFixed(0)}msec)`
    ),
    item(`    clat (usec): max=${usec(of.maxNs)}, avg=${usec(of.meanNs)}, N=${of.count}`),
    item(`    clat percentiles (usec):`),
    item(
      `     | ${PERCENTILES.slice(0, 3).map(([name, of_]) => `${name}th=[${usec(of[of_]).padStart(7)}]`).join(", ")},`
    ),
    item(`     | ${PERCENTILES.slice(3).map(([name, of_]) => `${name}th=[${usec(of[of_]).padStart(7)}]`).join(", ")}`)
  ]
}

const block = ({ title }: LoadResult, at: LoadedServer): Document => [
  ...section(`${at.server}: ${title}: err=${at.errors}`, [
    ...direction("read", at.read, at.runtimeNs),
    ...direction("write", at.write, at.runtimeNs),
    ...(at.lateness === null || at.held === null ? [] : [
      item(`  sent late: p99.9 ${latency(at.lateness.p999Ns)}, max ${latency(at.lateness.maxNs)}`),
      item(`  held for the server: ${at.held.count} of ${at.sent}, p99.9 ${latency(at.held.p999Ns)}`),
      item(`  read back at the end: ${plural(at.passPages, "page")}`)
    ]),
    ...at.wrong.map((words) => item(`  ${words}`, "bad"))
  ])
]

const sideBySide = (result: LoadResult): ReadonlyArray<Block> => {
  if (result.servers.length < 2) return []
  const columns = [
    key("server"),
    ...["reads/s", "read p50", "read p99", "writes/s", "write p50", "write p99", "requests"].map(right)
  ]
  const rows = result.servers.map((at): Row => [
    at.server,
    perSecond(at.read.latency.count, at.runtimeNs).toFixed(0),
    latency(at.read.latency.p50Ns),
    latency(at.read.latency.p99Ns),
    perSecond(at.write.latency.count, at.runtimeNs).toFixed(0),
    latency(at.write.latency.p50Ns),
    latency(at.write.latency.p99Ns),
    `${at.sent}`
  ])
  return [
    table(columns, rows),
    paragraph(
      sameSequence(result)
        ? `Each of ${plural(result.clients, "client")} asked every server for the same, in the same order.`
        : "The servers were not all asked for the same: one of them ended connections, or the load was ended."
    )
  ]
}

/** The report of a load; it ends with a line feed. */
export const renderLoad = (result: LoadResult, sheet: Sheet = PLAIN): string =>
  drawText([
    ...result.servers.flatMap((at) => block(result, at)),
    ...section("Side by side", sideBySide(result)),
    ...section("The generator's own error", [
      paragraph(
        `Against a server that does nothing, requests left ${
          latency(result.nullLateness.p999Ns)
        } late (p99.9), at most ${latency(result.nullLateness.maxNs)}.`
      ),
      tooLate(result)
        ? item(
          `  Refused: more than ${latency(result.boundNs)} late (p99.9) says more about this host than about a server.`,
          "bad"
        )
        : item(`  Within the bound of ${latency(result.boundNs)} (p99.9).`, "good")
    ])
  ], sheet)

const fioDirection = ({ bytes, latency: of }: LoadDirection, ns: number) => ({
  io_bytes: bytes,
  bw_bytes: Math.round(perSecond(bytes, ns)),
  bw: Math.round(perSecond(bytes, ns) / 1024),
  iops: perSecond(of.count, ns),
  runtime: Math.round(ns / 1e6),
  total_ios: of.count,
  clat_ns: {
    max: of.maxNs ?? 0,
    mean: of.meanNs ?? 0,
    N: of.count,
    // as fio has it: of nothing there are no percentiles, and the rest is 0
    ...(of.count > 0 && {
      percentile: {
        "50.000000": of.p50Ns,
        "90.000000": of.p90Ns,
        "95.000000": of.p95Ns,
        "99.000000": of.p99Ns,
        "99.900000": of.p999Ns
      }
    })
  }
})

/** The same in the shape of fio's --output-format=json, as far as it fits; what fio does not know is under `swaplab`. */
export const loadJson = (result: LoadResult, version: string): object => ({
  "fio version": `swaplab-${version}`,
  jobs: result.servers.map((at, groupid) => ({
    jobname: at.server,
    groupid,
    error: at.errors,
    read: fioDirection(at.read, at.runtimeNs),
    write: fioDirection(at.write, at.runtimeNs)
  })),
  swaplab: {
    title: result.title,
    planned: result.planned,
    refused: tooLate(result),
    sameSequence: sameSequence(result),
    boundNs: result.boundNs,
    nullLateness: result.nullLateness,
    servers: result.servers.map(({ held, lateness, passPages, sent, sequences, server, wrong }) => ({
      server,
      sent,
      sequences,
      lateness,
      held,
      passPages,
      wrong
    }))
  }
})
