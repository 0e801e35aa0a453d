// @ts-check
// `node --expose-gc tools/client-memory.mjs BUILD`: bytes of the host that a booted client of a build takes, of 200 in one cluster.
import { join } from "node:path"
import { argv } from "node:process"

const CLIENTS = 200

const lib = await import(join(argv[2], "libs/cluster/dist/index.js"))
const { Schema } = await import(["effect"].join(""))

const used = () => {
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** @param {number} count */
const cluster = (count) =>
  lib.buildCluster(
    Schema.decodeUnknownSync(lib.Scenario)({
      name: "memory",
      kernels: { series: { allocator: "slub", base: "v3.6" } },
      clients: [{ name: "client", count, ram: "64 MiB", workload: { usemem: { size: "1x RAM" } } }]
    }),
    "series",
    1
  )

// what belongs to the first cluster of a process, whoever makes it
const first = cluster(1)
const before = used()
const many = cluster(CLIENTS)
console.log((used() - before) / (many.clients.length + first.clients.length - 1))
