// @ts-check
// How long it takes until the jobs of a worker that was killed begin on another one: measured, with a Postgres of its own, two
// workers of one thread, and jobs that take minutes.
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { execPath } from "node:process"
import { setTimeout } from "node:timers/promises"
import { root } from "./workspace.mjs"

const LONG = `name: long
duration: 100000 s
kernels:
  series: { allocator: slub, base: v3.6 }
clients:
  - { name: client, ram: 8 MiB, swap: 200 MiB, workload: { usemem: { processesPerCpu: 4, size: 24 MiB, passes: 1000 } } }
`

/** Milliseconds between two looks at the rows. */
const LOOK_MS = 50

const main = join(root, "apps/swaplab/bin/swaplab.mjs")

/** Starts the command; resolves with it when it has said that it goes on. @param {ReadonlyArray<string>} args @param {RegExp} says */
const start = (args, says) =>
  new Promise((resolve, reject) => {
    const child = spawn(execPath, [main, ...args], { stdio: ["ignore", "ignore", "pipe"] })
    let stderr = ""
    child.stderr.on("data", (text) => {
      stderr += text
      if (says.test(stderr)) resolve(child)
    })
    child.once("exit", () => reject(new Error(stderr)))
  })

/** Kills as many workers, one after the other; the seconds until the first job of each has begun elsewhere. @param {number} times */
export const measureFailover = async (times) => {
  const { startPostgres } = await import(join(root, "e2e/out-tsc/src/postgres.js"))
  const folder = mkdtempSync(join(tmpdir(), "swaplab-failover-"))
  const scenario = join(folder, "long.yaml")
  writeFileSync(scenario, LONG)
  const postgres = startPostgres()
  const startWorker = () => start(["worker", "--workers", "1", "--cluster", postgres.url], /./)
  /** @type {Array<import("node:child_process").ChildProcess>} */
  const going = []
  try {
    let workers = await Promise.all([startWorker(), startWorker()])
    going.push(...workers)
    const axis = ["-x", "clients.0.ram=8MiB,9MiB", "--seeds", "2"]
    going.push(await start(["sweep", scenario, ...axis, "--cluster", postgres.url], /^progress: /m))
    /** Keys and fences of the jobs that a worker has begun. @param {number | undefined} pid @returns {ReadonlyArray<string>} */
    const jobsOf = (pid) =>
      postgres.ask(
        `select j.key || ' ' || j.fence from swaplab_jobs j join swaplab_messages m on m.entity_id = j.entity
        join swaplab_locks l on l.shard_id = m.shard_id where j.fence > 0 and l.address like '%:${pid}'`
      ).split("\n").filter(Boolean)
    /** @type {Array<number>} */
    const seconds = []
    for (let i = 0; i < times; i++) {
      const [gone, other] = workers
      while (jobsOf(gone.pid).length === 0) await setTimeout(LOOK_MS)
      const begun = jobsOf(gone.pid)
      gone.kill("SIGKILL")
      const from = performance.now()
      const moved = begun.map((job) => {
        const [key, fence] = job.split(" ")
        return `(key = '${key}' and fence > ${fence})`
      }).join(" or ")
      while (postgres.ask(`select 1 from swaplab_jobs where ${moved}`) === "") await setTimeout(LOOK_MS)
      seconds.push((performance.now() - from) / 1000)
      const next = await startWorker()
      going.push(next)
      workers = [other, next]
    }
    return seconds
  } finally {
    for (const child of going) child.kill("SIGKILL")
    postgres.stop()
    rmSync(folder, { recursive: true })
  }
}
