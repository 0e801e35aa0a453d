// What the server is doing, for people and for machines.
import { roundQuantity, SIZE } from "@swaplab/config"
import type { Report } from "./report.ts"
import { RequestLatency } from "./request-latency.ts"

/** One client in the status. */
interface ClientStatus {
  readonly client: string
  readonly connections: number
  readonly requests: number
  readonly errors: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Upper bounds of buckets, in microseconds. */
  readonly p50Us: number
  readonly p99Us: number
  /** Memory that its connections make the server hold. */
  readonly heldBytes: number
}

interface StoreStatus {
  readonly name: string
  readonly sizeBytes: number
  readonly allocatedBytes: number
  readonly connections: number
  /** Why requests are refused now. */
  readonly refusing: ReadonlyArray<string>
  /** What gives room back: its memory, a program; or "none: " and why. */
  readonly trim: string
}

export interface Status {
  readonly connections: number
  readonly handshakes: number
  readonly clients: ReadonlyArray<ClientStatus>
  readonly stores: ReadonlyArray<StoreStatus>
  /** False: the kernel does not show its queues, so clients that vanish while they are sent something are found by TCP alone. */
  readonly findsVanished: boolean
}

/** The present state; rates are differences of two of these. */
export const statusOf = ({ clients, connections, findsVanished, handshakes, stores }: Report): Status => ({
  findsVanished,
  connections,
  handshakes,
  clients: clients.map(({ bytesRead, bytesWritten, connections, errors, heldBytes, key, latency, requests }) => {
    const latencies = RequestLatency.sumOf([latency])
    return {
      client: key,
      connections,
      requests: requests.reduce((sum, count) => sum + count, 0),
      errors,
      bytesRead,
      bytesWritten,
      p50Us: latencies.percentileUs(50),
      p99Us: latencies.percentileUs(99),
      heldBytes
    }
  }),
  stores: stores.map(({ allocatedBytes, connections, name, refusing, sizeBytes, trim }) => ({
    name,
    sizeBytes,
    allocatedBytes,
    connections,
    refusing,
    trim
  }))
})

const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  return rows.map((row) => row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  "))
    .map((line) => `${line.trimEnd()}\n`).join("")
}

const size = (bytes: number): string => roundQuantity(SIZE, bytes, 3)

/** Two states, `seconds` apart, as tables: clients with their rates in between, and stores. */
export const statusText = (before: Status, now: Status, seconds: number): string => {
  const earlier = new Map(before.clients.map((client) => [client.client, client]))
  const rate = (client: ClientStatus, value: (of: ClientStatus) => number): number => {
    const then = earlier.get(client.client)
    return (value(client) - (then === undefined ? 0 : value(then))) / seconds
  }
  const clients = now.clients.map((client) => [
    client.client,
    String(client.connections),
    rate(client, ({ requests }) => requests).toFixed(0),
    `${size(Math.round(rate(client, ({ bytesRead }) => bytesRead)))}/s`,
    `${size(Math.round(rate(client, ({ bytesWritten }) => bytesWritten)))}/s`,
    `${client.p50Us.toFixed(0)} µs`,
    `${client.p99Us.toFixed(0)} µs`,
    String(client.errors)
  ])
  const stores = now.stores.map(({ allocatedBytes, connections, name, refusing, sizeBytes, trim }) => [
    name === "" ? "(default)" : name,
    size(sizeBytes),
    size(allocatedBytes),
    String(connections),
    refusing.length === 0 ? "-" : refusing.join(", "),
    trim
  ])
  return [
    `connections: ${now.connections}, in the handshake: ${now.handshakes}${
      now.findsVanished ? "" : "; clients that vanish are found after minutes, without /proc/net/tcp"
    }\n`,
    columns([["client", "connections", "requests/s", "read", "written", "p50", "p99", "errors"], ...clients]),
    columns([["export", "size", "used", "connections", "refuses for", "trim"], ...stores])
  ].join("\n")
}
