// Collects what became of the connections of a client to its servers.
import type { LostSwap } from "@swaplab/kernel"
import type { SwapExport } from "@swaplab/server-model"
import type { ClientRun } from "./client-run.ts"
import type { ConnectionResult, LostSwapResult } from "./connection-result.ts"
import { figuresOf } from "./machine-figures.ts"

/** Null: nothing of all that happened. */
export const connectionResult = ({ client, measured }: ClientRun): ConnectionResult | null => {
  const { connection: { rebootsWanted, served } } = client
  const of = figuresOf(client)
  const result: ConnectionResult = {
    disconnects: of.disconnects,
    reconnects: of.reconnects,
    connectsRefused: of.connectsRefused,
    connectsTimedOut: of.connectsTimedOut,
    connectsFailed: of.connectsFailed,
    downNs: of.downNs,
    rebootsWanted,
    requestsFailed: of.requestsFailed,
    swapReadErrors: of.readErrors,
    swapWriteErrors: of.writeErrors,
    sigbusKills: measured.exits.filter((exit) => exit === "sigbus").length,
    lostPages: of.lostPages,
    lostSwap: lostSwap(of.lostSwap, served)
  }
  return Object.values(result).every((value) => value === 0 || (Array.isArray(value) && value.length === 0))
    ? null
    : result
}

/** By the event at the server. */
const lostSwap = (lost: ReadonlyArray<LostSwap>, served: SwapExport): ReadonlyArray<LostSwapResult> => {
  const { events } = served.server.life
  return [...new Set(lost.map(({ event }) => event))].map((number) => {
    const found = lost.filter(({ event }) => event === number)
    const event = events[number - 1]
    return {
      event: event.what,
      eventNs: event.atNs,
      pagesForgotten: event.pagesLost,
      noticedNs: found[0].timeNs,
      task: found[0].task,
      programs: found.length
    }
  })
}
