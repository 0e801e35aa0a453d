import type { ClientResult, RunResult } from "@swaplab/cluster"
import { renderReport } from "@swaplab/report"
import { expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

const TITLE = "Connections lost, requests failed (first seed of each kernel)"
const QUIET = {
  disconnects: 0,
  reconnects: 0,
  connectsRefused: 0,
  connectsTimedOut: 0,
  connectsFailed: 0,
  downNs: 0,
  rebootsWanted: 0,
  requestsFailed: 0,
  swapReadErrors: 0,
  swapWriteErrors: 0,
  sigbusKills: 0,
  lostPages: 0,
  lostSwap: []
} as const

/** The section of the report where the first client of each run has this connection. */
const sectionOf = (connection: ClientResult["connection"]): string | null => {
  const experiment = fakeExperiment()
  const report = renderReport({
    ...experiment,
    runs: experiment.runs.map((run): RunResult => ({
      ...run,
      clients: run.clients.map((client, i) => i === 0 ? { ...client, connection } : client)
    }))
  }, { width: 200, colour: false })
  const at = report.indexOf(TITLE)
  return at < 0 ? null : report.slice(at).split("\n\n")[0]
}

it("is silent where every connection held", () => expect(sectionOf(null)).toBe(null))

it("says of a client what happened, and nothing of what did not", () => {
  const text = sectionOf({
    ...QUIET,
    disconnects: 1,
    reconnects: 1,
    downNs: 3.2e9,
    connectsRefused: 2,
    connectsTimedOut: 1,
    requestsFailed: 65,
    swapWriteErrors: 948,
    sigbusKills: 4
  })
  expect(text?.replaceAll(/\s+/g, " ")).toContain(
    "client-1 lost once, made again once, 3.20 s without, 3 attempts that failed, 65 requests failed, "
      + "948 pages not written, 4 programs killed by SIGBUS"
  )
  expect(text).not.toContain("zeroes")
})

it("says of a connection that nobody made again just that", () => {
  expect(sectionOf({ ...QUIET, disconnects: 2, downNs: 120e9 })?.replaceAll(/\s+/g, " ")).toContain(
    "client-1 lost 2 times, never made again, 120 s without"
  )
})

it("tells lost swap with who noticed it and what at the server was the reason", () => {
  const text = sectionOf({
    ...QUIET,
    lostPages: 14,
    lostSwap: [{
      event: "server stopped",
      eventNs: 0.3e9,
      pagesForgotten: 8532,
      noticedNs: 2.314e9,
      task: "client-1 usemem-1",
      programs: 4
    }]
  })
  expect(text?.replaceAll(/\s+/g, " ")).toContain(
    "client-1: 4 programs found zeroes (first client-1 usemem-1 at 2.314 s). Cause: server stopped at 0.300 s, 8532 pages "
      + "forgotten. The client is not to blame."
  )
})
