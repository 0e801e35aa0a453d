// @ts-check
// A cell on the real side: real TCP of this host's kernel, real queues, nbdkit.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { root } from "../workspace.mjs"
import { parseDrops } from "./counters.mjs"
import { STACKS } from "./settings.mjs"
import { Testbed } from "./testbed.mjs"

const LOAD = join(root, "tools/src/lan-truth/load.mjs")

/**
 * V8 with one thread. Its helpers would have the scheduling class of the clients, and one that waits for another by spinning, as
 * they do when a heap is cleaned up after eight seconds, keeps everything else off the CPU.
 */
const ONE_THREAD = ["--single-threaded", "--v8-pool-size=0", "--no-memory-reducer"]

/** @typedef {{ figures: import("./figures.mjs").Figures, host: import("./load.mjs").Host, drops: number, absent: ReadonlyArray<string> }} RealRun */

/** Runs a program and gives what it prints. @type {(command: string, args: ReadonlyArray<string>, input: string) => Promise<string>} */
const printed = (command, args, input) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] })
    const kill = () => child.kill("SIGKILL")
    process.on("exit", kill)
    let out = ""
    let complaints = ""
    child.stdout.on("data", (text) => out += text)
    child.stderr.on("data", (text) => complaints += text)
    child.on("error", reject)
    child.on("close", (status) => {
      process.off("exit", kill)
      if (status === 0) resolve(out)
      else reject(new Error(`the clients ended with ${status}: ${complaints.trim()}`))
    })
    child.stdin.end(input)
  })

/** One repeat of a cell. @type {(cell: import("./grid.mjs").Cell, seed: number, seconds: number) => Promise<RealRun>} */
export const runReal = async (cell, seed, seconds) => {
  const testbed = new Testbed(cell.clients, cell.bufferKiB * 1024, STACKS[cell.stack].real)
  try {
    const serverPid = await testbed.ready()
    const [command, ...args] = testbed.amongClients()
    const { clientAddresses, serverAddress } = testbed
    /** @type {import("./load.mjs").Order} */
    const order = { cell, seed, seconds, serverAddress, clientAddresses, serverPid }
    const { figures, host } = JSON.parse(
      await printed(command, [...args, process.execPath, ...ONE_THREAD, LOAD], JSON.stringify(order))
    )
    return { figures, host, drops: parseDrops(testbed.drops()), absent: testbed.absentSysctls }
  } finally {
    testbed.remove()
  }
}
