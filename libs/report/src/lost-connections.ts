// Clients whose connection to a server was lost, or whose requests failed: a line each, and the swap that a server forgot.
import type { ClientResult, RunResult } from "@swaplab/cluster"
import { plural, times } from "@swaplab/config"
import { type ExperimentResult, runsOf } from "@swaplab/experiment"
import { type Block, key, paragraph, prose, type Row, table } from "./document.ts"
import { latency, moment } from "./format.ts"

type Connection = NonNullable<ClientResult["connection"]>

/** Clients of a kernel that are shown. */
const MAX_CLIENTS = 20

/** What happened, as far as it did: a figure in words. */
const HAPPENED: ReadonlyArray<readonly [of: (c: Connection) => number, words: (n: number, c: Connection) => string]> = [
  [
    (c) => c.disconnects,
    (n, c) => `lost ${times(n)}, ${c.reconnects === 0 ? "never made again" : `made again ${times(c.reconnects)}`}`
  ],
  [(c) => c.downNs, (n) => `${latency(n)} without`],
  [
    (c) => c.connectsRefused + c.connectsTimedOut + c.connectsFailed,
    (n) => plural(n, "attempt that failed", "attempts that failed")
  ],
  [(c) => c.rebootsWanted, (n) => plural(n, "reboot wanted", "reboots wanted")],
  [(c) => c.requestsFailed, (n) => plural(n, "request failed", "requests failed")],
  [(c) => c.swapReadErrors, (n) => plural(n, "page not read", "pages not read")],
  [(c) => c.swapWriteErrors, (n) => plural(n, "page not written", "pages not written")],
  [(c) => c.sigbusKills, (n) => plural(n, "program killed by SIGBUS", "programs killed by SIGBUS")],
  [(c) => c.lostPages, (n) => plural(n, "page read as zeroes", "pages read as zeroes")]
]

const words = (connection: Connection): string =>
  HAPPENED.flatMap(([of, say]) => {
    const n = of(connection)
    return n === 0 ? [] : [say(n, connection)]
  }).join(", ")

const lostSwap = (kernel: string, { name, connection }: ClientResult): ReadonlyArray<Block> =>
  (connection?.lostSwap ?? []).flatMap(({ event, eventNs, noticedNs, pagesForgotten, programs, task }) =>
    paragraph(
      `lost swap, ${kernel}, ${name}: ${plural(programs, "program")} found zeroes (first ${task} at ${
        moment(noticedNs)
      }). Cause: ${event} at ${moment(eventNs)}, ${
        plural(pagesForgotten, "page")
      } forgotten. The client is not to blame.`
    )
  )

/** Nothing where every connection held. */
export const lostConnectionTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const { kernels } = result.plan
  const all = kernels.flatMap((kernel) => {
    const [first]: ReadonlyArray<RunResult | undefined> = runsOf(result.runs, kernel)
    return (first?.clients ?? []).map((client) => ({ kernel, client })).filter(({ client }) =>
      client.connection !== null
    )
  })
  if (all.length === 0) return []
  const rows = all.slice(0, MAX_CLIENTS).map(({ client, kernel }): Row => [
    kernel,
    client.name,
    client.connection === null ? "" : words(client.connection)
  ])
  return [
    table([key("kernel"), key("client"), prose("its connection")], rows),
    paragraph("A client has a connection for its swap (nbd0), and one for its root image on a server (nbd1)."),
    ...(all.length > MAX_CLIENTS ? [paragraph(`and ${all.length - MAX_CLIENTS} more clients`)] : []),
    ...all.slice(0, MAX_CLIENTS).flatMap(({ client, kernel }) => lostSwap(kernel, client))
  ]
}
