// @ts-check
// How long clients wait for an answer over a planned restart of swaplab-nbd-server, whose port a manager keeps open, as a
// .socket unit of systemd does. Beside it: how long Node takes to start, and the server.
//   node tools/nbd-restart.mjs [--restarts 10] [--clients 4] [--depth 16]
// Needs the nbd module of libnbd for Debian's python3. The server is what a package holds, and has a folder for compiled code
// as its unit gives it one.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { root } from "./src/workspace.mjs"

const option = (/** @type {string} */ name, /** @type {number} */ standard) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? standard : Number(process.argv[at + 1])
}
const [restarts, clients, depth] = [option("restarts", 10), option("clients", 4), option("depth", 16)]
/** Beyond what Node takes to start. */
const GOAL_MS = 200

const scripts = join(root, "e2e/nbd-server/src")
const app = join(root, "apps/nbd-server")
if (!existsSync(join(app, "bundle/main.cjs"))) {
  console.error(`${app}/bundle is missing: run apps/nbd-server/bin/swaplab-nbd-server.cjs once`)
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), "nbd-restart-"))
const installed = join(folder, "installed")
for (const part of ["bin", "bundle", "package.json"]) {
  cpSync(join(app, part), join(installed, part), { recursive: true })
}
const server = join(installed, "bin/swaplab-nbd-server.cjs")
const cache = join(folder, "cache")
mkdirSync(cache, { mode: 0o700 })
const env = { ...process.env, PATH: `/usr/bin:${process.env["PATH"]}` }
const config = join(folder, "config.yaml")
writeFileSync(
  config,
  `log: json
listen: ["127.0.0.1:0"]
swap: { swap-*: { size: 64 MiB, store: file, directory: ${folder} } }
`
)
/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set()
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
})

/** @param {string} program @param {ReadonlyArray<string>} args @param {NodeJS.ProcessEnv} own */
const start = (program, args, own = {}) => {
  const child = spawn(program, args, { env: { ...env, ...own }, stdio: ["pipe", "pipe", "pipe"] })
  children.add(child)
  return child
}

/** What a server says, and a wait for how often it has said an event. @param {import("node:child_process").ChildProcess} child */
const logOf = (child) => {
  let text = ""
  child.stderr?.setEncoding("utf8").on("data", (more) => (text += more))
  const count = (/** @type {string} */ event) => text.split(`"event":"${event}"`).length - 1
  return {
    port: () => Number(/"listening","at":"[^"]*:(\d+)"/.exec(text)?.[1]),
    count,
    /** @param {string} event @param {number} times */
    until: async (event, times) => {
      while (count(event) < times) await sleep(1)
    }
  }
}

/** @param {ReadonlyArray<number>} values */
const summary = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  return { least: sorted[0], median: sorted[Math.floor(sorted.length / 2)], most: sorted[sorted.length - 1] }
}

/** Milliseconds, several times. @param {() => Promise<void>} run */
const timed = async (run) => {
  const took = []
  for (let i = 0; i < restarts; i++) {
    const begin = performance.now()
    await run()
    took.push(performance.now() - begin)
  }
  return summary(took)
}

/** Starts the server until it is ready, and `then` is over. @param {NodeJS.ProcessEnv} own @param {() => Promise<void>} then */
const startServer = async (own, then) => {
  const child = start(server, ["--config", config], own)
  await logOf(child).until("ready", 1)
  await then()
  child.kill("SIGKILL")
  await once(child, "close")
}

const nodeMs = await timed(async () => {
  await once(start(process.execPath, ["-e", "0"]), "close")
})
const compilingMs = await timed(() => startServer({}, async () => {}))
const CACHED = { CACHE_DIRECTORY: cache }
await startServer(CACHED, async () => {
  while (!existsSync(join(cache, "run-command.code"))) await sleep(1)
})
const serverMs = await timed(() => startServer(CACHED, async () => {}))

const manager = start("python3", [join(scripts, "listen-fds.py"), "127.0.0.1", "0", server, "--config", config], CACHED)
const log = logOf(manager)
await log.until("ready", 1)
const loads = Array.from({ length: clients }, (_, i) => {
  const uri = `nbd://127.0.0.1:${log.port()}/swap-${i}`
  const client = start("python3", [
    join(scripts, "reconnecting.py"),
    uri,
    String(i + 1),
    "16",
    "4096",
    String(depth),
    "0",
    ""
  ])
  let text = ""
  client.stdout.setEncoding("utf8").on("data", (more) => (text += more))
  client.stderr.pipe(process.stderr)
  return { client, text: () => text }
})
while (!loads.every(({ text }) => text().includes("ready"))) await sleep(5)
for (let i = 1; i <= restarts; i++) {
  const back = log.count("attached") + clients
  manager.kill("SIGHUP")
  await log.until("attached", back)
  // they are at work again
  await sleep(500)
}
/** @type {Array<{ requests: number, checked: number, errors: Array<unknown>, wrong: Array<unknown>, gapsMs: Array<number> }>} */
const seen = []
for (const { client, text } of loads) {
  client.stdin.end()
  await once(client, "close")
  seen.push(JSON.parse(text().split("\n").find((line) => line.startsWith("{")) ?? "{}"))
}
manager.kill("SIGTERM")
await once(manager, "close")

const gaps = summary(seen.flatMap(({ gapsMs }) => gapsMs))
const ms = (/** @type {number} */ value) => `${value.toFixed(0)} ms`
/** @type {ReadonlyArray<[string, { least: number, median: number, most: number }]>} */
const rows = [
  ["from the last answer before to the first one after", gaps],
  ["node -e 0, from start to end", nodeMs],
  ["the server, from start to ready", serverMs],
  ["the same where no code is kept", compilingMs]
]
console.log(
  `${restarts} planned restarts, ${clients} clients with ${depth} requests in flight each; load ${loadavg()[0]}`
)
for (const [what, { least, median, most }] of rows) {
  console.log(`| ${what} | least ${ms(least)} | median ${ms(median)} | most ${ms(most)} |`)
}
const beyond = gaps.median - nodeMs.median
console.log(
  `beyond the start of Node: ${ms(beyond)}, of the least ${
    ms(gaps.least - nodeMs.least)
  } (goal: at most ${GOAL_MS} ms), of which the server starts in ${ms(serverMs.median - nodeMs.median)}, ${
    ms(serverMs.least - nodeMs.least)
  }`
)
const sum = (/** @type {"requests" | "checked"} */ of) => seen.reduce((all, one) => all + one[of], 0)
const failed = seen.flatMap(({ errors }) => errors).length
const wrong = seen.flatMap(({ wrong: pages }) => pages).length
console.log(`${sum("requests")} requests, ${failed} failed; ${sum("checked")} pages read again, ${wrong} wrong`)
process.exitCode = failed + wrong === 0 ? 0 : 1
