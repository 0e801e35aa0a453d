// The requests of a run, as a plan that can be carried out against any server: each client's requests in their order, with the
// times at which they came to the modelled server.
import { Command } from "@swaplab/nbd"
import type { WorkloadTable } from "@swaplab/workload"
import type { Scenario } from "../scenario/scenario.ts"
import type { LatencySummary } from "./latency-summary.ts"
import { LatencyHistogram } from "./latency.ts"
import type { RunHooks, RunResult } from "./result.ts"
import { runCluster } from "./run-cluster.ts"

/** Requests in the order of their times: a column for each field, an element for each request. */
export interface RequestPlan {
  /** Names of the clients. */
  readonly clients: ReadonlyArray<string>
  /** Which of them. */
  readonly client: ReadonlyArray<number>
  readonly atNs: ReadonlyArray<number>
  /** `Command.Read` or `Command.Write`. */
  readonly type: ReadonlyArray<number>
  /** Bytes of the client's own export. */
  readonly offset: ReadonlyArray<number>
  readonly length: ReadonlyArray<number>
}

/** A plan, and what the modelled server made of it: time of requests in the server. */
export interface PlannedRun {
  readonly plan: RequestPlan
  readonly run: RunResult
  readonly read: LatencySummary
  readonly write: LatencySummary
}

/** Runs a scenario of one server and writes down what its clients ask for. */
export const planRequests = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  workloads?: WorkloadTable
): PlannedRun => {
  const numbers = new Map<string, number>()
  const [client, atNs, type, offset, length] = [[], [], [], [], []] as [
    number[],
    number[],
    number[],
    number[],
    number[]
  ]
  const read = new LatencyHistogram()
  const write = new LatencyHistogram()
  const run = runCluster(
    scenario,
    kernel,
    seed,
    {
      ...hooks,
      built: ({ clients, servers: [{ machine }], sim }) => {
        for (const { spec } of clients) numbers.set(spec.name, numbers.size)
        machine.server.tap = {
          taken: (name, command, from, bytes) => {
            const number = numbers.get(name)
            if (number === undefined || (command !== Command.Read && command !== Command.Write)) return
            client.push(number)
            atNs.push(sim.now)
            type.push(command)
            offset.push(from)
            length.push(bytes)
          },
          answered: (command, ns) => {
            if (command === Command.Read) read.record(ns)
            else if (command === Command.Write) write.record(ns)
          }
        }
      }
    },
    null,
    workloads
  )
  const plan = { clients: [...numbers.keys()], client, atNs, type, offset, length }
  return { plan, run, read: read.summary(), write: write.summary() }
}

/** The sequence of each client's requests, without their times, as a number: equal plans have equal ones. */
export const sequenceOf = (
  { client, clients, length, offset, type }: RequestPlan,
  upTo: number
): ReadonlyArray<number> => {
  const hashes = clients.map(() => 0x811c9dc5)
  for (let i = 0; i < upTo; i++) {
    const at = client[i]
    for (const value of [type[i], offset[i] / 512, length[i]]) {
      hashes[at] = Math.imul(hashes[at] ^ value, 0x01000193) >>> 0
    }
  }
  return hashes
}
