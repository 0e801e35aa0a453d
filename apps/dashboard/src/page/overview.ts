// All clients as tiles, and the servers, at one row of figures.
import { CLIENT_STATES } from "@swaplab/cluster"
import type { Facts, History } from "@swaplab/live"
import { ServerCard, Tile } from "@swaplab/view"
import { type ComponentChild, h } from "preact"

/** The tiles and the servers at one row. */
export const Overview = (
  { chosen, facts, history, onChoose, row }: {
    readonly facts: Facts
    readonly history: History
    readonly row: number
    readonly chosen: string | null
    readonly onChoose: (client: string) => void
  }
): ComponentChild => {
  if (row < 0) return null
  const before = Math.max(0, row - 5)
  const passed = history.timesNs[row] - history.timesNs[before]
  const share = (server: number, figure: "inBusy" | "outBusy"): number =>
    passed === 0 ? 0 : (history.server(row, server, figure) - history.server(before, server, figure)) / passed
  return h(
    "div",
    { class: "room" },
    h(
      "div",
      { class: "servers" },
      facts.servers.map(({ bufferBytes, name }, i) =>
        h(ServerCard, {
          name,
          resident: history.server(row, i, "resident"),
          inShare: share(i, "inBusy"),
          outShare: share(i, "outBusy"),
          bufferShare: history.server(row, i, "switchBuffer") / bufferBytes
        })
      )
    ),
    h(
      "div",
      { class: "tiles", role: "group", "aria-label": "clients" },
      facts.clients.map(({ low, name }, i) =>
        h(Tile, {
          key: name,
          name,
          low,
          state: CLIENT_STATES[history.client(row, i, "state")],
          free: history.client(row, i, "free"),
          requests: history.client(row, i, "requests"),
          latencyNs: history.client(row, i, "latency"),
          chosen: name === chosen,
          onChoose: () => onChoose(name)
        })
      )
    )
  )
}
