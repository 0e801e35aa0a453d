// Three cells on a real LAN of network namespaces, in a wide band around what was recorded. Left out where the host does not let
// them, and where programs are missing; with SWAPLAB_REQUIRE_PEERS=1 missing programs are a failure.
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, watch } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"
import { chosen, keyOf } from "../src/lan-truth/grid.mjs"
import { runReal } from "../src/lan-truth/real.mjs"
import { missingPrograms, missingRights } from "../src/lan-truth/testbed.mjs"
import { median } from "../src/statistics.mjs"
import { read, root } from "../src/workspace.mjs"

const rights = missingRights()
const why = [...rights, ...missingPrograms()]
const left = rights.length > 0 || (why.length > 0 && process.env["SWAPLAB_REQUIRE_PEERS"] !== "1")
const title = (text: string) => left ? `${text} (needs ${why.join(", ")})` : text

const namespaces = (pid: number | undefined): ReadonlyArray<string> =>
  spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout.split("\n").filter((line) =>
    line.startsWith(`lantruth-${pid}-`)
  )

const recorded: Record<string, ReadonlyArray<{ figures: Record<string, number> }>> = JSON.parse(
  read("tools/lan-truth/results.json")
).real

it.skipIf(left)(title("three cells of a real LAN are where they were"), async () => {
  for (const cell of chosen("reno-read-n1-b64 cubic-write-n5-b256 reno-write-n20-b64-s32")) {
    const { drops, figures } = await runReal(cell, 1, 3)
    const before = (figure: string) => median(recorded[keyOf(cell)].map((repeat) => repeat.figures[figure]))
    const ratio = {
      cell: keyOf(cell),
      goodput: figures.goodputMBs / before("goodputMBs"),
      p50: figures.p50ms / before("p50ms")
    }
    expect(ratio).toSatisfy(({ goodput, p50 }) => goodput > 0.6 && goodput < 1.4 && p50 > 0.5 && p50 < 2)
    if (cell.clients === 20) {
      expect(drops).toBeGreaterThan(100)
      expect(figures.timeoutsPerS).toBeGreaterThan(before("timeoutsPerS") / 4)
    } else expect(figures.timeoutsPerS).toBeLessThan(5)
  }
  expect(namespaces(process.pid)).toEqual([])
})

it.skipIf(left)(title("Ctrl-C leaves nothing behind"), async () => {
  const folder = "/run/netns"
  mkdirSync(folder, { recursive: true })
  const out = join(mkdtempSync(join(tmpdir(), "lan-truth-")), "results.json")
  const args = ["--only", "real", "--cells", "reno,read,n1,b64", "--seconds", "600", "--out", out]
  const child = spawn(process.execPath, [join(root, "tools/lan-truth.mjs"), ...args], { stdio: "ignore" })
  const ended = new Promise((resolve) => child.on("exit", resolve))
  const watcher = watch(folder)
  const stands = new Promise((resolve) => {
    watcher.on("change", (_event, name) => {
      if (name === `lantruth-${child.pid}-0-clients`) resolve("stands")
    })
  })
  // a command that ends by itself is not waited for
  expect(await Promise.race([stands, ended])).toBe("stands")
  watcher.close()
  child.kill("SIGINT")
  expect(await ended).toBe(130)
  expect(namespaces(child.pid)).toEqual([])
  rmSync(dirname(out), { recursive: true })
})

it.each([
  [["--only", "both"], "--only both: expected real or model or documents"],
  [["--seconds", "0"], "--seconds 0: expected a whole number from 1 on"],
  [["--cells", "n7"], "--cells n7: no cell has all these parts in its name, such as reno-read-n1-b32-s32"]
])("%j is refused", (args, sentence) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "tools/lan-truth.mjs"), ...args], {
    encoding: "utf8"
  })
  expect(stderr).toBe(`lan-truth: ${sentence}\n`)
  expect(status).toBe(2)
})
