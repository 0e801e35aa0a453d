// @ts-check
// How long a client of swaplab-nbd-server that asks for one page at a time waits while another one does its worst, beside how
// long it waits alone, and while the other one does it to another server: what the machine's processors alone make of it.
// All three are measured in turns.
//   node tools/nbd-bystander.mjs LOAD.c [--seconds 2] [--rounds 5] [--only TEXT]
// LOAD.c as for tools/nbd-bench/bench.mjs. Each client has a store of its own, in memory and in a file. TEXT: only rows with it.
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { ATTACKS } from "./src/nbd-attacks.mjs"
import { root } from "./src/workspace.mjs"

const SIZE = 64 * 2 ** 20
/** Bystanders must wait at most so many times as long as alone. */
const GOAL = 3

const [source, ...rest] = process.argv.slice(2)
if (source === undefined) {
  console.error("usage: node tools/nbd-bystander.mjs LOAD.c [--seconds 2] [--rounds 5] [--only TEXT]")
  process.exit(2)
}
const option = (/** @type {string} */ name, /** @type {string} */ standard) => {
  const at = rest.indexOf(`--${name}`)
  return at < 0 ? standard : rest[at + 1]
}
const seconds = Number(option("seconds", "2"))
const rounds = Number(option("rounds", "5"))
const only = option("only", "")

const folder = mkdtempSync(join(tmpdir(), "nbd-bystander-"))
const load = join(folder, "load")
execFileSync("gcc", ["-O2", "-o", load, source])
/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set()
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a server with files of its own; its port. @param {string} name @returns {Promise<number>} */
const startServer = (name) => {
  const config = join(folder, `${name}.yaml`)
  const directory = join(folder, name)
  mkdirSync(directory)
  writeFileSync(
    config,
    `listen: ["127.0.0.1:0"]
log: json
limits: { handshakes: 4096, handshakesPerAddress: 4096, connections: 8192, connectionsPerAddress: 8192 }
swap:
  memory-*: { size: 64 MiB, keep: true }
  file-*: { size: 64 MiB, store: file, directory: ${directory}, keep: true }
`
  )
  const server = spawn(
    process.execPath,
    [join(root, "apps/nbd-server/bin/swaplab-nbd-server.cjs"), "--config", config],
    {
      stdio: ["ignore", "ignore", "pipe"]
    }
  )
  children.add(server)
  return new Promise((resolve) => {
    let text = ""
    server.stderr.setEncoding("utf8").on("data", (/** @type {string} */ data) => {
      text += data
      const listening = /"listening","at":"[^"]*:(\d+)"/.exec(text)
      if (listening !== null && text.includes("\"ready\"")) resolve(Number(listening[1]))
      // refused and lost connections are told, too: nobody needs them here
      if (text.length > 65_536) text = text.slice(-4096)
    })
  })
}
const [port, elsewhere] = [await startServer("shared"), await startServer("other")]

const args = (
  /** @type {number} */ server,
  /** @type {string} */ name,
  /** @type {ReadonlyArray<string | number>} */ shape,
  /** @type {number} */ time
) => [server, ...shape, time, SIZE, name].map(String)

/** p50 and p99 of the bystander in µs. @param {string} store @param {number} server */
const bystander = async (store, server) => {
  const child = spawn(load, args(server, `${store}-bystander`, [1, 1, 4096, "r", "r"], seconds), {
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
  ["8 connections writing 4 MiB, depth 2", [8, 2, 4194304, "w", "s"]],
  .../** @type {Array<[string, null]>} */ (Object.keys(ATTACKS).map((name) => [name, null]))
]

const median = (/** @type {ReadonlyArray<number>} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1]

console.log(
  `${seconds} s x ${rounds}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}`
)
console.log(
  "| store | beside | p50 alone | p50 beside | ratio, at most 3 | p50 beside, on another server | p99 beside |"
)
console.log("| --- | --- | --- | --- | --- | --- | --- |")
let worst = 0
for (const store of ["memory", "file"]) {
  // what is measured must not be holes or first touches
  for (
    const [server, name] of /** @type {const} */ ([[port, "bystander"], [port, "other"], [elsewhere, "bystander"]])
  ) {
    execFileSync(load, args(server, `${store}-${name}`, [1, 16, 131072, "w", "s"], 2))
  }
  for (const [what, shape] of others.filter(([name]) => name.includes(only))) {
    /** @type {Record<"alone" | "beside" | "elsewhere", Array<{ p50: number, p99: number }>>} */
    const results = { alone: [], beside: [], elsewhere: [] }
    for (let round = 0; round < rounds; round++) {
      results.alone.push(await bystander(store, port))
      const other = shape === null
        ? spawn(process.execPath, [join(root, "tools/src/nbd-attacks.mjs"), what, String(port)], { stdio: "ignore" })
        : spawn(load, args(port, `${store}-other`, shape, 3600), { stdio: "ignore" })
      children.add(other)
      await sleep(300)
      results.beside.push(await bystander(store, port))
      results.elsewhere.push(await bystander(store, elsewhere))
      other.kill("SIGKILL")
      await once(other, "close")
      children.delete(other)
    }
    const p50 = (/** @type {"alone" | "beside" | "elsewhere"} */ key) =>
      median(results[key].map((result) => result.p50))
    const p99 = median(results.beside.map((result) => result.p99))
    const ratio = p50("beside") / p50("alone")
    worst = Math.max(worst, ratio)
    const [alone, beside, other] = [p50("alone"), p50("beside"), p50("elsewhere")].map((us) => `${us} µs`)
    console.log(`| ${store} | ${what} | ${alone} | ${beside} | ${ratio.toFixed(2)} | ${other} | ${p99} µs |`)
  }
}
console.log(`worst ratio ${worst.toFixed(2)}, goal ${GOAL}: ${worst <= GOAL ? "met" : "not met"}`)
process.exit(worst <= GOAL ? 0 : 1)
