// @ts-check
// What a second process brings to swaplab-nbd-server, and what it costs: one against two, interleaved in one run; medians.
//   node tools/nbd-bench/processes.mjs LOAD.c [--seconds 3] [--rounds 5]
// LOAD.c is the light load client (loads.mjs says what it takes and prints), compiled with gcc -O2.
// A row: requests or MiB a second with one process and with two; how many times as much; the most that could be, when the load
// runs on the same processors; requests for a CPU second of the server, as a part of those of one process.
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { cpuSeconds, SIZE, startServers } from "./servers.mjs"

const { positionals: [source], values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "3" }, rounds: { type: "string", default: "5" } }
})
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)]
if (source === undefined || !(seconds > 0) || !(rounds > 0)) {
  console.error("usage: node tools/nbd-bench/processes.mjs LOAD.c [--seconds 3] [--rounds 5]")
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), "nbd-processes-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
process.on("SIGINT", () => process.exit(130))
process.on("SIGTERM", () => process.exit(143))
const program = join(folder, "load")
execFileSync("gcc", ["-O2", "-o", program, source])
const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
const written = ["-keyout", join(folder, "server-key.pem"), "-out", join(folder, "server-cert.pem")]
execFileSync("openssl", [...request.split(" "), ...written], { stdio: "ignore" })
execFileSync("cp", [join(folder, "server-cert.pem"), join(folder, "ca-cert.pem")])
const servers = await startServers(["image-1", "image-2"], folder, 11_600)

/** CPU seconds of the children that this process has waited for: the loads. */
const loadSeconds = () => {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")
  return (Number(fields[13]) + Number(fields[14])) / 100
}

/** Runs a program; resolves to what it printed. @type {(program: string, args: ReadonlyArray<string>) => Promise<string>} */
const run = (command, args) =>
  new Promise((resolve, reject) => {
    let text = ""
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] })
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ more) => (text += more))
    child.on("close", (code) => code === 0 ? resolve(text) : reject(new Error(`${command}: exit code ${code}`)))
  })

/** Requests a second of light clients, one for each export. */
const light = (
  /** @type {ReadonlyArray<string>} */ names,
  /** @type {number} */ connections,
  /** @type {number} */ block,
  /** @type {"r" | "w"} */ way,
  size = SIZE,
  time = seconds
) =>
async (/** @type {number} */ port) => {
  const outputs = await Promise.all(
    names.map((name) =>
      run(program, [port, connections, 16, block, way, block > 4096 ? "s" : "r", time, size, name].map(String))
    )
  )
  return outputs.reduce((sum, output) => {
    const [rate, , , , , errors] = output.trim().split(" ").map(Number)
    if (errors > 0) throw new Error(`${errors} errors`)
    return sum + rate
  }, 0)
}

/** MiB a second of copies of the image through TLS, several at a time. */
const tls = async (/** @type {number} */ port) => {
  const begin = performance.now()
  const uri = `nbds://127.0.0.1:${port}/image?tls-certificates=${folder}`
  await Promise.all(Array.from({ length: 4 }, () => run("nbdcopy", ["--connections=1", uri, "null:"])))
  return 4 * SIZE / 2 ** 20 / ((performance.now() - begin) / 1000)
}

/** Bytes of a store that are read and written. */
const STORE = 32 * 2 ** 20
const swaps = Array.from({ length: 8 }, (_, i) => `swap-${i}`)
/** @type {ReadonlyArray<readonly [what: string, load: (port: number) => Promise<number>]>} */
const LOADS = [
  ["4 KiB reads of an image, 8 connections", light(["image"], 8, 4096, "r")],
  ["128 KiB reads of an image, 8 connections", light(["image"], 8, 131_072, "r")],
  ["4 KiB writes to 8 stores in memory", light(swaps, 1, 4096, "w", STORE)],
  ["4 KiB reads of 8 stores in memory", light(swaps, 1, 4096, "r", STORE)],
  ["an image through TLS, 4 copies", tls]
]

/** @typedef {{ rate: number, perCpuSecond: number, loadPart: number }} Result */
const median = (/** @type {ReadonlyArray<number>} */ of) => [...of].sort((a, b) => a - b)[of.length >> 1]

// what is measured must not be first touches
for (const { port } of [...servers, ...servers]) await light(swaps, 1, 131_072, "w", STORE, 1)(port)
console.log(
  `${seconds} s x ${rounds}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}`
)
console.log("load | one process | two | times | at most | for a CPU second | load's CPU against the server's")
for (const [what, load] of LOADS) {
  /** @type {ReadonlyArray<Array<Result>>} */
  const results = servers.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, { pid, port }] of servers.entries()) {
      const [serverBefore, loadBefore, begin] = [cpuSeconds(pid), loadSeconds(), performance.now()]
      const rate = await load(port)
      const done = rate * (performance.now() - begin) / 1000
      const used = cpuSeconds(pid) - serverBefore
      results[i].push({ rate, perCpuSecond: done / used, loadPart: (loadSeconds() - loadBefore) / used })
    }
  }
  const [one, two] = results.map((of) => ({
    rate: median(of.map(({ rate }) => rate)),
    perCpuSecond: median(of.map(({ perCpuSecond }) => perCpuSecond)),
    loadPart: median(of.map(({ loadPart }) => loadPart))
  }))
  const most = Math.min(2, availableParallelism() / (1 + one.loadPart))
  console.log([
    what,
    one.rate.toFixed(0),
    two.rate.toFixed(0),
    (two.rate / one.rate).toFixed(2),
    most.toFixed(2),
    (two.perCpuSecond / one.perCpuSecond).toFixed(2),
    one.loadPart.toFixed(2)
  ].join(" | "))
}
process.exit(0)
