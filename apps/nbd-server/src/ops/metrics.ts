// Counters and gauges in the text format of Prometheus.
import { COMMAND_NAMES } from "./client-stats.ts"
import type { Report } from "./report.ts"
import { RequestLatency } from "./request-latency.ts"

const label = (value: string): string => value.replace(/\\/g, "\\\\").replace(/"/g, "\\\"").replace(/\n/g, "\\n")

/** Bounds in microseconds of the latency histogram in the metrics: powers of two, up to 16.8 s. */
const BOUNDS_US = Array.from({ length: 24 }, (_, i) => 2 ** (i + 1))

export const metricsText = (
  { clients, connections, counters, disk, handshakes, residentBytes, stores }: Report
): string => {
  const lines: Array<string> = []
  const metric = (
    name: string,
    type: string,
    help: string,
    samples: ReadonlyArray<readonly [string, number]>
  ): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`)
  }
  const by = (value: (client: (typeof clients)[number]) => number) =>
    clients.map((client) => [`{client="${label(client.key)}"}`, value(client)] as const)
  const { accepted, handshakesFailed, handshakesTimedOut, refused } = counters
  metric("nbd_connections", "gauge", "Open connections.", [["", connections]])
  metric("nbd_handshakes", "gauge", "Connections in the handshake.", [["", handshakes]])
  metric("nbd_accepted_total", "counter", "Connections accepted.", [["", accepted]])
  metric("nbd_refused_total", "counter", "Connections refused by limits and allow-lists.", [["", refused]])
  metric("nbd_handshakes_failed_total", "counter", "Handshakes that broke the rules.", [["", handshakesFailed]])
  metric("nbd_handshakes_timed_out_total", "counter", "Handshakes that took too long.", [["", handshakesTimedOut]])
  metric(
    "nbd_requests_total",
    "counter",
    "Requests answered.",
    clients.flatMap(({ key, requests }) =>
      COMMAND_NAMES.filter(([code]) => requests[code] > 0).map(([code, name]) =>
        [`{client="${label(key)}",command="${name}"}`, requests[code]] as const
      )
    )
  )
  metric("nbd_errors_total", "counter", "Requests answered by an error.", by(({ errors }) => errors))
  metric("nbd_read_bytes_total", "counter", "Bytes read by clients.", by(({ bytesRead }) => bytesRead))
  metric("nbd_written_bytes_total", "counter", "Bytes written by clients.", by(({ bytesWritten }) => bytesWritten))
  metric(
    "nbd_request_seconds",
    "histogram",
    "Time from when a request may start, its turn and rate waited for, to its answer.",
    []
  )
  for (const { key, latency: data } of clients) {
    const latency = RequestLatency.sumOf([data])
    const name = `client="${label(key)}"`
    for (const us of BOUNDS_US) {
      lines.push(`nbd_request_seconds_bucket{${name},le="${us / 1e6}"} ${latency.countBelow(us)}`)
    }
    lines.push(`nbd_request_seconds_bucket{${name},le="+Inf"} ${latency.count}`)
    lines.push(`nbd_request_seconds_sum{${name}} ${latency.sumUs / 1e6}`)
    lines.push(`nbd_request_seconds_count{${name}} ${latency.count}`)
  }
  metric(
    "nbd_store_bytes",
    "gauge",
    "Bytes that a store takes.",
    stores.map((store) => [`{export="${label(store.name)}"}`, store.allocatedBytes])
  )
  const ofStores = <A>(
    of: (store: (typeof stores)[number]) => ReadonlyArray<A>,
    why: (one: A) => string,
    value: (one: A) => number
  ) =>
    stores.flatMap((store) =>
      of(store).map((one) => [`{export="${label(store.name)}",why="${label(why(one))}"}`, value(one)] as const)
    )
  metric(
    "nbd_store_refused_total",
    "counter",
    "Requests that a store refused, by reason.",
    ofStores(({ refused }) => refused, ([why]) => why, ([, requests]) => requests)
  )
  metric(
    "nbd_store_refusing",
    "gauge",
    "1 while a store refuses requests for a reason.",
    ofStores(({ refusing }) => refusing, (why) => why, () => 1)
  )
  metric("nbd_swap_used_bytes", "gauge", "Bytes in the stores of all templates.", [[
    "",
    stores.reduce((sum, { allocatedBytes, swap }) => swap ? sum + allocatedBytes : sum, 0)
  ]])
  metric("nbd_disk_requests", "gauge", "Requests at the disks.", [["", disk.used]])
  metric("nbd_disk_waits_total", "counter", "Requests that waited for their turn at the disks.", [
    ["", disk.waits]
  ])
  metric("process_resident_memory_bytes", "gauge", "Resident memory.", [["", residentBytes]])
  return `${lines.join("\n")}\n`
}
