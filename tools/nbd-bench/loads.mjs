// @ts-check
// The loads: a light client of one thread, for how fast a server is, and fio, for how fast it is to its users.
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { SIZE } from "./servers.mjs"

/**
 * What is asked of a server: `goal` is the ratio to nbdkit's memory that is wanted, `cpuUs` the most that a request may cost
 * our server; `fileGoal` is the ratio of our file store to nbdkit's file plugin.
 * @typedef {{
 *   connections: number,
 *   depth: number,
 *   block: number,
 *   write: boolean,
 *   sequential: boolean,
 *   goal: number,
 *   cpuUs?: number,
 *   fileGoal?: number
 * }} Cell
 * @typedef {{ rate: number, p50: number, p99: number }} Outcome
 * @typedef {(server: import("./servers.mjs").Server, cell: Cell, seconds: number) => Outcome} Load
 */

/** @type {ReadonlyArray<Cell>} */
export const CELLS = [
  ...[false, true].flatMap((write) =>
    [1, 8, 32].map((connections) => ({
      connections,
      depth: 16,
      block: 4096,
      write,
      sequential: false,
      goal: 1.2,
      cpuUs: write ? 8 : 6,
      fileGoal: write ? 0.8 : 1
    }))
  ),
  ...[false, true].flatMap((write) =>
    [1, 8, 32].map((connections) => ({
      connections,
      depth: 1,
      block: 4096,
      write,
      sequential: false,
      goal: connections === 1 ? 0.7 : 0.55
    }))
  ),
  { connections: 1, depth: 16, block: 131_072, write: false, sequential: true, goal: 1.1, fileGoal: 1 },
  { connections: 1, depth: 16, block: 131_072, write: true, sequential: true, goal: 0.85, fileGoal: 1 }
]

/**
 * The light client, compiled: PORT connections depth block r|w r|s seconds size export; it prints
 * "requests/s MB/s p50 p99 p999 errors", times in µs.
 * @param {string} source
 * @param {string} folder
 * @returns {Load}
 */
export const lightLoad = (source, folder) => {
  const program = join(folder, "load")
  execFileSync("gcc", ["-O2", "-o", program, source])
  return ({ name, port }, { block, connections, depth, sequential, write }, seconds) => {
    const args = [port, connections, depth, block, write ? "w" : "r", sequential ? "s" : "r", seconds, SIZE, name]
    const output = execFileSync(program, args.map(String), { encoding: "utf8" })
    const [rate, , p50, p99, , errors] = output.trim().split(" ").map(Number)
    if (errors > 0) throw new Error(`${errors} errors`)
    return { rate, p50, p99 }
  }
}

/** fio with its engine for NBD; a job for each connection. @type {Load} */
export const fioLoad = ({ name, port }, { block, connections, depth, sequential, write }, seconds) => {
  const kind = `${sequential ? "" : "rand"}${write ? "write" : "read"}`
  const output = execFileSync("fio", [
    "--name=load",
    "--ioengine=nbd",
    `--uri=nbd://127.0.0.1:${port}/${name}`,
    `--rw=${kind}`,
    `--bs=${block}`,
    `--iodepth=${depth}`,
    `--numjobs=${connections}`,
    "--thread",
    "--group_reporting",
    "--time_based",
    `--runtime=${Math.round(seconds * 1000)}ms`,
    `--size=${SIZE}`,
    "--output-format=json"
  ], { encoding: "utf8" })
  const [{ error, read, write: written }] = JSON.parse(output.slice(output.indexOf("{"))).jobs
  if (error !== 0) throw new Error(`fio: error ${error}`)
  const { clat_ns: { percentile }, iops } = write ? written : read
  return { rate: iops, p50: percentile["50.000000"] / 1000, p99: percentile["99.000000"] / 1000 }
}
