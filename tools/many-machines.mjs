// @ts-check
// `npm run many-machines`: 500 jobs on five workers, while workers, the command and Postgres are killed. What happens when is drawn
// from a seed, a new one without `-- SEED`; the seed is in the name of the test.
import { spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import { argv, env, exit } from "node:process"
import { root } from "./src/workspace.mjs"

const seed = argv[2] ?? String(randomInt(1, 2 ** 31))
console.log(`seed ${seed}: npm run many-machines -- ${seed}`)
const { status } = spawnSync("npx", ["vitest", "run", "--root", "e2e", "test/many-machines-killed.test.ts"], {
  cwd: root,
  stdio: "inherit",
  env: { ...env, SWAPLAB_MANY_JOBS: "500", SWAPLAB_MANY_WORKERS: "5", SWAPLAB_MANY_SEED: seed }
})
exit(status ?? 1)
