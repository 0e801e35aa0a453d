// @ts-check
// `node tools/slices.mjs BEFORE AFTER`, folders of builds: two builds run the same cells in one process, in turns of some thousand events, so that what else
// the machine does falls on both. Prints a JSON line for each cell: the ratio of their CPU times, without the first tenth of the
// slices, where code is compiled, and whether both have come to the same fingerprint.
import { join } from "node:path"
import { argv, cpuUsage } from "node:process"

const EVENTS = 2_000

const [before, after] = await Promise.all(
  argv.slice(2, 4).map((folder) => import(join(folder, "libs/cluster/dist/index.js")))
)
const { Schema } = await import(["effect"].join(""))

/** The client of scenarios/seed-2012.yaml, two passes. */
const GIVEN = {
  name: "slices",
  duration: "600 s",
  kernels: {
    "slab-series": { allocator: "slab", base: "v3.6" },
    "slub-series": { allocator: "slub", base: "v3.6" }
  },
  clients: [{
    name: "client",
    ram: "64 MiB",
    swap: "320 MiB",
    cpus: 4,
    nic: { driver: "r8169", rxRing: 256, txRing: 64 },
    workload: { usemem: { processesPerCpu: 8, size: "4x RAM", passes: 2, mode: "write" } }
  }]
}

/** A booted cluster of a build. @param {any} lib @param {string} kernel */
const start = (lib, kernel) => {
  const cluster = lib.buildCluster(Schema.decodeUnknownSync(lib.Scenario)(GIVEN), kernel, 1)
  const [client] = cluster.clients
  const [load] = client.loads
  load.onDone = () => cluster.sim.stop()
  lib.startLoads(client)
  return cluster.sim
}

/** CPU time of a slice in µs, and whether the run is over. @param {any} sim */
const slice = (sim) => {
  const from = cpuUsage()
  const { reason } = sim.run(Number.POSITIVE_INFINITY, EVENTS)
  const { system, user } = cpuUsage(from)
  return { us: system + user, over: reason !== "events" }
}

for (const kernel of Object.keys(GIVEN.kernels)) {
  const sims = [start(before, kernel), start(after, kernel)]
  /** @type {Array<[number, number]>} */
  const pairs = []
  for (let pair = 0;; pair++) {
    const order = pair % 2 === 0 ? [0, 1] : [1, 0]
    /** @type {Array<ReturnType<typeof slice>>} */
    const done = []
    for (const which of order) done[which] = slice(sims[which])
    pairs.push([done[0].us, done[1].us])
    if (done.some(({ over }) => over)) break
  }
  const warm = pairs.slice(Math.ceil(pairs.length / 10))
  const sum = (/** @type {0 | 1} */ which) => warm.reduce((all, pair) => all + pair[which], 0)
  const [one, other] = sims.map((sim) => sim.fingerprint())
  console.log(JSON.stringify({ kernel, ratio: sum(1) / sum(0), same: one === other }))
}
