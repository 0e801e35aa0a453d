// @ts-check
// `node tools/many-machines-cost.mjs [JOBS] [PAIRS] [PASSES]`: what --cluster adds to a job, with a Postgres of its own and two workers of one
// thread, against two threads of this process' machine: CPU time of command and workers, of Postgres, statements, bytes, and how
// long both take. All figures are differences between two numbers of jobs, so that no start is in them. What looks now and then cost is
// measured beside, at rest, and taken off: they go by time, and a busy machine takes more of it for a job. Pairs are interleaved, and
// of times the medians are taken. A job has one pass, or PASSES of
// them. docs/reference/many-machines.md has what it prints.
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { argv, env, execPath } from "node:process"
import { setTimeout } from "node:timers/promises"
import { median } from "./src/statistics.mjs"
import { root } from "./src/workspace.mjs"

const [jobs, pairs, passes] = [Number(argv[2] ?? 400), Number(argv[3] ?? 5), Number(argv[4] ?? 1)]
if (!Number.isInteger(jobs) || jobs < 40 || !Number.isInteger(pairs) || pairs < 1) {
  throw new Error(`got ${argv.slice(2).join(" ")}, expected a number of jobs, 40 at least, and one of pairs`)
}
const FEW = 20

/** Seconds in which it is measured what looking costs. */
const REST_S = 10

/** What the tests have built. @param {string} path */
const built = (path) => import(join(root, path))
const { startPostgres } = await built("e2e/out-tsc/src/postgres.js")

const main = join(root, "apps/swaplab/bin/swaplab.mjs")
const folder = mkdtempSync(join(tmpdir(), "swaplab-cost-"))
const scenario = join(folder, "small.yaml")
writeFileSync(
  scenario,
  `name: small
duration: 2000 s
kernels:
  series: { allocator: slub, base: v3.6 }
clients:
  - { name: client, ram: 8 MiB, swap: 40 MiB, workload: { usemem: { processesPerCpu: 1, size: 12 MiB, passes: ${passes} } } }
`
)

/** The fields of /proc/PID/stat behind the name; null: the process has ended. */
const statOf = (/** @type {number | string} */ pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return null
  }
}

/** CPU seconds in Linux's hundredths: of a process, or with the children of it that have ended. */
const cpuOf = (/** @type {ReadonlyArray<string>} */ fields, children = false) =>
  (Number(fields[11]) + Number(fields[12]) + (children ? Number(fields[13]) + Number(fields[14]) : 0)) / 100

/** CPU seconds of a server and of all its processes so far. */
const serverCpu = (/** @type {string} */ pid) => {
  const own = statOf(pid)
  const others = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(statOf)
  return others.reduce(
    (sum, fields) => sum + (fields?.[1] === pid ? cpuOf(fields) : 0),
    own === null ? 0 : cpuOf(own, true)
  )
}

/** Runs a sweep; its CPU seconds and how long it took. @param {number} n @param {ReadonlyArray<string>} where */
const sweep = (n, where) => {
  const words = [main, "sweep", scenario, "-x", "clients.0.ram=8MiB,9MiB", "--seeds", String(n / 2), "--json", ...where]
  const { status, stderr } = spawnSync("bash", [
    "-c",
    "TIMEFORMAT='cost %U %S %R'; time \"$@\" > /dev/null",
    "bash",
    execPath,
    ...words
  ], {
    cwd: folder,
    encoding: "utf8",
    env: { ...env, LC_ALL: "C" }
  })
  const [, user, system, seconds] = /cost (\S+) (\S+) (\S+)/.exec(stderr) ?? []
  if (status !== 0 || seconds === undefined) throw new Error(stderr)
  return { cpu: Number(user) + Number(system), seconds: Number(seconds) }
}

const postgres = startPostgres({ shared_preload_libraries: "pg_stat_statements" })
/** @type {Array<import("node:child_process").ChildProcess>} */
const workers = []
try {
  postgres.ask("create extension pg_stat_statements")
  for (let i = 0; i < 2; i++) {
    const child = spawn(execPath, [main, "worker", "--workers", "1", "--cluster", postgres.url], {
      stdio: ["ignore", "ignore", "pipe"]
    })
    workers.push(child)
    await new Promise((resolve) => child.stderr.once("data", resolve))
  }
  const server = Number(postgres.ask("select pid from pg_stat_activity where backend_type = 'checkpointer'"))
  const parent = statOf(server)?.[1] ?? ""
  const state = () => ({
    workers: workers.reduce((sum, { pid }) => sum + cpuOf(statOf(pid ?? 0) ?? []), 0),
    postgres: serverCpu(parent),
    statements: Number(postgres.ask("select sum(calls) from pg_stat_statements")),
    wal: Number(postgres.ask("select wal_bytes from pg_stat_wal"))
  })
  /** What a second of looking costs: of workers without jobs, and of a command whose workers do not answer. */
  const resting = async () => {
    /** @param {() => ReturnType<typeof state> & { command: number }} of */
    const perSecond = async (of) => {
      const [before, from] = [of(), performance.now()]
      await setTimeout(REST_S * 1e3)
      const [after, seconds] = [of(), (performance.now() - from) / 1e3]
      return {
        cpu: (after.workers - before.workers + after.command - before.command) / seconds,
        command: (after.command - before.command) / seconds,
        postgres: (after.postgres - before.postgres) / seconds,
        statements: (after.statements - before.statements) / seconds
      }
    }
    const alone = await perSecond(() => ({ ...state(), command: 0 }))
    for (const child of workers) child.kill("SIGSTOP")
    const words = [main, "sweep", scenario, "-x", "clients.0.ram=10MiB,11MiB", "--cluster", postgres.url]
    const command = spawn(execPath, words, { stdio: ["ignore", "ignore", "pipe"] })
    await new Promise((resolve) => command.stderr.once("data", resolve))
    await setTimeout(1000)
    const asking = await perSecond(() => ({ ...state(), command: cpuOf(statOf(command.pid ?? 0) ?? []) }))
    command.kill("SIGKILL")
    for (const child of workers) child.kill("SIGCONT")
    return {
      cpu: alone.cpu + asking.cpu,
      command: asking.command,
      postgres: alone.postgres + asking.postgres,
      statements: alone.statements + asking.statements
    }
  }
  const there = (/** @type {number} */ n) => {
    const before = state()
    const { cpu, seconds } = sweep(n, ["--cluster", postgres.url])
    const after = state()
    return {
      seconds,
      cpu: cpu + after.workers - before.workers,
      command: cpu,
      postgres: after.postgres - before.postgres,
      statements: after.statements - before.statements,
      wal: after.wal - before.wal
    }
  }
  const here = (/** @type {number} */ n) => sweep(n, ["--workers", "2"])
  // the first ones compile code
  there(FEW)
  const rest = await resting()
  const found = Array.from({ length: pairs }, () => ({
    few: { there: there(FEW), here: here(FEW) },
    many: { there: there(FEW + jobs), here: here(FEW + jobs) }
  }))
  /** The median of a difference, of one job. @param {(pair: { there: ReturnType<typeof there>, here: ReturnType<typeof here> }) => number} figure */
  const perJob = (figure) => median(found.map(({ few, many }) => (figure(many) - figure(few)) / jobs))
  /** The same of CPU seconds and statements in the cluster, without looks. @param {"cpu" | "command" | "postgres" | "statements"} figure */
  const ofJobs = (figure) => perJob(({ there }) => there[figure] - rest[figure] * there.seconds)
  const own = perJob(({ here }) => here.cpu)
  console.log(`jobs of ${(own * 1e3).toFixed(0)} ms of CPU time, ${jobs} of them, ${pairs} pairs`)
  console.log(`command and workers: ${((ofJobs("cpu") - own) * 1e3).toFixed(1)} ms of CPU time added a job`)
  console.log(
    `of that, and of what is done with the result, in the command: ${(ofJobs("command") * 1e3).toFixed(1)} ms`
  )
  console.log(`Postgres: ${(ofJobs("postgres") * 1e3).toFixed(1)} ms of CPU time a job`)
  console.log(`statements a job: ${ofJobs("statements").toFixed(1)}`)
  console.log(
    `looks of the command and two workers: ${(rest.cpu * 1e3).toFixed(0)} ms of CPU time a second, of Postgres ${
      (rest.postgres * 1e3).toFixed(0)
    } ms`
  )
  console.log(`log of Postgres: ${(perJob(({ there }) => there.wal) / 1024).toFixed(0)} KiB a job`)
  const speed = perJob(({ here }) => here.seconds) / perJob(({ there }) => there.seconds)
  console.log(`two workers against two threads: ${speed.toFixed(2)} times the jobs a second`)
  console.log("statements, by calls:")
  console.log(postgres.ask(
    "select calls || ' ' || round(mean_exec_time::numeric, 3) || ' ms ' || left(regexp_replace(query, '\\s+', ' ', 'g'), 70) "
      + "from pg_stat_statements order by calls desc limit 14"
  ))
} finally {
  for (const child of workers) child.kill("SIGKILL")
  postgres.stop()
  rmSync(folder, { recursive: true })
}
