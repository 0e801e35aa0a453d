// Two runs compared event by event. One of them is made to differ at a moment, as a run that hangs on chance or on the host would.
import { type ComparedRun, type ComparedRuns, compareEvents } from "#src/divergence.ts"
import { ClusterRun, decodeScenario, EventLog } from "@swaplab/cluster"
import { Effect, Either } from "effect"
import { expect, it } from "vitest"

const { scenario } = Either.getOrThrow(decodeScenario("small.yaml", {
  name: "small",
  duration: "2 s",
  kernels: { series: { allocator: "slab", base: "v3.6" } },
  clients: [{
    ram: "12 MiB",
    swap: "32 MiB",
    workload: { usemem: { passes: 1, processesPerCpu: 1, size: "1.2x RAM" } }
  }]
}))

/** A run; with `atNs` something happens then that is part of no scenario. */
const side = (atNs: number | null): ComparedRun<never> => {
  const run = new ClusterRun(scenario, "series", 1)
  const { queue } = run.cluster.sim
  // one more kind in both, so that only what it does differs
  const kind = queue.register(() => {}, { name: "planted", group: run.clients[0].client.machine.group })
  if (atNs !== null) queue.at(atNs, kind, 7)
  const log = new EventLog(run, 65_536)
  return {
    next: (events) =>
      Effect.sync(() => {
        const ended = !log.fill(events)
        const { count, first } = log
        return { first, count, ended, fingerprint: log.fingerprintAfter(count), simulatedNs: run.now }
      }),
    fingerprintAfter: (count) => Effect.sync(() => log.fingerprintAfter(count)),
    event: (index) => Effect.sync(() => log.event(index))
  }
}

const compare = (a: number | null, b: number | null): ComparedRuns => Effect.runSync(compareEvents(side(a), side(b)))

it("the same run twice is the same to its end, and has the events that it has without being looked at", () => {
  const run = new ClusterRun(scenario, "series", 1)
  run.cluster.sim.queue.register(() => {})
  run.advance(Number.POSITIVE_INFINITY)
  expect(compare(null, null)).toEqual({ events: run.cluster.sim.queue.fired, divergence: null })
})

it.each([1e6, 20_000_003])("a difference at %d ns is found at its first event", (atNs) => {
  const { divergence, events } = compare(null, atNs)
  expect(divergence?.b).toMatchObject({
    number: events,
    name: "planted",
    machine: "client-1",
    argument: 7,
    timeNs: atNs
  })
  expect(divergence?.a?.timeNs).toBeGreaterThanOrEqual(atNs)
  expect(divergence?.a?.number).toBe(events)
  for (const [i, { number }] of divergence!.before.entries()) {
    expect(number).toBe(events - divergence!.before.length + i)
  }
})

it("a run that ends before the other one has nothing there", () => {
  const short = Effect.runSync(compareEvents(side(null), {
    ...side(null),
    next: () =>
      Effect.succeed({
        first: 0,
        count: 0,
        ended: true,
        fingerprint: new EventLog(new ClusterRun(scenario, "series", 1), 1).fingerprintAfter(0),
        simulatedNs: 0
      })
  }))
  expect(short).toMatchObject({ events: 0, divergence: { before: [], b: null } })
  expect(short.divergence?.a?.number).toBe(0)
})
