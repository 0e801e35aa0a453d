// @ts-check
// Measures swaplab-nbd-server against nbdkit's memory plugin, interleaved in one run.
//   node tools/nbd-bench/bench.mjs LOAD.c [--seconds 3] [--rounds 5] [--peers nbdkit-file,nbd-server,qemu-nbd]
// LOAD.c is a light load client: LOAD port connections depth block r|w r|s seconds size export, which prints
// "requests/s MB/s p50 p99 p999 errors". It is compiled with gcc -O2. Needs Debian's nbdkit, and the peers that are named.
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const [source, ...rest] = process.argv.slice(2)
const option = (/** @type {string} */ name, /** @type {string} */ standard) => {
  const at = rest.indexOf(`--${name}`)
  return at < 0 ? standard : rest[at + 1]
}
if (source === undefined) {
  console.error("usage: node tools/nbd-bench/bench.mjs LOAD.c [--seconds 3] [--rounds 5] [--peers a,b]")
  process.exit(2)
}
const seconds = Number(option("seconds", "3"))
const rounds = Number(option("rounds", "5"))
const peers = option("peers", "").split(",").filter((name) => name !== "")
const SIZE = 256 * 2 ** 20
const folder = mkdtempSync(join(tmpdir(), "nbd-bench-"))
const load = join(folder, "load")
execFileSync("gcc", ["-O2", "-o", load, source])
writeFileSync(join(folder, "file.img"), Buffer.alloc(SIZE, 0x5a))
const configFile = join(folder, "nbd-server.conf")

/** @type {Readonly<Record<string, (port: number) => readonly [string, ReadonlyArray<string>]>>} */
const servers = {
  nbdkit: (port) => ["nbdkit", ["-f", "-i", "127.0.0.1", "-p", String(port), "memory", "256M"]],
  ours: (port) => [process.execPath, [
    join(root, "apps/nbd-server/dist/main.js"),
    "--memory",
    "256 MiB",
    "--listen",
    `127.0.0.1:${port}`
  ]],
  "nbdkit-file": (port) => ["nbdkit", ["-f", "-i", "127.0.0.1", "-p", String(port), "file", join(folder, "file.img")]],
  "nbd-server": (port) => {
    writeFileSync(configFile, `[generic]\n[disk]\nexportname=${join(folder, "file.img")}\nport=${port}\n`)
    return ["nbd-server", ["-d", `127.0.0.1:${port}`, join(folder, "file.img")]]
  },
  "qemu-nbd": (port) => ["qemu-nbd", [
    "-f",
    "raw",
    "-b",
    "127.0.0.1",
    "-p",
    String(port),
    "-e",
    "64",
    "-t",
    join(folder, "file.img")
  ]]
}

const listening = (/** @type {number} */ port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => resolve(socket.destroy() !== undefined))
    socket.on("error", () => resolve(false))
  })

/** CPU seconds of a process and its children. */
const cpuSeconds = (/** @type {number} */ pid) => {
  const ticks = (/** @type {number} */ id) => {
    const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1].split(" ")
    return Number(fields[11]) + Number(fields[12])
  }
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter((id) => id !== "").map(Number)
  )
  return [pid, ...children].map(ticks).reduce((sum, value) => sum + value) / 100
}

const names = ["nbdkit", "ours", ...peers]
const running = names.map((name, i) => {
  const port = 11_500 + i
  const [program, args] = servers[name](port)
  const child = spawn(program, args, { stdio: "ignore" })
  return { name, port, child, pid: child.pid ?? 0 }
})
const stop = () => running.forEach(({ child }) => child.kill("SIGKILL"))
process.on("exit", stop)
for (const { port } of running) {
  while (!(await listening(port))) await new Promise((resolve) => setTimeout(resolve, 100))
}

/** One measurement: requests a second, server CPU µs a request, p50 and p99 in µs. */
const measure = (
  /** @type {{ port: number, pid: number }} */ { pid, port },
  /** @type {ReadonlyArray<string | number>} */ [connections, depth, block, rw, pattern],
  /** @type {number} */ time
) => {
  const before = cpuSeconds(pid)
  const args = [port, connections, depth, block, rw, pattern, time, SIZE, ""].map(String)
  const [rate, , p50, p99, , errors] = execFileSync(load, args, { encoding: "utf8" }).trim().split(" ").map(Number)
  if (errors > 0) throw new Error(`${errors} errors`)
  return { rate, cpu: (cpuSeconds(pid) - before) / (rate * time) * 1e6, p50, p99 }
}

/** @type {ReadonlyArray<readonly [number, number, number, string, string, goal: number]>} */
const cells = [
  [1, 16, 4096, "r", "r", 1.2],
  [8, 16, 4096, "r", "r", 1.2],
  [32, 16, 4096, "r", "r", 1.2],
  [1, 16, 4096, "w", "r", 1.2],
  [8, 16, 4096, "w", "r", 1.2],
  [32, 16, 4096, "w", "r", 1.2],
  [1, 1, 4096, "r", "r", 0.7],
  [8, 1, 4096, "r", "r", 0.55],
  [32, 1, 4096, "r", "r", 0.55],
  [1, 16, 131072, "r", "s", 1.1],
  [1, 16, 131072, "w", "s", 0.85]
]
const median = (/** @type {ReadonlyArray<number>} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1]

// everything is written once: what is measured must not be holes or first touches
for (const server of running) measure(server, [1, 16, 131072, "w", "s"], 1)
for (const server of running) measure(server, [1, 16, 131072, "w", "s"], 1)
console.log(
  `${seconds} s x ${rounds}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}`
)
console.log(
  "conns depth block rw | " + names.map((name) => `${name}: requests/s, CPU us, p50, p99`).join(" | ") +
    " | ratio, goal"
)
for (const [connections, depth, block, rw, pattern, goal] of cells) {
  /** @type {Record<string, Array<ReturnType<typeof measure>>>} */
  const results = {}
  for (let round = 0; round < rounds; round++) {
    for (const server of running) {
      ;(results[server.name] ??= []).push(measure(server, [connections, depth, block, rw, pattern], seconds))
    }
  }
  const of = (/** @type {string} */ name, /** @type {"rate" | "cpu" | "p50" | "p99"} */ key) =>
    median(results[name].map((result) => result[key]))
  const columns = names.map((name) =>
    `${of(name, "rate").toFixed(0)} ${of(name, "cpu").toFixed(1)} ${of(name, "p50")} ${of(name, "p99")}`
  )
  const ratio = of("ours", "rate") / of("nbdkit", "rate")
  console.log([`${connections} ${depth} ${block} ${rw}`, ...columns, `${ratio.toFixed(2)}, ${goal}`].join(" | "))
}
stop()
process.exit(0)
