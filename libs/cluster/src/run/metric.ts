// One figure of a result that a threshold can name: its unit, its meaning, and where it stands.
import type { UnitKind } from "@swaplab/config"
import type { PortResult } from "./network-result.ts"
import type { ClientResult, GroupResult, RunResult } from "./result.ts"
import type { ServerResult } from "./server-result.ts"

/** Unit of a metric: null is a plain number. */
export type MetricUnit = UnitKind | null

/** A server with its port. */
export interface ServerFigures {
  readonly result: ServerResult
  readonly port: PortResult
}

/** One metric. Those of clients, groups and servers have a value for each of these, the others one for a run. */
export type Metric =
  | {
    readonly scope: "run"
    readonly unit: MetricUnit
    readonly meaning: string
    /** Null: the run has no such machine. */
    readonly of: (run: RunResult) => number | null
  }
  | {
    readonly scope: "client"
    readonly unit: MetricUnit
    readonly meaning: string
    /** Null: the client does not run what is measured. */
    readonly of: (client: ClientResult) => number | null
  }
  | {
    readonly scope: "group"
    readonly unit: MetricUnit
    readonly meaning: string
    /** Null: its clients do not run what is measured. */
    readonly of: (group: GroupResult) => number | null
  }
  | {
    readonly scope: "server"
    readonly unit: MetricUnit
    readonly meaning: string
    /** Null: it has served nothing that has it. */
    readonly of: (server: ServerFigures) => number | null
  }

/** A metric of a run. */
export const run = (unit: MetricUnit, meaning: string, of: (run: RunResult) => number | null): Metric => ({
  scope: "run",
  unit,
  meaning,
  of
})

/** A metric of each client. */
export const client = (
  unit: MetricUnit,
  meaning: string,
  of: (client: ClientResult) => number | null
): Metric => ({ scope: "client", unit, meaning, of })

/** A metric of each group. */
export const group = (
  unit: MetricUnit,
  meaning: string,
  of: (group: GroupResult) => number | null
): Metric => ({ scope: "group", unit, meaning: `${meaning}; all clients of a group`, of })

/** A metric of each server. */
export const server = (
  unit: MetricUnit,
  meaning: string,
  of: (server: ServerFigures) => number | null
): Metric => ({
  scope: "server",
  unit,
  meaning,
  of
})
