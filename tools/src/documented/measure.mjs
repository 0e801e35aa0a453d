// @ts-check
// Runs a kernel of a point by the command that a reader would type, and keeps of each run what the outcome is judged by.
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { typed } from "../typed.mjs"
import { root } from "../workspace.mjs"
import { commandOf, KERNELS } from "./grid.mjs"

/**
 * One run. Seconds are those of the simulated machine. `why`: the class of a lockup, of a cycle that was too short for a proof
 * or of a livelock. `progressS`: the last progress before it.
 * @typedef {{
 *   seed: number, outcome: string, why: string | null, progressS: number | null, elapsedS: number, sysS: number
 * }} Run
 */
/** @typedef {{ command: string, runs: ReadonlyArray<Run> }} Cell */
/** A point: each of its kernels. @typedef {Readonly<Record<string, Cell>>} Measured */

const seconds = (/** @type {number} */ ns) => Number((ns / 1e9).toFixed(3))

/** Of the result that `--json` prints. @type {(result: any) => ReadonlyArray<Run>} */
export const runsOf = ({ runs }) =>
  runs.map((/** @type {any} */ run) => {
    const [{ livelock, lockup, standstill }] = run.clients
    const stuck = lockup ?? standstill ?? livelock
    return {
      seed: run.seed,
      outcome: run.outcome,
      why: run.outcome === "completed" ? null : stuck?.taxonomy ?? null,
      progressS: run.outcome === "completed" || stuck === null ? null : seconds(stuck.sinceNs),
      elapsedS: seconds(run.elapsedNs ?? run.simulatedNs),
      sysS: seconds(run.sysNs)
    }
  })

/** @type {(command: ReadonlyArray<string>) => ReadonlyArray<Run>} */
export const runCommand = (command) => {
  const { error, status, stderr, stdout } = spawnSync(
    process.execPath,
    [join(root, "apps/swaplab/bin/swaplab.mjs"), ...command, "--workers", "1", "--json"],
    { cwd: root, encoding: "utf8", maxBuffer: 2 ** 30 }
  )
  if (error !== undefined || status !== 0) throw new Error(`${typed(command)} failed: ${error?.message ?? stderr}`)
  return runsOf(JSON.parse(stdout))
}

/** How long the others get: so many times what SLAB with the series took, if it completed. @type {(patience: number | null, series: ReadonlyArray<Run> | undefined) => number | null} */
export const limitOf = (patience, series) =>
  patience === null || series === undefined || series.some(({ outcome }) => outcome !== "completed")
    ? null
    : Math.ceil(patience * Math.max(...series.map(({ elapsedS }) => elapsedS)))

/**
 * All kernels of a point that `before` does not have yet; `keep` is called after each.
 * @type {(point: import("./grid.mjs").Point, before: Measured, keep: (measured: Measured) => void, run?: typeof runCommand) => Measured}
 */
export const measure = (point, before, keep, run = runCommand) => {
  let measured = before
  for (const kernel of KERNELS) {
    const limitS = kernel === KERNELS[0] ? null : limitOf(point.patience, measured[KERNELS[0]]?.runs)
    const command = commandOf(point, kernel, `--seeds ${point.seeds}`, limitS)
    if (measured[kernel]?.command === typed(command)) continue
    measured = { ...measured, [kernel]: { command: typed(command), runs: run(command) } }
    keep(measured)
  }
  return measured
}
