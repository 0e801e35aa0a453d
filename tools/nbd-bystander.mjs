// @ts-check
// How long a client of swaplab-nbd-server that asks for one page at a time waits while another one does its worst, beside how
// long it waits alone; both measured in turns.
//   node tools/nbd-bystander.mjs LOAD.c [--seconds 2] [--rounds 5]
// LOAD.c as for tools/nbd-bench/bench.mjs. Each client has a store of its own, in memory and in a file.
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { root } from "./src/workspace.mjs"

const SIZE = 64 * 2 ** 20
/** Bystanders must wait at most so many times as long as alone. */
const GOAL = 3

const [source, ...rest] = process.argv.slice(2)
if (source === "--attack") await attack(Number(rest[0]))
if (source === undefined) {
  console.error("usage: node tools/nbd-bystander.mjs LOAD.c [--seconds 2] [--rounds 5]")
  process.exit(2)
}
const option = (/** @type {string} */ name, /** @type {string} */ standard) => {
  const at = rest.indexOf(`--${name}`)
  return at < 0 ? standard : rest[at + 1]
}
const seconds = Number(option("seconds", "2"))
const rounds = Number(option("rounds", "5"))

/** Opens connections and resets them, some in the middle of a handshake, without end. @param {number} port */
async function attack(port) {
  const flags = Buffer.from("00000003", "hex")
  for (;;) {
    const sockets = Array.from({ length: 50 }, (_, i) => {
      const socket = connect(port, "127.0.0.1").on("error", () => {})
      socket.write(flags.subarray(0, i % 5))
      return socket
    })
    await Promise.all(sockets.map((socket) => once(socket, "connect").catch(() => {})))
    for (const socket of sockets) socket.resetAndDestroy()
  }
}

const folder = mkdtempSync(join(tmpdir(), "nbd-bystander-"))
const load = join(folder, "load")
execFileSync("gcc", ["-O2", "-o", load, source])
writeFileSync(
  join(folder, "config.yaml"),
  `listen: ["127.0.0.1:0"]
log: json
limits: { handshakes: 4096, connections: 8192, connectionsPerAddress: 8192 }
swap:
  memory-*: { size: 64 MiB, keep: true }
  file-*: { size: 64 MiB, store: file, directory: ${folder}, keep: true }
`
)
const server = spawn(process.execPath, [
  join(root, "apps/nbd-server/dist/main.js"),
  "--config",
  join(folder, "config.yaml")
], { stdio: ["ignore", "ignore", "pipe"] })
/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set([server])
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
})
const port = await new Promise((resolve) => {
  let text = ""
  server.stderr.setEncoding("utf8").on("data", (/** @type {string} */ data) => {
    text += data
    const listening = /"listening","at":"[^"]*:(\d+)"/.exec(text)
    if (listening !== null && text.includes("\"ready\"")) resolve(Number(listening[1]))
    // refused and lost connections are told, too: nobody needs them here
    if (text.length > 65_536) text = text.slice(-4096)
  })
})

const args = (
  /** @type {string} */ name,
  /** @type {ReadonlyArray<string | number>} */ shape,
  /** @type {number} */ time
) => [port, ...shape, time, SIZE, name].map(String)

/** p50 and p99 of the bystander in µs. @param {string} store */
const bystander = async (store) => {
  const child = spawn(load, args(`${store}-bystander`, [1, 1, 4096, "r", "r"], seconds), {
    stdio: ["ignore", "pipe", "inherit"]
  })
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ data) => (text += data))
  await once(child, "close")
  const [, , p50, p99] = text.trim().split(" ").map(Number)
  return { p50, p99 }
}

/** What the other one does: the load of a client, or null for an attack. @type {ReadonlyArray<[string, Array<string | number> | null]>} */
const others = [
  ["8 connections reading pages, depth 16", [8, 16, 4096, "r", "r"]],
  ["8 connections writing pages, depth 16", [8, 16, 4096, "w", "r"]],
  ["8 connections reading 128 KiB, depth 16", [8, 16, 131072, "r", "s"]],
  ["8 connections writing 128 KiB, depth 16", [8, 16, 131072, "w", "s"]],
  ["connects and resets without end", null]
]

const median = (/** @type {ReadonlyArray<number>} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1]

console.log(
  `${seconds} s x ${rounds}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}`
)
console.log("| store | beside | p50 alone | p50 beside | ratio, at most 3 | p99 alone | p99 beside |")
console.log("| --- | --- | --- | --- | --- | --- | --- |")
let worst = 0
for (const store of ["memory", "file"]) {
  // what is measured must not be holes or first touches
  for (const name of ["bystander", "other"]) {
    execFileSync(load, args(`${store}-${name}`, [1, 16, 131072, "w", "s"], 2))
  }
  for (const [what, shape] of others) {
    /** @type {Array<{ p50: number, p99: number }>} */
    const alone = []
    /** @type {Array<{ p50: number, p99: number }>} */
    const beside = []
    for (let round = 0; round < rounds; round++) {
      alone.push(await bystander(store))
      const other = shape === null
        ? spawn(process.execPath, [fileURLToPath(import.meta.url), "--attack", String(port)], { stdio: "ignore" })
        : spawn(load, args(`${store}-other`, shape, 3600), { stdio: "ignore" })
      children.add(other)
      await sleep(300)
      beside.push(await bystander(store))
      other.kill("SIGKILL")
      await once(other, "close")
      children.delete(other)
    }
    const [p50, p50Beside] = [alone, beside].map((results) => median(results.map((result) => result.p50)))
    const [p99, p99Beside] = [alone, beside].map((results) => median(results.map((result) => result.p99)))
    worst = Math.max(worst, p50Beside / p50)
    const ratio = (p50Beside / p50).toFixed(2)
    console.log(`| ${store} | ${what} | ${p50} µs | ${p50Beside} µs | ${ratio} | ${p99} µs | ${p99Beside} µs |`)
  }
}
console.log(`worst ratio ${worst.toFixed(2)}, goal ${GOAL}: ${worst <= GOAL ? "met" : "not met"}`)
process.exit(worst <= GOAL ? 0 : 1)
