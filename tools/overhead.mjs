// @ts-check
// `node tools/overhead.mjs [RUNS]`: CPU time that a sweep and a search add to that of their runs, with worker threads and a directory
// that keeps each run. The whole process is measured, less the start of its worker threads; of the runs the time of their threads.
// V8 runs on the threads that it works for (--single-threaded): its helpers collect garbage of runs and compile what runs need, which
// would count as added.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { root } from "./src/workspace.mjs"

if (!process.execArgv.includes("--single-threaded")) {
  const { status } = spawnSync(process.execPath, ["--single-threaded", ...process.argv.slice(1)], { stdio: "inherit" })
  process.exit(status ?? 1)
}

const runs = Number(process.argv[2] ?? 1000)
if (!Number.isInteger(runs) || runs < 8) throw new Error(`${process.argv[2]}: expected a number of runs, 8 at least`)

/** What is built. @param {string} file */
const built = (file) => import(path.join(root, file))
const [{ Effect, Layer }, NodeContext, { layerFiles }, { loadScenario }, experiment, { workerPool }] = await Promise
  .all([
    import(["effect"].join("")),
    import(["@effect/platform-node", "NodeContext"].join("/")),
    built("libs/config/dist/index.js"),
    built("libs/cluster/dist/index.js"),
    built("libs/experiment/dist/index.js"),
    built("apps/swaplab/dist/pool.js")
  ])
const worker = new URL(`file://${path.join(root, "apps/swaplab/dist/worker.js")}`)
const directory = fs.mkdtempSync(path.join(tmpdir(), "swaplab-overhead-"))
for (const name of ["sweep", "search"]) fs.mkdirSync(path.join(directory, name))

const layer = Layer.mergeAll(layerFiles(fs, path), NodeContext.layer)

/** @param {any} effect */
const run = (effect) => Effect.runPromise(Effect.scoped(effect).pipe(Effect.provide(layer)))
/** @param {string} file */
const scenario = (file) => run(loadScenario(path.join(root, "scenarios", file), []))
/** @param {any} loaded @param {string} name */
const store = (loaded, name) =>
  Effect.map(
    experiment.openRunStore(path.join(directory, name), { engine: "overhead", loaded, fresh: false }, () =>
      experiment.CELL_FORM),
    (/** @type {any} */ { find, keep }) => ({
      find,
      keep: (/** @type {any} */ job, /** @type {any} */ kept) =>
        Effect.orDie(keep(job, kept))
    })
  )

/** CPU seconds of the process so far. */
const used = () => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

/** @param {string} what @param {number} n @param {number} own @param {number} all @param {number} most */
const say = (what, n, own, all, most) => {
  const added = (all - own) / own
  console.log(
    `${what}: ${n} runs, ${own.toFixed(2)} s of CPU time, ${(own / n * 1e3).toFixed(0)} ms each; added ${
      ((all - own) / n * 1e3).toFixed(2)
    } ms a run, ${(added * 100).toFixed(1)} % (at most ${most} %)`
  )
}

try {
  const loaded = await scenario("sweep-quick.yaml")
  const [kernel] = Object.keys(loaded.scenario.kernels)
  await run(
    Effect.gen(function*() {
      let own = 0
      const options = {
        store: yield* store(loaded, "sweep"),
        reduce: (/** @type {any} */ job, /** @type {any} */ result) => {
          own += result.cpuSeconds
          return experiment.cellOf(job.loaded.scenario, result)
        }
      }
      /** @param {number} n @param {number} first */
      const made = (n, first) => {
        const jobs = Array.from({ length: n }, (_, id) => ({ id, loaded, kernel, seed: first + id, field: [0] }))
        return experiment.runRounds((/** @type {any} */ { size }) => size === 0 ? jobs : [], options)
      }
      // threads start, and code is compiled
      yield* made(8, 1_000_000)
      own = 0
      const before = used()
      yield* made(runs, 1)
      say("sweep", runs, own, used() - before, 3)
    }).pipe(Effect.provide(workerPool(worker, undefined, 8)))
  )

  const quick = await scenario("capacity-quick.yaml")
  await run(
    Effect.gen(function*() {
      const ladder = yield* experiment.makeLadder(quick, { least: false })
      const situation = { loaded: quick, kernel: "series", ladder, firstSeed: 1 }
      /** @type {any} */
      let last = null
      const options = {
        store: yield* store(quick, "search"),
        onProgress: (/** @type {any} */ progress) =>
          Effect.sync(() => {
            last = progress
          })
      }
      const demand = { holds: 0.8, sure: 0.8, within: 0.15, maxSeeds: Math.max(1, Math.round(runs / 30)) }
      yield* experiment.findCapacity({ ...situation, firstSeed: 1_000_000 }, { ...demand, maxSeeds: 1 }, options)
      const before = used()
      yield* experiment.findCapacity(situation, demand, options)
      say("search", last.runs, last.cpuSeconds, used() - before, 5)
    }).pipe(Effect.provide(workerPool(worker, undefined, 8)))
  )
} finally {
  fs.rmSync(directory, { recursive: true })
}
