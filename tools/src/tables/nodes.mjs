// @ts-check
// Tables of two memory nodes in docs/explanation/findings.md.
import { table } from "../schema-tables.mjs"
import { kernelsOf, outcomesInWords } from "./readings.mjs"

const PAGE = "docs/explanation/findings.md"
const NODES = "scenarios/two-nodes.yaml"
const SEEDS = ["--seeds", "3"]
const FAR = ["--set", "clients.0.numa.distance=31"]

/** @typedef {import("./list.mjs").Table} Table */

/**
 * Kernels of a run, and beside them what memory nodes count. `leaks`: objects of reserve slabs that SLAB gave away, in all runs;
 * `other`: numa_other of the first seed; `prints`: fingerprints.
 * @type {(printed: import("./printed.mjs").Printed) => any}
 */
const nodeFigures = (printed) =>
  kernelsOf(printed).map((it) => {
    const runs = printed.result.runs.filter((/** @type {any} */ { kernel }) => kernel === it.kernel)
    const clients = runs.flatMap((/** @type {any} */ run) => run.clients)
    return {
      ...it,
      leaks: clients.reduce(
        (/** @type {number} */ sum, /** @type {any} */ { reserveLeaks }) => sum + (reserveLeaks ?? 0),
        0
      ),
      other: clients[0].vmstat.numa_other ?? null,
      prints: runs.map((/** @type {any} */ { fingerprint }) => fingerprint).join(" ")
    }
  })

/** @type {(it: any) => string} */
const inWords = (it) =>
  `${outcomesInWords(it)}${
    it.completed > 0 ? `, ${it.elapsedS.toFixed(2)} s` : it.lockupS === null ? "" : ` after ${it.lockupS.toFixed(1)} s`
  }`

const KERNELS = ["slab-vanilla", "slab-series", "slub-vanilla", "slub-series"]

/** @type {Table} */
const machines = {
  name: "memory nodes",
  page: PAGE,
  rows: /** @type {ReadonlyArray<readonly [string, ReadonlyArray<string>]>} */ ([
    ["one node, CONFIG_NUMA off", ["scenarios/seed-2012.yaml", "--no-map", "--set", "expect={ default: any }"]],
    ["one node, CONFIG_NUMA", [NODES, "--set", "clients.0.numa={ nodes: 1 }"]],
    ["two nodes", [NODES]],
    ["two nodes, `distance: 31`", [NODES, ...FAR]]
  ]).map(([label, args]) => ({ label, command: ["run", ...args, ...SEEDS], read: nodeFigures })),
  render: (rows) =>
    table(
      ["client of 64 MiB", "SLAB, v3.5", "SLAB, v3.6", "SLUB, v3.5", "SLUB, v3.6", "leaks of SLAB, v3.6"],
      rows.map(({ figures, label }) => {
        const of = (/** @type {string} */ name) => figures.find((/** @type {any} */ it) => it.kernel === name)
        return [label, ...KERNELS.map((name) => inWords(of(name))), String(of("slab-series").leaks)]
      })
    )
}

/** @type {Table} */
const february = {
  name: "the February patch and alien arrays",
  page: PAGE,
  rows: [{
    label: "",
    command: [
      "run",
      NODES,
      ...SEEDS,
      "--set",
      "compare=[]",
      "--set",
      "kernels={ february: { allocator: slab, base: feb-2012 }, raw: { allocator: slab, base: feb-2012, patches: { slab-raw-aliens: true } } }"
    ],
    read: nodeFigures
  }],
  render: ([{ figures }]) =>
    table(
      ["kernel", "outcome", "leaks"],
      figures.map((/** @type {any} */ it) => [
        it.kernel === "raw" ? "the same without its part in `cache_free_alien`" : "SLAB, February 2012",
        inWords(it),
        String(it.leaks)
      ])
    )
}

const SWITCHES = {
  none: "{ ignore-mempolicy: false }",
  patch: "{}",
  drop: "{ drop-nodemask: true }"
}
const POLICY_KERNELS = `{ ${
  ["slab", "slub"].flatMap((allocator) =>
    Object.entries(SWITCHES).map(([name, patches]) =>
      `${allocator}-${name}: { allocator: ${allocator}, base: v3.6, patches: ${patches} }`
    )
  ).join(", ")
} }`

/** @type {Table} */
const policies = {
  name: "patch 6",
  page: PAGE,
  rows: /** @type {ReadonlyArray<readonly [string, string, boolean]>} */ ([
    ["preferred, node 1", "{ mode: preferred, nodes: [1] }", false],
    ["preferred, node 1; zram", "{ mode: preferred, nodes: [1] }", true],
    ["bind, node 1; zram", "{ mode: bind, nodes: [1] }", true]
  ]).map(([label, policy, zram]) => ({
    label,
    command: [
      "run",
      NODES,
      ...[
        "compare=[]",
        `kernels=${POLICY_KERNELS}`,
        "clients.0.workload.usemem.passes=1",
        `clients.0.numa.policy=${policy}`
      ]
        .flatMap((set) => ["--set", set]),
      ...(zram ? ["--set", "clients.0.zram={ size: 50 % }"] : [])
    ],
    read: nodeFigures
  })),
  render: (rows) =>
    table(
      ["policy of the processes", "allocator", "without patch 6", "with it", "with `drop-nodemask` too"],
      rows.flatMap(({ figures, label }) =>
        ["slab", "slub"].map((allocator) => {
          const of = (/** @type {string} */ name) =>
            figures.find((/** @type {any} */ it) => it.kernel === `${allocator}-${name}`)
          const whole = (/** @type {any} */ it) => `${inWords(it)}, ${it.other} pages of the other node`
          const like = (/** @type {any} */ it, /** @type {any} */ other) =>
            it.prints === other.prints ? "the same run" : whole(it)
          return [
            label,
            allocator.toUpperCase(),
            whole(of("none")),
            like(of("patch"), of("none")),
            of("drop").prints === of("patch").prints ? "as with it" : whole(of("drop"))
          ]
        })
      )
    )
}

/** @type {ReadonlyArray<Table>} */
export const NODE_TABLES = [machines, february, policies]
