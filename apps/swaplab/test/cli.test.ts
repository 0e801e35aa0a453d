// The built command as a user runs it, with made-up simulations (test/fake). Needs a build: npx tsc -b
import { parse } from "@swaplab/command"
import { EXIT, RESULT_FILES } from "@swaplab/experiment"
import { execFile, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { SWAPLAB } from "../src/commands.ts"

const FAKE = fileURLToPath(new URL("fake/main.mjs", import.meta.url))
const REAL = fileURLToPath(new URL("../dist/main.js", import.meta.url))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

let directory = ""
const path = (name: string): string => join(directory, name)

const command = (main: string, args: ReadonlyArray<string>, columns = ""): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd: directory, maxBuffer: 1 << 26, env: { ...process.env, COLUMNS: columns } }
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null
      resolve({ code, stdout, stderr: stderr.replaceAll(/^progress: .*\n/gm, "") })
    })
  })

/** The command with made-up simulations. */
const swaplab = (...args: ReadonlyArray<string>): Promise<Ended> => command(FAKE, args)

/** The same on a sheet so wide that no line of the tests is broken. */
const wide = (...args: ReadonlyArray<string>): Promise<Ended> => command(FAKE, args, "200")

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

beforeAll(() => {
  if (!existsSync(REAL)) throw new Error("the command is not built: run npx tsc -b first")
  directory = mkdtempSync(join(tmpdir(), "swaplab-"))
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

describe.concurrent("exit codes", () => {
  it.each([
    ["ok.yaml", 0],
    ["expected.yaml", 0],
    ["lockup.yaml", 98],
    ["threshold.yaml", 99],
    ["oom.yaml", 99],
    ["crash.yaml", 1],
    ["broken.yaml", 1]
  ])("run %s ends with %i", async (file, code) => {
    const ended = await swaplab("run", file)
    expect(ended.code).toBe(code)
    expect(ended.stdout).toContain("Outcomes")
  })

  it("are listed by --help", async () => {
    const { code, stdout } = await swaplab("--help")
    expect(code).toBe(0)
    for (const exit of Object.values(EXIT)) expect(stdout).toMatch(new RegExp(`^ +${exit} +\\w`, "m"))
    expect(Object.values(EXIT)).toEqual(SWAPLAB.exitCodes.map(([listed]) => listed))
  })
})

describe.concurrent("help", () => {
  const names = Object.keys(SWAPLAB.commands)

  it.each([
    [],
    ["help"],
    ["-h"],
    ["--help"],
    ...names.map((name) => ["help", name]),
    ...names.map((name) => [name, "-h"])
  ])(
    "%j is no mistake, and fits 80 columns without colours",
    async (...args) => {
      const { code, stderr, stdout } = await swaplab(...args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(stdout).toMatch(/^Usage: swaplab /)
      expect(stdout.split("\n").filter((line) => line.length > 80 || line.includes("\u001b"))).toEqual([])
    }
  )

  it.each(["-V", "--version"])("%s prints the version", async (option) => {
    expect(await swaplab(option)).toEqual({ code: 0, stdout: "0.0.0\n", stderr: "" })
  })

  it.each(["bash", "zsh", "fish"])("completions of %s know every command", async (shell) => {
    const { code, stdout } = await swaplab("completions", shell)
    expect(code).toBe(0)
    for (const name of names) expect(stdout).toContain(name)
  })

  it("has an example for each command, which the command line takes", () => {
    for (const [name, { examples }] of Object.entries(SWAPLAB.commands)) {
      expect(examples.length, name).toBeGreaterThan(0)
      for (const [line] of examples) {
        const words = line.replace(/ >.*/, "").split(" ")
        expect(parse(SWAPLAB, "0.0.0", words, { columns: 80, title: (text) => text }), line).toMatchObject({
          command: name
        })
      }
    }
  })
})

describe.concurrent("a mistake of the user is one message on standard error, and exit code 2", () => {
  it.each<[ReadonlyArray<string>, string]>([
    [["run", "missing.yaml"], "missing.yaml: no such file, expected a scenario"],
    [["run", "directory.yaml"], "directory.yaml: is a directory, expected a scenario file"],
    [["run", "empty.yaml"], "empty.yaml: is empty, expected a scenario"],
    [["run", "huge.yaml"], "huge.yaml: has 100000000 bytes, expected a scenario of at most 10485760 (10 MiB)"],
    [
      ["run", "cycle.yaml"],
      `cycle.yaml:1:11: include[0]: got "cycle.yaml", expected a file that does not include this one: cycle.yaml -> cycle.yaml`
    ],
    [
      ["validate", "wrong.yaml"],
      `wrong.yaml:5:32: clients[0].ram: got "64 MB/s", expected a size such as 64 MiB, at least 8 MiB and at most 64 GiB`
    ],
    [
      ["run", "ok.yaml", "--set", "clients.0.rma=1 GiB"],
      `--set clients.0.rma=1 GiB: clients[0].rma: unknown key, did you mean "ram"?`
    ],
    [
      ["run", "ok.yaml", "--seed", "x"],
      "swaplab: run: --seed: got x, expected a whole number from 0 to 9007199254740991"
    ],
    [["run", "ok.yaml", "--seed", "1", "--seeds", "2"], "swaplab: --seed and --seeds: expected one of the two"],
    [["run", "ok.yaml", "--workers=0"], "swaplab: run: --workers: got 0, expected a whole number from 1 to 256"],
    [
      ["run", "ok.yaml", "--workers", "1000"],
      "swaplab: run: --workers: got 1000, expected a whole number from 1 to 256"
    ],
    [
      ["run", "ok.yaml", "--seed", "9007199254740992"],
      "swaplab: run: --seed: got 9007199254740992, expected a whole number from 0 to 9007199254740991"
    ],
    [["run", "ok.yaml", "--json=false"], "swaplab: run: --json=false: expected --json without a value"],
    [["run", "--no-map=true", "ok.yaml"], "swaplab: run: --no-map=true: expected --no-map without a value"],
    [
      ["validate", "map.yaml", "--set", "map.x.values=[big]"],
      `map: clients.0.ram=big: clients[0].ram: got "big", expected a size such as 64 MiB, at least 8 MiB and at most 64 GiB`
    ],
    [
      ["map", "map.yaml", "--kernel", "vanilla"],
      "--kernel vanilla: the scenario does not map it, expected one of fast"
    ],
    [
      ["ablate", "ok.yaml", "--patch", "recursive-reclaim"],
      "--patch recursive-reclaim: is not in v3.6; --plus puts it on v3.5"
    ],
    [
      ["run", "ok.yaml", "--kernel", "slob"],
      "--kernel slob: no kernel of this scenario, expected one of vanilla, fast"
    ],
    [["run", "ok.yaml", "--out", "empty.yaml"], "swaplab: --out empty.yaml: is a file, expected a directory"],
    [
      ["validate", "ok.yaml", "--seeds", "1"],
      "swaplab: validate: unknown option --seeds"
    ],
    [["run"], "swaplab: run: expected FILE"],
    [["farewell"], "swaplab: unknown command farewell"],
    [["shrunk"], "swaplab: unknown command shrunk, did you mean shrink?"],
    [["help", "walk-all"], "swaplab: unknown command walk-all"],
    [["why", "ok.yaml", "--before", "soon"], "swaplab: why: --before: got soon, expected a time such as 10 ms"]
  ])("%j", async (args, message) => {
    const { code, stderr, stdout } = await swaplab(...args)
    expect({ code, stdout, stderr: stderr.trim() }).toEqual({ code: 2, stdout: "", stderr: message })
  })
})

describe.concurrent("a directory that cannot be written to", () => {
  /** A directory that has a directory where a file of the result belongs. */
  const blocked = (name: string, file: string): string => {
    mkdirSync(join(path(name), file), { recursive: true })
    return name
  }

  it.each<[ReadonlyArray<string>, string, string]>([
    [["run", "ok.yaml"], "result.json", "Outcomes"],
    [["run", "ok.yaml", "--json"], "report.txt", "\"exitCode\":0"],
    [["ablate", "ok.yaml", "--patch", "throttle"], "ablation.json", "Necessary and sufficient"],
    [["map", "map.yaml"], "map.svg", "Map of outcomes"]
  ])("%j without %s: the report is printed, and it is no fault of swaplab", async (args, file, printed) => {
    const out = blocked(`blocked-${file}`, file)
    const { code, stderr, stdout } = await swaplab(...args, "--out", out)
    expect(stdout).toContain(printed)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(stderr).toContain(`swaplab: --out ${out}: cannot be written to: `)
    expect(code).toBe(2)
  })

  it("is told once where a run cannot be kept, and no figure is lost", async () => {
    const args = ["ablate", "ok.yaml", "--patch", "throttle", "--seed", "1", "--out", "kept"]
    const whole = await swaplab(...args)
    const [run] = readdirSync(path("kept/runs")).filter((name) => name !== "experiment.json")
    rmSync(path(`kept/runs/${run}`))
    mkdirSync(path(`kept/runs/${run}.tmp`))
    const { code, stderr, stdout } = await swaplab(...args)
    expect(stderr.trimEnd().split("\n")).toEqual([
      "swaplab: --out kept: cannot be written to: it is a directory",
      "swaplab: 2 of 3 runs were in kept"
    ])
    expect([code, stdout]).toEqual([whole.code, whole.stdout])
  })
})

describe.concurrent("a directory that is none", () => {
  beforeAll(() => {
    symlinkSync("nowhere", path("link"))
    execFileSync("mkfifo", [path("pipe")])
  })

  it.each<[out: string, message: string]>([
    ["empty.yaml", "is a file, expected a directory"],
    ["empty.yaml/below", "cannot be looked at: a part of the path is a file"],
    ["link", "is a link to nowhere, which does not exist"],
    ["link/below", "link is a link to nowhere, which does not exist"],
    ["pipe", "is a pipe, expected a directory"],
    ["/dev/null", "is a device, expected a directory"],
    ["/proc/x", "cannot be made: nothing can be made in the directory above it"],
    ["x".repeat(300), "cannot be looked at: the name is too long"]
  ])("--out %s: %s", async (out, message) => {
    const { code, stderr, stdout } = await swaplab("run", "ok.yaml", "--out", out)
    expect({ code, stderr, stdout }).toEqual({ code: 2, stderr: `swaplab: --out ${out}: ${message}\n`, stdout: "" })
  })
})

describe.concurrent("ablate", () => {
  it("names runs that were lost, in its file too, and prints what a report of the fault needs", async () => {
    const { code, stderr, stdout } = await swaplab(
      "ablate",
      "lost.yaml",
      "--patch",
      "throttle",
      "--seed",
      "1",
      "--json"
    )
    expect(code).toBe(1)
    expect(stderr).toContain("swaplab: a run failed through a fault of swaplab: ")
    expect(stderr).toMatch(/\n +at simulate /)
    const { failures, runs } = JSON.parse(stdout) as {
      readonly failures: ReadonlyArray<unknown>
      readonly runs: ReadonlyArray<unknown>
    }
    expect(runs).toEqual([])
    expect(failures).toHaveLength(3)
    expect(failures[0]).toEqual({ kernel: "slub-all", seed: 1, reason: "a page was freed twice" })
  })
})

describe.concurrent("run", () => {
  it("takes every seed that is exact", async () => {
    const { code, stdout } = await swaplab("run", "ok.yaml", "--json", "--seed", "9007199254740991", "--kernel", "fast")
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ seed: 9007199254740991 }] })
  })

  it("has the same result with any number of workers", async () => {
    const results = await Promise.all(["1", "2", "5"].map((workers) => swaplab("run", "ok.yaml", "--workers", workers)))
    expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1)
  })

  it("prints JSON and nothing else with --json, the file before or after the flags", async () => {
    const after = await swaplab("run", "ok.yaml", "--json", "--seed", "7", "--kernel", "fast")
    const before = await swaplab("run", "--json", "--seed=7", "--kernel", "fast", "ok.yaml")
    const json = JSON.parse(after.stdout) as { readonly runs: ReadonlyArray<unknown> }
    expect(json).toMatchObject({ format: 1, exitCode: 0, runs: [{ kernel: "fast", seed: 7 }] })
    expect(json.runs).toHaveLength(1)
    expect(before.stdout).toBe(after.stdout)
    expect(after.stderr).toBe("")
  })

  it("writes a result directory, and leaves no temporary file in it", async () => {
    const { code, stdout } = await swaplab("run", "ok.yaml", "--out", "a/b", "--set", "clients.0.count=1")
    expect(code).toBe(0)
    expect(readdirSync(path("a/b")).sort()).toEqual([
      "report.txt",
      "result.json",
      "runs",
      "series.csv",
      "series.msgpack"
    ])
    expect(readFileSync(path("a/b/report.txt"), "utf8")).toBe(stdout)
    expect(JSON.parse(readFileSync(path("a/b/result.json"), "utf8"))).toMatchObject({ format: 1 })
    const csv = readFileSync(path("a/b/series.csv"), "utf8").split("\n")
    expect(csv[0]).toBe("kernel,seed,time_s,series,value")
    // 2 kernels, 3 seeds, 3 times
    expect(csv).toHaveLength(1 + 2 * 3 * 3 + 1)
  })

  it("goes on from the runs that are there; the files are those of one go, byte for byte", async () => {
    const args = ["run", "map.yaml", "--workers", "1", "--out"]
    const whole = await swaplab(...args, "whole")
    await swaplab(...args, "part")
    const runs = readdirSync(path("part/runs")).filter((name) => name !== "experiment.json").toSorted()
    expect(runs).toHaveLength(2 * 3 + 2 * 3)
    for (const name of runs.filter((_, i) => i % 3 > 0)) rmSync(path(`part/runs/${name}`))
    for (const name of RESULT_FILES) rmSync(path(`part/${name}`))
    const rest = await swaplab(...args, "part")
    expect(rest.stderr).toBe("swaplab: 4 of 12 runs were in part\n")
    expect(rest.stdout).toBe(whole.stdout)
    for (const name of RESULT_FILES) {
      expect(readFileSync(path(`part/${name}`)).equals(readFileSync(path(`whole/${name}`)))).toBe(true)
    }
    expect(readdirSync(path("part/runs")).toSorted()).toEqual([...runs, "experiment.json"].toSorted())
  })

  it("refuses a directory with the runs of another scenario, unless --fresh drops them", async () => {
    const args = ["run", "ok.yaml", "--seed", "1", "--kernel", "fast", "--out", "other"]
    expect((await swaplab(...args)).code).toBe(0)
    const { code, stderr } = await swaplab(...args, "--set", "clients.0.count=3")
    expect(code).toBe(2)
    expect(stderr).toContain("swaplab: --out other: has runs of another scenario (ok.yaml as it was then)")
    expect((await swaplab(...args, "--set", "clients.0.count=3", "--fresh")).code).toBe(0)
  })

  /** Starts the command and waits until its second run waits to be told to stop. */
  const waiting = async (...args: ReadonlyArray<string>) => {
    const child = spawn(process.execPath, [FAKE, "run", "slow.yaml", "--workers", "1", ...args], { cwd: directory })
    const output = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text))
    child.stderr.setEncoding("utf8")
    await new Promise<void>((resolve) =>
      child.stderr.on("data", (text: string) => {
        output.stderr += text
        if (output.stderr.includes("waiting\n")) resolve()
      })
    )
    return { child, output, closed: once(child, "close") as Promise<[number | null, NodeJS.Signals | null]> }
  }

  it("keeps what was measured on Ctrl-C", async () => {
    const { child, closed, output } = await waiting("--out", "slow")
    child.kill("SIGINT")
    expect(await closed).toEqual([130, null])
    expect(output.stdout).toContain("Interrupted: 2 of 3 runs were measured")
    expect(output.stderr.replaceAll(/^progress: .*\n/gm, "")).toBe([
      "waiting",
      "swaplab: the runs under way are ending; Ctrl-C again ends the command at once",
      "swaplab: interrupted; 1 of 3 runs are kept in slow, the same command goes on from there",
      ""
    ].join("\n"))
    const json = JSON.parse(readFileSync(path("slow/result.json"), "utf8")) as {
      readonly interrupted: boolean
      readonly runs: ReadonlyArray<{ readonly outcome: string }>
    }
    expect(json.interrupted).toBe(true)
    expect(json.runs.map((run) => run.outcome)).toEqual(["completed", "stopped"])
  })

  it("is told who has the directory, by pid, time, host and command", async () => {
    const { child, closed } = await waiting("--out", "held")
    const { code, stderr, stdout } = await swaplab("map", "map.yaml", "--out", "held")
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(
      new RegExp(
        `^swaplab: --out held: is in use by process ${child.pid} on ${hostname()} since [-\\d]{10} [:\\d]{8} UTC `
          + "\\(main run slow.yaml --workers 1 --out held\\), expected a directory of its own for each command\\n$"
      )
    )
    child.kill("SIGINT")
    await closed
    expect(existsSync(path("held/.swaplab.lock"))).toBe(false)
  })

  it.each<[how: string, signals: ReadonlyArray<NodeJS.Signals>, ended: NodeJS.Signals]>([
    ["kill -9", ["SIGKILL"], "SIGKILL"],
    ["a second Ctrl-C", ["SIGINT", "SIGINT"], "SIGINT"]
  ])("loses the runs under way only by %s, and the lock is taken over", async (how, signals, ended) => {
    const out = how.replaceAll(" ", "-")
    // a run that never looks whether it is to stop
    const { child, closed, output } = await waiting("--out", out, "--set", "name=deaf")
    for (const [i, signal] of signals.entries()) {
      child.kill(signal)
      if (i + 1 === signals.length) break
      await new Promise<void>((resolve) =>
        child.stderr.on("data", () => output.stderr.includes("Ctrl-C again") && resolve())
      )
    }
    expect(await closed).toEqual([null, ended])
    expect(readdirSync(path(`${out}/runs`)).filter((name) => name.endsWith(".msgpack"))).toHaveLength(1)
    const next = await swaplab("run", "slow.yaml", "--set", "name=deaf", "--seed", "1", "--out", out)
    expect(next.code).toBe(0)
    expect(next.stderr).toMatch(
      new RegExp(`^swaplab: --out ${out}: was left by process ${child.pid} on .*, which has died; goes on\\n`)
    )
    expect(next.stderr).toContain(`swaplab: 1 of 1 runs were in ${out}\n`)
  })
})

describe.concurrent("ablate and map judge as run does", () => {
  it.each<[ReadonlyArray<string>, number]>([
    [["map", "map.yaml"], 0],
    [["map", "map.yaml", "--set", "thresholds=[client.faultLatency.p99 < 20 ms]"], 99],
    [["map", "lockup.yaml", "-x", "clients.0.cpus=1,2"], 98],
    [["map", "lockup.yaml", "-x", "clients.0.cpus=1,2", "--set", "expect.default=any"], 0],
    [["map", "oom.yaml", "-x", "clients.0.cpus=1,2"], 99],
    [["map", "broken.yaml", "-x", "clients.0.cpus=1,2"], 1],
    [["ablate", "ok.yaml", "--patch", "throttle", "--seed", "1"], 0],
    [["ablate", "ok.yaml", "--patch", "throttle", "--seed", "1", "--set", "thresholds=[elapsed < 1 s]"], 99]
  ])("%j ends with %i", async (args, code) => {
    expect((await swaplab(...args)).code).toBe(code)
  })
})

describe.concurrent("patches", () => {
  it("lists every patch and base, and what nobody could verify", async () => {
    const { code, stdout } = await swaplab("patches")
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +14 {2}nbd-memalloc +7f338fe4540b +nbd sends and/m)
    expect(stdout).toMatch(/^ +\+1 {2}rmem-exemption/m)
    expect(stdout).toMatch(/^ +recursive-reclaim +emergency_free_pages/m)
    expect(stdout).toContain("    not verified: V9's code was not read")
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it("lists those of one kernel, as JSON too", async () => {
    const { stdout } = await swaplab("patches", "v3.5 + nbd-memalloc + 3", "--json")
    const { base, patches } = JSON.parse(stdout) as { base: { name: string }; patches: Array<{ name: string }> }
    expect(base.name).toBe("v3.5")
    expect(patches.map(({ name }) => name)).toEqual(["gfp-memalloc", "nbd-memalloc"])
  })

  it("says what has no effect in a scenario", async () => {
    const { stdout } = await wide("patches", "--scenario", "ok.yaml")
    expect(stdout).toContain("fast: slub, v3.6\n")
    expect(stdout).toContain(
      "  skb-alloc-page has no effect here: the card's driver takes no pages by __skb_alloc_page"
    )
    expect(stdout).not.toContain("nbd-memalloc")
  })

  it.each([
    [["patches", "v3.6 - trottle"], "none is called trottle, did you mean throttle?"],
    [["patches", "v3.6", "--scenario", "ok.yaml"], "expected a kernel or --scenario, not both"],
    [["patches", "--scenario", "none.yaml"], "none.yaml: no such file"]
  ])("%j is a mistake", async (args, message) => {
    const { code, stderr, stdout } = await swaplab(...args)
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toContain(message)
  })
})

describe.concurrent("validate and schema", () => {
  it("says what a scenario consists of, and what has no effect in it", async () => {
    const { code, stdout } = await wide("validate", "ok.yaml", "--set", "clients.0.background.bytes=100")
    expect(code).toBe(0)
    expect(stdout).toBe(
      "ok.yaml: valid; kernels: 2, seeds: 3, clients: 2\n"
        + "warning: --set clients.0.background.bytes=100: clients[0].background.bytes: 100 has no effect: background.packetsPerSecond is 0\n"
    )
  })

  it("prints the JSON Schema", async () => {
    const { stdout } = await swaplab("schema")
    expect(JSON.parse(stdout)).toMatchObject({ title: "swaplab scenario", type: "object" })
  })

  it("accepts every scenario that ships", async () => {
    const scenarios = fileURLToPath(new URL("../../../scenarios/", import.meta.url))
    for (const file of readdirSync(scenarios).filter((name) => name.endsWith(".yaml"))) {
      const { code, stdout } = await wide("validate", join(scenarios, file))
      const warnings = stdout.split("\n").filter((line) => line.startsWith("warning: "))
      // that it has none is what the scenarios of 2007 show
      const known =
        /^warning: .*lameter-2007\.yaml:\d+:\d+: kernels\.recursive\.base: \+ recursive-reclaim has no effect: without nbd-memalloc /
      const expected = file.endsWith("-2007.yaml") ? 1 : 0
      expect({ file, code, known: warnings.filter((line) => known.test(line)).length, all: warnings.length })
        .toEqual({ file, code: 0, known: expected, all: expected })
    }
  })
})

describe("with real simulations", () => {
  const quick = fileURLToPath(new URL("../../../scenarios/quick.yaml", import.meta.url))
  const tiny = ["--set", "clients.0.ram=16 MiB", "--set", "clients.0.swap=96 MiB", "--seeds", "2", "--json"]
  const fingerprints = ({ stdout }: Ended): ReadonlyArray<string> =>
    (JSON.parse(stdout) as { readonly runs: ReadonlyArray<{ readonly fingerprint: string }> }).runs.map((run) =>
      run.fingerprint
    )

  it("has the same fingerprints in two processes, with one worker and with two", async () => {
    const one = await command(REAL, ["run", quick, ...tiny, "--workers", "1"])
    const two = await command(REAL, ["run", quick, ...tiny, "--workers", "2"])
    expect(one.code).toBe(0)
    expect(fingerprints(one)).toHaveLength(2)
    expect(new Set(fingerprints(one)).size).toBe(2)
    expect(fingerprints(two)).toEqual(fingerprints(one))
  })
})
