// What a process of the server counts, as plain data: what the status, the metrics and the other processes are told.
import type { HistogramData } from "@swaplab/stats"
import type { Registry } from "../exports/registry.ts"
import type { Server } from "../net/server.ts"
import { hasTcpTable } from "../net/tcp-table.ts"
import { PUNCH_PROGRAM } from "../stores/punch-helper.ts"
import type { Why } from "../stores/refusals.ts"
import { RequestLatency } from "./request-latency.ts"

interface ClientReport {
  readonly key: string
  readonly connections: number
  /** Requests by command code. */
  readonly requests: ReadonlyArray<number>
  readonly errors: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Memory that its connections make the server hold. */
  readonly heldBytes: number
  readonly latency: HistogramData
}

interface StoreReport {
  readonly name: string
  /** It was made by a template, and counts for the quota. */
  readonly swap: boolean
  readonly sizeBytes: number
  readonly allocatedBytes: number
  readonly connections: number
  /** Why requests are refused now, and how many were so far. */
  readonly refusing: ReadonlyArray<Why>
  readonly refused: ReadonlyArray<readonly [why: Why, requests: number]>
  /** What gives room back: its memory, a program; or "none: " and why. */
  readonly trim: string
}

export interface Report {
  readonly connections: number
  readonly handshakes: number
  readonly counters: Readonly<Record<"accepted" | "refused" | "handshakesFailed" | "handshakesTimedOut", number>>
  readonly clients: ReadonlyArray<ClientReport>
  readonly stores: ReadonlyArray<StoreReport>
  readonly disk: { readonly used: number; readonly waits: number }
  readonly residentBytes: number
  /** Clients that vanish while they are sent something are found within `deadAfter`: the kernel shows its queues. */
  readonly findsVanished: boolean
}

/** The present state of a process. */
export const reportOf = (server: Server, registry: Pick<Registry, "stores">, residentBytes: number): Report => {
  const held = new Map<string, number>()
  for (const { connection } of server.served) {
    const { key } = connection.client
    held.set(key, (held.get(key) ?? 0) + connection.heldBytes)
  }
  const { disk } = server.engine
  return {
    connections: server.connections,
    handshakes: server.handshakes,
    counters: { ...server.counters },
    clients: [...server.clients.values()].map(({ connections, key, stats }) => ({
      key,
      connections,
      requests: [...stats.requests],
      errors: stats.errors,
      bytesRead: stats.bytesRead,
      bytesWritten: stats.bytesWritten,
      heldBytes: held.get(key) ?? 0,
      latency: stats.latency.data
    })),
    stores: registry.stores.map((store) => ({
      name: store.image === null ? store.name : `${store.name} (${store.image})`,
      swap: store.template !== null,
      sizeBytes: store.served.info.size,
      allocatedBytes: store.allocatedBytes(),
      connections: store.connections,
      refusing: store.refusals.now,
      refused: [...store.refusals.counts],
      trim: store.file === null ? "memory" : store.noTrim === null ? PUNCH_PROGRAM : `none: ${store.noTrim}`
    })),
    disk: { used: disk.used, waits: disk.waits },
    residentBytes,
    findsVanished: hasTcpTable()
  }
}

const sum = <A>(of: ReadonlyArray<A>, value: (one: A) => number): number => of.reduce((all, one) => all + value(one), 0)

const byKey = <A>(all: ReadonlyArray<A>, key: (one: A) => string): ReadonlyArray<ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const one of all) {
    const group = groups.get(key(one))
    if (group === undefined) groups.set(key(one), [one])
    else group.push(one)
  }
  return [...groups.values()]
}

/**
 * The state of a server of several processes: `front` lets clients in and gives them to `members`. All connections are the
 * front's.
 */
export const mergedReport = (front: Report, members: ReadonlyArray<Report>): Report => {
  const all = [front, ...members]
  return {
    connections: front.connections,
    handshakes: front.handshakes,
    counters: {
      accepted: front.counters.accepted,
      refused: front.counters.refused,
      handshakesFailed: sum(all, ({ counters }) => counters.handshakesFailed),
      handshakesTimedOut: sum(all, ({ counters }) => counters.handshakesTimedOut)
    },
    clients: byKey(members.flatMap(({ clients }) => clients), ({ key }) => key).map((parts) => ({
      key: parts[0].key,
      connections: sum(parts, ({ connections }) => connections),
      requests: parts[0].requests.map((_, code) => sum(parts, ({ requests }) => requests[code])),
      errors: sum(parts, ({ errors }) => errors),
      bytesRead: sum(parts, ({ bytesRead }) => bytesRead),
      bytesWritten: sum(parts, ({ bytesWritten }) => bytesWritten),
      heldBytes: sum(parts, ({ heldBytes }) => heldBytes),
      latency: RequestLatency.sumOf(parts.map(({ latency }) => latency)).data
    })),
    // an image that several processes serve is one file
    stores: byKey(members.flatMap(({ stores }) => stores), ({ name }) => name).map((parts) => ({
      ...parts[0],
      connections: sum(parts, ({ connections }) => connections)
    })),
    disk: { used: sum(members, ({ disk }) => disk.used), waits: sum(members, ({ disk }) => disk.waits) },
    residentBytes: sum(all, ({ residentBytes }) => residentBytes),
    findsVanished: front.findsVanished
  }
}
