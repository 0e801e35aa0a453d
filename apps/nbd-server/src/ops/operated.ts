// What probes and the control socket ask of a server, however many processes it has.
import { Effect } from "effect"
import type { Registry } from "../exports/registry.ts"
import type { Server } from "../net/server.ts"
import type { FaultPlan } from "../stores/faults.ts"
import { type Report, reportOf } from "./report.ts"

/** What the control socket does to an export: a plan of faults, or null to drop its connections. */
export interface Switched {
  readonly export: string
  readonly plan: FaultPlan | null
}

/** What came of it: how many connections were dropped, or why nothing was done. */
export type SwitchedAnswer = { readonly ok: true; readonly dropped?: number } | { readonly error: string }

export interface Operated {
  readonly report: Effect.Effect<Report>
  readonly switch: (what: Switched) => Effect.Effect<SwitchedAnswer>
}

const switched = (server: Server, registry: Registry, { export: name, plan }: Switched): SwitchedAnswer => {
  if (!registry.stores.some((store) => store.name === name)) return { error: "no such export is open" }
  const faults = registry.faultsOf(name)
  if (faults === null) return { error: "the configuration allows no faults on this export" }
  if (plan !== null) {
    faults.plan = plan
    return { ok: true }
  }
  let dropped = 0
  for (const { connection, store } of server.served) {
    if (store.name !== name) continue
    connection.destroy("fault: drop")
    dropped++
  }
  return { ok: true, dropped }
}

/** The server in this process. */
export const operatedHere = (server: Server, registry: Registry): Operated => ({
  report: Effect.sync(() => reportOf(server, registry, process.memoryUsage().rss)),
  switch: (what) => Effect.sync(() => switched(server, registry, what))
})
