// The command as a user runs it, with made-up simulations (test/fake).
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, inject } from "vitest"
import { inProcess } from "./in-process.ts"

/** The command with made-up simulations (fake/setup.ts). */
export const FAKE = inject("fakeSwaplab")

/** The command as it is. */
export const REAL = fileURLToPath(new URL("../bin/swaplab.mjs", import.meta.url))

/** The scenarios that ship. */
export const SCENARIOS = fileURLToPath(new URL("../../../scenarios/", import.meta.url))

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a main module in a folder. Lines about progress, which differ from run to run, are left out. */
export const command = (
  main: string,
  args: ReadonlyArray<string>,
  { cwd = "." }: { readonly cwd?: string } = {}
): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd, maxBuffer: 1 << 26, env: { ...process.env, COLUMNS: "" } }
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null
      resolve({ code, stdout, stderr: stderr.replaceAll(/^progress: .*\n/gm, "") })
    })
  })

/** A scenario whose kernels are named for what becomes of their runs. */
const scenario = (kernels: ReadonlyArray<string>, more = ""): string =>
  [
    "name: test",
    "seeds: 3",
    "kernels:",
    ...kernels.map((kernel) => `  ${kernel}: { allocator: slub, base: v3.6 }`),
    "clients: [{ name: client, count: 2 }]",
    more
  ].join("\n")

/** A folder with scenarios for the tests of a file, and the command with made-up simulations in it. */
export const workspace = () => {
  const directory = mkdtempSync(join(tmpdir(), "swaplab-"))
  const path = (name: string): string => join(directory, name)
  beforeAll(() => {
    writeFileSync(path("ok.yaml"), scenario(["vanilla", "fast"]))
    writeFileSync(path("lockup.yaml"), scenario(["vanilla", "lockup"]))
    writeFileSync(path("expected.yaml"), scenario(["vanilla", "lockup"], "expect: { lockup: lockup }"))
    writeFileSync(path("oom.yaml"), scenario(["oom"]))
    writeFileSync(path("slow.yaml"), scenario(["slow"]))
    writeFileSync(path("crash.yaml"), scenario(["vanilla", "crash"]))
    // the kernels of an ablation have names of their own
    writeFileSync(path("lost.yaml"), scenario(["vanilla"]).replace("name: test", "name: crash"))
    writeFileSync(path("broken.yaml"), scenario(["broken"]))
    writeFileSync(path("threshold.yaml"), scenario(["vanilla"], "thresholds: [client.faultLatency.p99 < 20 ms]"))
    writeFileSync(
      path("capacity.yaml"),
      scenario(["vanilla"], "slo: [client.faultLatency.p99 < 30 ms]").replace("name: test", "name: capacity")
        .replace("count: 2", "count: 6")
    )
    writeFileSync(path("wrong.yaml"), scenario(["vanilla"]).replace("count: 2", "ram: 64 MB/s"))
    writeFileSync(
      path("map.yaml"),
      scenario(["vanilla", "fast"], "map: { x: { path: clients.0.ram, values: [48 MiB, 64 MiB] }, kernels: [fast] }")
    )
    writeFileSync(path("cycle.yaml"), "include: [cycle.yaml]")
    writeFileSync(path("empty.yaml"), "")
    writeFileSync(path("huge.yaml"), "")
    // sparse: it takes no room on the disk
    truncateSync(path("huge.yaml"), 100_000_000)
    mkdirSync(path("directory.yaml"))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return {
    directory,
    path,
    swaplab: (...args: ReadonlyArray<string>): Promise<Ended> => command(FAKE, args, { cwd: directory }),
    /** What a command says that simulates nothing, without a process. Scenarios are named as they are in the folder. */
    said: async (args: ReadonlyArray<string>, columns = ""): Promise<Ended> => {
      const words = args.map((word) =>
        existsSync(path(word)) || word.endsWith(".yaml") ? resolve(directory, word) : word
      )
      const { code, stderr, stdout } = await inProcess(words, columns)
      return { code, stdout: stdout.replaceAll(`${directory}/`, ""), stderr: stderr.replaceAll(`${directory}/`, "") }
    }
  }
}
