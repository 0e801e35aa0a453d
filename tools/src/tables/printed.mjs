// @ts-check
// Runs a command of a page and gives what it prints: the result as data, and the report as text.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { typed } from "../typed.mjs"
import { root } from "../workspace.mjs"

/**
 * `result`: result.json of a run, ablation.json of an ablation, capacity.json of a search. `report`: what a terminal of 80 columns shows. `room`: the first
 * run as a picture.
 * @typedef {{ result: any, report: string, room: string | null }} Printed
 */

const RESULTS = ["result.json", "ablation.json", "capacity.json"]

/** Exit codes that say something of outcomes and thresholds, not that a run failed: 0, a lockup, others than expected. @type {(command: ReadonlyArray<string>) => Printed} */
export const print = (command) => {
  const folder = mkdtempSync(join(tmpdir(), "tables-"))
  try {
    const { error, status, stderr } = spawnSync(
      process.execPath,
      [join(root, "apps/swaplab/bin/swaplab.mjs"), ...command, "--workers", "1", "--out", folder],
      { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 }
    )
    const names = readdirSync(folder).filter((name) => RESULTS.includes(name))
    if (error !== undefined || status === 2 || names.length !== 1) {
      throw new Error(`${typed(command)} failed: ${error?.message ?? stderr}`)
    }
    const room = join(folder, "room.svg")
    const result = JSON.parse(readFileSync(join(folder, names[0]), "utf8"))
    // a run that is stopped keeps what it has measured, which is no figure of a table
    if (result.interrupted === true) throw new Error(`${typed(command)} was stopped`)
    return {
      room: existsSync(room) ? readFileSync(room, "utf8") : null,
      result,
      report: readFileSync(join(folder, "report.txt"), "utf8")
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
