// @ts-check
// `node tools/peers.mjs DIR [RUNS]`: our event engine and whole path beside other simulators, interleaved, medians and ratios.
//
// DIR holds the peers' programs, built: each runs a closed loop of 100 clients, a shared link and one server, and prints one
// JSON line with `engine`, `requests`, `user` (CPU seconds of its loop) and `eventsPerSec`. A program that is missing is left
// out and said.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { root } from "./src/workspace.mjs"

const [folder, count = "3"] = process.argv.slice(2)
if (folder === undefined) {
  console.error("usage: node tools/peers.mjs DIR [RUNS]")
  process.exit(2)
}
const peers = resolve(folder)
const runs = Number(count)

/** @type {Array<{ name: string, file: string, command: Array<string>, unit: string, figure: (row: any) => number }>} */
const PROGRAMS = [
  program("C++ heap", "cpp/heap", ["100", "10000000", "1"], "events", (row) => row.eventsPerSec),
  program("Node typed-array heap", "node/heap.mjs", ["100", "5000000", "1"], "events", (row) => row.eventsPerSec),
  program(
    "Node generators",
    "node/gen.mjs",
    ["100", "2000000", "1", "1000", "gen"],
    "events",
    (row) => row.eventsPerSec
  ),
  program(
    "ns-3 scheduler",
    "ns3/sched",
    [
      "--clients=100",
      "--events=2000000",
      "--seed=1",
      "--scheduler=ns3::PriorityQueueScheduler"
    ],
    "events",
    (row) => row.eventsPerSec
  ),
  program("SimPy", "python/simpy_model.py", ["100", "200000", "1"], "events", (row) => row.eventsPerSec),
  program(
    "ns-3 UDP sockets",
    "ns3/udp",
    ["--clients=100", "--requests=20000"],
    "requests",
    (row) => row.requests / row.user
  ),
  ours("swaplab event engine", "sim/out-tsc/spec/bench/sim.js", [], "events", (row) => row.opsPerCpuSecond),
  ours(
    "swaplab page-ins",
    "cluster/out-tsc/spec/bench/cluster.js",
    ["page-ins"],
    "requests",
    (row) => row.opsPerCpuSecond
  )
]

/**
 * @param {string} name
 * @param {string} file
 * @param {Array<string>} args
 * @param {string} unit
 * @param {(row: any) => number} figure
 */
function program(name, file, args, unit, figure) {
  const path = join(peers, file)
  const command = file.endsWith(".mjs")
    ? [process.execPath, path]
    : file.endsWith(".py")
    ? ["/usr/bin/python3", path]
    : [path]
  return { name, file: path, command: [...command, ...args], unit, figure }
}

/**
 * @param {string} name
 * @param {string} file
 * @param {Array<string>} args
 * @param {string} unit
 * @param {(row: any) => number} figure
 */
function ours(name, file, args, unit, figure) {
  const path = join(root, "libs", file)
  return { name, file: path, command: [process.execPath, "--max-semi-space-size=64", path, ...args], unit, figure }
}

/** @param {Array<number>} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

const present = PROGRAMS.filter(({ name, file }) => {
  if (existsSync(file)) return true
  console.log(`left out: ${name} (${file} is not built)`)
  return false
})
/** @type {Map<string, Array<number>>} */
const figures = new Map(present.map(({ name }) => [name, []]))
for (let run = 0; run < runs; run++) {
  for (const { name, command, figure } of present) {
    const { stdout } = spawnSync(command[0], command.slice(1), { encoding: "utf8" })
    const line = stdout.split("\n").filter((text) => text.startsWith("{")).at(-1)
    if (line === undefined) console.log(`${name} printed no result`)
    else figures.get(name)?.push(figure(JSON.parse(line)))
  }
}
const heap = median(figures.get("Node typed-array heap") ?? [Number.NaN])
const udp = median(figures.get("ns-3 UDP sockets") ?? [Number.NaN])
console.log("| engine | per CPU second | unit | ratio |\n| --- | --- | --- | --- |")
for (const { name, unit } of present) {
  const value = median(figures.get(name) ?? [])
  const [base, of] = unit === "events" ? [heap, "Node heap"] : [udp, "ns-3 UDP"]
  console.log(
    `| ${name} | ${Math.round(value).toLocaleString("en")} | ${unit} | ${(value / base).toFixed(2)} of ${of} |`
  )
}
