// @ts-check
// The clients of the real side: one process within their network namespace. Reads what to do as JSON from its standard input,
// prints figures as JSON. `node tools/lan-truth.mjs` starts it.
import { readFileSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { parseCpuTicks, parseLoad, parseNetstat } from "./counters.mjs"
import { figuresOf, rounded } from "./figures.mjs"
import { NbdClient, nowMs } from "./nbd-client.mjs"
import { NBD_PORT, WARM_UP_S } from "./settings.mjs"

/**
 * `serverPid`: a process in the namespace of the server, whose counters stand below /proc.
 * @typedef {{
 *   cell: import("./grid.mjs").Cell, seed: number, seconds: number, serverAddress: string,
 *   clientAddresses: ReadonlyArray<string>, serverPid: number
 * }} Order
 */

/** How the host fared meanwhile. @typedef {{ idlePercent: number, stolenPercent: number, load: number, lateMs: number }} Host */

/** @type {Order} */
const { cell, clientAddresses, seconds, seed, serverAddress, serverPid } = JSON.parse(readFileSync(0, "utf8"))

const snapshot = () => {
  /** @type {(path: string) => Record<string, number>} */
  const counters = (path) => parseNetstat(readFileSync(path, "utf8"))
  const all = [process.pid, serverPid].flatMap((pid) => [
    counters(`/proc/${pid}/net/snmp`),
    counters(`/proc/${pid}/net/netstat`)
  ])
  const sum = (/** @type {string} */ name) => all.reduce((total, of) => total + (of[name] ?? 0), 0)
  return {
    ticks: parseCpuTicks(readFileSync("/proc/stat", "utf8")),
    timeouts: sum("TcpExtTCPTimeouts"),
    retransmitted: sum("TcpRetransSegs")
  }
}

/** @type {(why: string) => never} */
const failed = (why) => {
  console.error(why)
  process.exit(1)
}

const completed = clientAddresses.map(() => 0)
/** @type {Array<number>} */
const latenciesMs = []
let from = Number.POSITIVE_INFINITY
let to = Number.POSITIVE_INFINITY
/** @type {(client: number, latencyMs: number, now: number) => void} */
const done = (client, latencyMs, now) => {
  if (now < from || now >= to) return
  completed[client]++
  latenciesMs.push(latencyMs)
}

/** @type {Array<NbdClient>} */
const clients = []
await Promise.all(clientAddresses.map((localAddress, index) =>
  new Promise((ready) => {
    const address = { host: serverAddress, port: NBD_PORT, localAddress }
    clients.push(new NbdClient(cell, index, seed, address, { ready: () => ready(null), done, failed }))
  })
))

const late = monitorEventLoopDelay({ resolution: 10 })
const start = nowMs()
from = start + WARM_UP_S * 1000
to = from + seconds * 1000
for (const client of clients) for (let i = 0; i < cell.depth; i++) client.issue(nowMs())
/** @type {(at: number) => Promise<void>} */
const until = (at) => new Promise((passed) => setTimeout(passed, at - nowMs()))
await until(from)
late.enable()
const before = snapshot()
const fromTrue = nowMs()
await until(to)
const after = snapshot()
const countedSeconds = (nowMs() - fromTrue) / 1000
late.disable()
for (const client of clients) client.close()

const ticks = after.ticks.total - before.ticks.total
/** @type {Host} */
const host = {
  idlePercent: rounded(100 * (after.ticks.idle - before.ticks.idle) / ticks, 1),
  stolenPercent: rounded(100 * (after.ticks.stolen - before.ticks.stolen) / ticks, 1),
  load: parseLoad(readFileSync("/proc/loadavg", "utf8")),
  lateMs: rounded(late.percentile(99) / 1e6 - 10, 2)
}
const scale = seconds / countedSeconds
console.log(JSON.stringify({
  figures: figuresOf({
    seconds,
    bytesPerRequest: cell.sizeKiB * 1024,
    completed,
    latenciesMs,
    timeouts: (after.timeouts - before.timeouts) * scale,
    retransmitted: (after.retransmitted - before.retransmitted) * scale
  }),
  host
}))
