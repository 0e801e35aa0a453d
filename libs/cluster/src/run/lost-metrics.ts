// The metrics of connections that were lost, and of what was done to servers.
import { TIME } from "@swaplab/config"
import type { ConnectionResult } from "./connection-result.ts"
import { client, type Metric, type MetricUnit, server } from "./metric.ts"

const lost = (unit: MetricUnit, meaning: string, of: (connection: ConnectionResult) => number): Metric =>
  client(unit, meaning, ({ connection }) => connection === null ? 0 : of(connection))

export const LOST_METRICS = {
  "client.disconnects": lost(null, "times that a device lost its connection", (c) => c.disconnects),
  "client.reconnects": lost(null, "times that it was made again", (c) => c.reconnects),
  "client.connectionDown": lost(TIME, "time without a connection", (c) => c.downNs),
  "client.requestsFailed": lost(null, "block requests that ended with an error", (c) => c.requestsFailed),
  "client.swapReadErrors": lost(null, "pages that could not be read from swap", (c) => c.swapReadErrors),
  "client.swapWriteErrors": lost(null, "pages that could not be written to swap", (c) => c.swapWriteErrors),
  "client.sigbusKills": lost(null, "programs killed for such a page", (c) => c.sigbusKills),
  "client.lostPages": lost(null, "pages of swap read as zeroes, forgotten by the server", (c) => c.lostPages),
  "server.connectionsKilled": server(
    null,
    "connections whose processes were killed",
    (s) => s.result.troubles.connectionsKilled
  ),
  "server.connectsRefused": server(
    null,
    "connections asked for while nobody listened",
    (s) => s.result.troubles.connectsRefused
  ),
  "server.requestsUnanswered": server(
    null,
    "requests that were read and not answered",
    (s) => s.result.troubles.requestsUnanswered
  ),
  "server.errorsInjected": server(null, "requests that failed on purpose", (s) => s.result.troubles.errorsInjected),
  "server.requestsSlowed": server(
    null,
    "requests to a disk while it was slow",
    (s) => s.result.troubles.requestsSlowed
  ),
  "server.pagesForgotten": server(null, "pages of swap that it forgot", (s) => s.result.troubles.pagesForgotten)
} as const satisfies Readonly<Record<string, Metric>>
