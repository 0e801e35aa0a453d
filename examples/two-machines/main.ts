// Two clients that swap to one server, without a scenario file. Their workload is not one of swaplab's: a program writes its
// memory, is left alone, and is used again. The fault is not one either: a cable that
// wears out. Five times, a second apart, the link from the server becomes half as fast.
import { type Cluster, ClusterRun, decodeScenario } from "@swaplab/cluster"
import { field, formatQuantity, SIZE, Size, Time } from "@swaplab/config"
import { equalProcesses, workload, WORKLOADS, writeAll } from "@swaplab/workload"
import { Either } from "effect"

const program = workload({
  slot: "workload",
  description: "A program that writes its memory, is left alone, and is used again.",
  options: { size: field(Size, 20 * 2 ** 20, "What it maps."), pause: field(Time, 3e9, "How long it is left alone.") },
  processes: ({ size }) => equalProcesses(1, size),
  start: (host, { pause }) => {
    host.fork(0, "program", function*(task) {
      const written = yield* writeAll(host.client, task, 1)
      if (written !== null) return written
      host.rest(true)
      yield* task.settle()
      yield* task.hold(pause)
      host.rest(false)
      const used = host.client.sim.now
      const exit = yield* writeAll(host.client, task, 2)
      yield* task.settle()
      host.latency("reopen").record(host.client.sim.now - used)
      host.done()
      return exit ?? "completed"
    })
  },
  operations: null,
  metrics: { reopen: { kind: "latency", unit: null, meaning: "walks through all memory after a pause" } },
  shrink: [],
  describe: ({ size }) => [`${formatQuantity(SIZE, size)} mapped`]
})
const workloads = { ...WORKLOADS, program }

const two = {
  name: "two-machines",
  kernels: { series: { allocator: "slub", base: "v3.6" } },
  clients: [{ ram: "16 MiB", swap: "100 MiB", count: 2, workload: { program: { pause: "2 s" } } }]
}
const { scenario } = Either.getOrThrow(decodeScenario("main.ts", two, "main.ts", workloads))

const fault = ({ servers, sim }: Cluster): void => {
  const worn = sim.queue.register((times) => {
    for (const link of servers.flatMap((server) => server.out)) link.setRate(link.bitsPerSecond / 2)
    if (times > 1) sim.queue.after(1e9, worn, times - 1)
  })
  sim.queue.at(1e9, worn, 5)
}

for (const [name, built] of [["a good cable", () => {}], ["a cable that wears out", fault]] as const) {
  const run = new ClusterRun(scenario, "series", 1, { workloads, built })
  run.advance(Infinity)
  const result = run.result("timeout", 0)
  const reopen = result.clients.map(({ workload: { latencies } }) => {
    const longest = latencies["reopen"]?.maxNs ?? null
    return longest === null ? "nothing" : `${(longest / 1e9).toFixed(2)} s`
  })
  console.log(`${name}: ${result.outcome}, the program was usable again after ${reopen.join(" and ")}`)
}
