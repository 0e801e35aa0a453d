// @ts-check
// Measures swaplab-nbd-server against nbdkit's memory plugin and others, interleaved in one run; medians.
//   node tools/nbd-bench/bench.mjs [LOAD.c] [--seconds 3] [--rounds 5] [--load light,fio] [--peers a,b] [--cells 1,2]
// LOAD.c is the light load client (see loads.mjs), compiled with gcc -O2; without it the load is fio.
// Peers: nbdkit-file, nbd-server, qemu-nbd, ours-file; all of these serve one file from the page cache. What is missing of
// them is installed from Debian by tools/install-peers.sh, or the run ends and says what to install.
// A row is a cell: for each server requests a second, CPU µs of the server and of the load for a request, p50 and p99 in µs;
// then the ratio of our rate to that of nbdkit's memory, and what is asked for; with the peers nbdkit-file and ours-file also
// the ratio of our file store to nbdkit's file plugin.
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync } from "node:fs"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "../src/workspace.mjs"
import { CELLS, fioLoad, lightLoad } from "./loads.mjs"
import { cpuSeconds, KINDS, startServers } from "./servers.mjs"

const usage = (/** @type {string} */ why) => {
  console.error(
    `nbd-bench: ${why}\nusage: node tools/nbd-bench/bench.mjs [LOAD.c] [--seconds 3] [--rounds 5] ` +
      "[--load light,fio] [--peers nbdkit-file,nbd-server,qemu-nbd,ours-file] [--cells 1,2]"
  )
  process.exit(2)
}

/** @type {Record<string, string>} */
const given = {}
let source = ""
const args = process.argv.slice(2)
while (args.length > 0) {
  const word = args.shift() ?? ""
  if (!word.startsWith("--")) source = word
  else if (["seconds", "rounds", "load", "peers", "cells"].includes(word.slice(2)) && args.length > 0) {
    given[word.slice(2)] = args.shift() ?? ""
  } else usage(`${word}: expected one of the options with its value`)
}
const list = (/** @type {string | undefined} */ text) => (text ?? "").split(",").filter((word) => word !== "")
const positive = (/** @type {string} */ key, /** @type {number} */ standard) => {
  const value = Number(given[key] ?? standard)
  return value > 0 ? value : usage(`--${key}: got ${given[key]}, expected a number above 0`) ?? 0
}
const seconds = positive("seconds", 3)
const rounds = positive("rounds", 5)
const loadNames = given["load"] === undefined ? [source === "" ? "fio" : "light"] : list(given["load"])
const kinds = ["nbdkit", "ours", ...list(given["peers"])]
const cells = given["cells"] === undefined ? CELLS : list(given["cells"]).map((number) => CELLS[Number(number) - 1])
for (const kind of kinds) {
  if (KINDS[kind] === undefined) usage(`--peers: got ${kind}, expected some of ${Object.keys(KINDS)}`)
}
for (const name of loadNames) {
  if (name !== "light" && name !== "fio") usage(`--load: got ${name}, expected light or fio`)
}
if (cells.includes(/** @type {any} */ (undefined))) usage(`--cells: expected numbers from 1 to ${CELLS.length}`)
if (loadNames.includes("light") && source === "") usage("--load light: expected the source of the light client, LOAD.c")

/** Programs that this run needs and that are not there. */
const missing = () =>
  [
    ...kinds.map((kind) => KINDS[kind].program),
    ...loadNames.map((name) => name === "fio" ? "fio" : "gcc")
  ].filter((program) => spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status !== 0)
if (missing().length > 0) spawnSync("bash", [join(root, "tools/install-peers.sh")], { stdio: "inherit" })
if (missing().length > 0) {
  console.error(`nbd-bench: missing: ${[...new Set(missing())].join(", ")}; on Debian: apt-get install them`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), "nbd-bench-"))
process.on("exit", () => execFileSync("rm", ["-rf", folder]))
process.on("SIGINT", () => process.exit(130))
process.on("SIGTERM", () => process.exit(143))
const loads = loadNames.map((name) => ({ name, load: name === "fio" ? fioLoad : lightLoad(source, folder) }))
const servers = await startServers(kinds, folder)

/** CPU seconds of the children that this process has waited for: the loads. */
const loadSeconds = () => {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")
  return (Number(fields[13]) + Number(fields[14])) / 100
}

/** One measurement: what the load tells, and CPU µs a request. */
const measure = (
  /** @type {import("./loads.mjs").Load} */ load,
  /** @type {import("./servers.mjs").Server} */ server,
  /** @type {import("./loads.mjs").Cell} */ cell,
  time = seconds
) => {
  const [serverBefore, loadBefore] = [cpuSeconds(server.pid), loadSeconds()]
  const outcome = load(server, cell, time)
  const us = (/** @type {number} */ used) => used / (outcome.rate * time) * 1e6
  return { ...outcome, cpu: us(cpuSeconds(server.pid) - serverBefore), loadCpu: us(loadSeconds() - loadBefore) }
}

const median = (/** @type {ReadonlyArray<number>} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1]
/** @type {(results: ReadonlyArray<ReturnType<typeof measure>>) => ReturnType<typeof measure>} */
const medians = (results) => ({
  rate: median(results.map(({ rate }) => rate)),
  p50: median(results.map(({ p50 }) => p50)),
  p99: median(results.map(({ p99 }) => p99)),
  cpu: median(results.map(({ cpu }) => cpu)),
  loadCpu: median(results.map(({ loadCpu }) => loadCpu))
})

console.log(
  `${seconds} s x ${rounds}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}`
)
const withFiles = kinds.includes("ours-file") && kinds.includes("nbdkit-file")
let met = 0
let asked = 0
for (const { load, name } of loads) {
  // everything is written, twice: what is measured must not be holes or first touches
  for (const server of [...servers, ...servers]) measure(load, server, CELLS[CELLS.length - 1], 1)
  console.log(
    `${name}: conns depth block rw | ${
      servers.map(({ kind }) => `${kind}: requests/s, CPU, load's CPU, p50, p99`).join(" | ")
    } | ratio, asked${withFiles ? " | files: ratio, asked" : ""}`
  )
  for (const cell of cells) {
    /** @type {Map<string, Array<ReturnType<typeof measure>>>} */
    const results = new Map(servers.map(({ kind }) => [kind, []]))
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) results.get(server.kind)?.push(measure(load, server, cell))
    }
    const of = (/** @type {string} */ kind) => medians(results.get(kind) ?? [])
    const columns = servers.map(({ kind }) => {
      const { cpu, loadCpu, p50, p99, rate } = of(kind)
      return `${rate.toFixed(0)} ${cpu.toFixed(1)} ${loadCpu.toFixed(1)} ${p50.toFixed(0)} ${p99.toFixed(0)}`
    })
    const { cpu, rate } = of("ours")
    const ratio = rate / of("nbdkit").rate
    // the rates that are asked for are those of the light load; with fio a server is to be no worse than 0.85
    const goal = name === "fio" ? Math.min(cell.goal, 0.85) : cell.goal
    const count = (/** @type {boolean} */ isMet) => {
      asked++
      if (isMet) met++
      return isMet ? "" : ", not met"
    }
    const isMet = ratio >= goal && (name === "fio" || cpu <= (cell.cpuUs ?? Number.POSITIVE_INFINITY))
    const row = [
      `${cell.connections} ${cell.depth} ${cell.block} ${cell.write ? "w" : "r"}`,
      ...columns,
      `${ratio.toFixed(2)}, ${goal}${cell.cpuUs === undefined || name === "fio" ? "" : ` and CPU ${cell.cpuUs}`}${
        count(isMet)
      }`
    ]
    if (withFiles) {
      const fileRatio = of("ours-file").rate / of("nbdkit-file").rate
      const { fileGoal } = cell
      row.push(
        fileGoal === undefined
          ? fileRatio.toFixed(2)
          : `${fileRatio.toFixed(2)}, ${fileGoal}${count(fileRatio >= fileGoal)}`
      )
    }
    console.log(row.join(" | "))
  }
}
console.log(`${met} of ${asked} met`)
process.exit(0)
