// Workers, the command and Postgres may be killed at any moment: no run is lost, none is counted twice, and the result is that of
// one machine. What is killed when is drawn from a seed. `npm run many-machines` does it with 500 jobs and five workers, from a new
// seed each time.
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Ended, scratch, swaplab, until } from "../src/command.ts"
import { left, type Postgres, startPostgres, titled } from "../src/postgres.ts"
import { filesOf } from "../src/results.ts"
import { tiny } from "../src/tiny.ts"
import { type Going, startWorker } from "../src/workers.ts"

const given = (name: string, without: number): number => Number(process.env[name] ?? without)
const JOBS = given("SWAPLAB_MANY_JOBS", 40)
const WORKERS = given("SWAPLAB_MANY_WORKERS", 2)
const SEED = given("SWAPLAB_MANY_SEED", 1)

/** Numbers below `bound`, from the seed. */
let state = SEED
const below = (bound: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor(state / 2 ** 32 * bound)
}

const EVENTS = ["worker", "frozen worker", "command", "Postgres"] as const

/** What happens, and after how many runs: each once, or more often where there are more jobs, in an order that is drawn. */
const script = (): ReadonlyArray<readonly [runs: number, what: typeof EVENTS[number]]> => {
  const rounds = Math.max(1, Math.round(JOBS / 125))
  const events = Array.from({ length: rounds }, () => EVENTS).flat()
  return events.map((what) => [1 + below(JOBS - 2), what] as const).toSorted(([a], [b]) => a - b)
}

const runsIn = (folder: string): number => {
  try {
    return readdirSync(join(folder, "runs")).filter((name) => /^[0-9a-f]+\.json$/.test(name)).length
  } catch {
    return 0
  }
}

describe.skipIf(left)(titled(`${JOBS} jobs, ${WORKERS} workers, seed ${SEED}`), () => {
  let postgres: Postgres
  let workers: ReadonlyArray<Going> = []
  const frozen: Array<Going> = []
  const start = () => startWorker("--cluster", postgres.url)
  beforeAll(async () => {
    postgres = startPostgres()
    workers = await Promise.all(Array.from({ length: WORKERS }, start))
  })
  afterAll(async () => {
    await Promise.all([...workers, ...frozen].map((worker) => worker.kill()))
    postgres?.stop()
  })

  it("loses none and counts none twice", async () => {
    const sweep = ["sweep", tiny(), "-x", "clients.0.ram=8MiB,9MiB,10MiB,11MiB", "--seeds", `${Math.ceil(JOBS / 4)}`]
    const folder = scratch()
    let killCommand = false
    const ask = (): Promise<Ended> =>
      swaplab([...sweep, "--cluster", postgres.url, "--out", folder], {
        interruptWhen: () => killCommand,
        signal: "SIGKILL"
      })
    let asked = ask()
    const exchange = async (): Promise<Going> => {
      const chosen = workers[below(workers.length)]!
      workers = [...workers.filter((worker) => worker !== chosen), await start()]
      return chosen
    }
    for (const [runs, what] of script()) {
      await until(() => runsIn(folder) >= runs)
      if (what === "worker") await (await exchange()).kill()
      if (what === "frozen worker") {
        const worker = await exchange()
        process.kill(worker.pid, "SIGSTOP")
        frozen.push(worker)
      }
      if (what === "Postgres") postgres.restart()
      if (what === "command") {
        killCommand = true
        await asked
        killCommand = false
        asked = ask()
      }
    }
    // what was frozen goes on with jobs that others have done by now, and may write nothing
    for (const { pid } of frozen) process.kill(pid, "SIGCONT")
    const many = await asked
    const one = scratch()
    const here = await swaplab([...sweep, "--workers", "2", "--out", one])
    expect([many.code, many.stdout]).toEqual([here.code, here.stdout])
    expect(filesOf(folder)).toEqual(filesOf(one))
    expect(runsIn(folder)).toBe(Math.ceil(JOBS / 4) * 4)
  })
})
