// @ts-check
// `npm run many-machines`: 500 jobs on five workers, while workers, the command and Postgres are killed. What happens when is drawn
// from a seed, a new one without `-- SEED`; the seed is in the name of the test. Then it measures how long the jobs of a worker that was
// killed take to begin elsewhere: printed, and no test, since that is wall time.
import { spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import { argv, env, exit } from "node:process"
import { measureFailover } from "./src/failover.mjs"
import { median } from "./src/statistics.mjs"
import { root } from "./src/workspace.mjs"

const KILLS = 5

const seed = argv[2] ?? String(randomInt(1, 2 ** 31))
console.log(`seed ${seed}: npm run many-machines -- ${seed}`)
const { status } = spawnSync("npx", ["vitest", "run", "--root", "e2e", "test/many-machines-killed.test.ts"], {
  cwd: root,
  stdio: "inherit",
  env: { ...env, SWAPLAB_MANY_JOBS: "500", SWAPLAB_MANY_WORKERS: "5", SWAPLAB_MANY_SEED: seed }
})
if (status !== 0) exit(status ?? 1)
const seconds = await measureFailover(KILLS)
console.log(
  `jobs of a killed worker begin elsewhere after ${median(seconds).toFixed(1)} s, at most ${
    Math.max(...seconds).toFixed(1)
  } s (${KILLS} kills)`
)
