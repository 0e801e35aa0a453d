// @ts-check
// Runs cells: against the model in this process, and against real servers with the built command.
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { root } from "../workspace.mjs"
import { configOf, nbdkitArguments, scenarioOf } from "./cells.mjs"

/** @typedef {import("./cells.mjs").Cell} Cell */
/** Swap in and out, and the median time of a fault that reads. @typedef {{ MBs: number, medianMs: number | null }} Figures */
/**
 * `serverMs`: the median of how long the server took for a READ, as the gateway saw it, `lateMs`: how late requests left the gateway (median and p99), `heldPercent`: for how much of the run the clock was held, `cpuWaitPercent`: for how much of it other programs had the emulator's processor.
 * @typedef {Figures & { serverMs: number, lateMs: readonly [number, number], heldPercent: number, cpuWaitPercent: number }} RealFigures
 */

const round = (/** @type {number} */ value) => Math.round(value * 1000) / 1000
const ms = (/** @type {number | null} */ ns) => ns === null ? null : round(ns / 1e6)

/** @type {(run: { clients: ReadonlyArray<any>, simulatedNs: number }) => Figures} */
const figuresOf = ({ clients: [{ faultLatency, swapInBytes, swapOutBytes }], simulatedNs }) => ({
  MBs: round((swapInBytes + swapOutBytes) / simulatedNs * 1000),
  medianMs: ms(faultLatency.p50Ns)
})

/** @type {(cell: Cell) => Promise<Figures>} */
export const runModel = async (cell) => {
  const { decodeScenario, NO_HOOKS, runCluster } = await import(
    pathToFileURL(join(root, "libs/cluster/dist/index.js")).href
  )
  const { Either } = await import("effect")
  const { parse } = await import("yaml")
  const { scenario } = Either.getOrThrow(decodeScenario(cell.name, parse(scenarioOf(cell))))
  return figuresOf(runCluster(scenario, "slub-series", 1, NO_HOOKS))
}

/** @type {() => Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })

/** Starts a server; it is ready when it says so, nbdkit when it has made its socket. */
const startServer = async (/** @type {import("./cells.mjs").ServerName} */ name, /** @type {string} */ folder) => {
  if (name === "nbdkit") {
    const socket = join(folder, "nbd")
    const child = spawn("nbdkit", nbdkitArguments(socket), { stdio: "ignore" })
    return { child, uri: `nbd+unix:///?socket=${socket}` }
  }
  const [port, config] = [await freePort(), join(folder, "server.yaml")]
  writeFileSync(config, configOf(port))
  const child = spawn(
    process.execPath,
    [join(root, "apps/nbd-server/bin/swaplab-nbd-server.cjs"), "--config", config],
    {
      stdio: ["ignore", "ignore", "pipe"]
    }
  )
  await new Promise((resolve, reject) => {
    child.stderr?.on("data", (text) => String(text).includes("ready") && resolve(null))
    child.once("close", () => reject(new Error("swaplab-nbd-server did not start")))
  })
  return { child, uri: `nbd://127.0.0.1:${port}/swap-{client}` }
}

/** What swaplab prints. @type {(args: ReadonlyArray<string>) => Promise<{ code: number | null, stdout: string, stderr: string }>} */
const swaplab = (args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "apps/swaplab/bin/swaplab.mjs"), ...args])
    const said = { stdout: "", stderr: "" }
    child.stdout.on("data", (text) => (said.stdout += text))
    child.stderr.on("data", (text) => (said.stderr += text))
    child.on("close", (code) => resolve({ code, ...said }))
  })

/** A run that could not keep up (97) is one, too: its lateness stands beside. @type {(cell: Cell, server: import("./cells.mjs").ServerName) => Promise<RealFigures>} */
export const runReal = async (cell, server) => {
  const folder = mkdtempSync(join(tmpdir(), "gateway-check-"))
  const { child, uri } = await startServer(server, folder)
  try {
    const file = join(folder, "scenario.yaml")
    writeFileSync(file, scenarioOf(cell))
    let said = await swaplab(["run", file, "--server", uri, "--json"])
    // nbdkit does not say when it listens
    for (let i = 0; i < 20 && said.stderr.includes("there is no such socket"); i++) {
      said = await swaplab(["run", file, "--server", uri, "--json"])
    }
    if (said.stdout === "" || (said.code !== 0 && said.code !== 97)) throw new Error(`${cell.name}: ${said.stderr}`)
    const [run] = JSON.parse(said.stdout).runs
    const { pace: { cpuWaitShare, heldShare, lateness }, readLatency } = run.gateway
    return {
      ...figuresOf(run),
      serverMs: ms(readLatency.p50Ns) ?? 0,
      lateMs: [ms(lateness.p50Ns) ?? 0, ms(lateness.p99Ns) ?? 0],
      heldPercent: round(100 * heldShare),
      cpuWaitPercent: round(100 * (cpuWaitShare ?? 0))
    }
  } finally {
    child.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  }
}
