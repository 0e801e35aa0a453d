import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { cpuSecondsOf, type Ended, execute, fileWith, root, scratch, shellCommand, swaplab } from "../src/command.ts"
import { type Result, resultOf, runJson } from "../src/results.ts"
import { small } from "../src/scenarios.ts"

const file = fileWith(small())
const out = join(scratch(), "new/folder")
/** The command as a person runs it, and as a program does; the same runs. */
let shown: Ended
let json: Ended
let result: Result
beforeAll(async () => {
  // so long that there are some samples in it
  const args = ["run", file, "--seeds", "2", "--set", "clients.0.workload.usemem.size=2x RAM"]
  shown = await swaplab(args)
  json = await swaplab([...args, "--json", "--out", out])
  result = resultOf(json)
})

describe("swaplab run", () => {
  it("prints a report with every client and the fingerprint, and ends with 0", () => {
    const { code, stderr, stdout } = shown
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toContain("patched")
    expect(stdout).toContain("client-1")
    for (const { fingerprint } of result.runs) expect(stdout).toContain(fingerprint)
    expect(stdout).not.toContain("\u001b")
  })

  it("--json prints pure JSON and nothing else", () => {
    const { code, stderr, stdout } = json
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout.trimEnd()).toBe(JSON.stringify(JSON.parse(stdout)))
  })

  it("keeps every law, and brings back every page that went out", () => {
    const { runs } = result
    expect(runs).toHaveLength(2)
    expect(runs.flatMap(({ laws }) => laws.filter(({ holds }) => !holds))).toEqual([])
    for (const law of ["pages conserved", "packets conserved", "Little's law", "swap tokens"]) {
      expect(runs.every(({ laws }) => laws.some((checked) => checked.law === law)), law).toBe(true)
    }
    expect(
      runs.every(({ clients }) => clients.every(({ swapInBytes, swapOutBytes }) => swapInBytes > 0 && swapOutBytes > 0))
    )
      .toBe(true)
  })

  it("--out writes the result, the series and the report", () => {
    expect(readdirSync(out).sort()).toEqual([
      "report.txt",
      "result.json",
      "room.svg",
      "runs",
      "series.csv",
      "series.msgpack"
    ])
    expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).toEqual(result)
    const [header, ...rows] = readFileSync(join(out, "series.csv"), "utf8").trimEnd().split("\n")
    expect(header).toBe("kernel,seed,time_s,series,value")
    expect(rows.length).toBeGreaterThan(50)
    expect(rows.some((row) => /^patched,1,[\d.]+,client-1\./.test(row))).toBe(true)
    expect(rows.every((row) => row.split(",").length === header.split(",").length)).toBe(true)
  })

  it("--set puts values over the file's, and client-2 comes before client-10", async () => {
    const more = await runJson(
      file,
      "--set",
      "clients.0.count=11",
      "--set",
      "clients.0.workload.usemem.passes=1"
    )
    expect(more.runs[0].clients.map(({ name }) => name)).toEqual(
      Array.from({ length: 11 }, (_, i) => `client-${i + 1}`)
    )
    expect(more.runs[0].clients[0].pagesTouched).toBe(result.runs[0].clients[0].pagesTouched / 4)
  })

  it("ends with 99 when a threshold is missed", async () => {
    const { code, stdout } = await swaplab(["run", fileWith(small("thresholds: [\"client.faultLatency.p99 < 1 ns\"]"))])
    expect(code).toBe(99)
    expect(stdout).toContain("client.faultLatency.p99")
  })

  it("says which settings have no effect", async () => {
    const other = fileWith(small("compare: { baseline: patched, against: patched }"))
    const { stdout } = await swaplab(["validate", other])
    expect(stdout).toMatch(/compare:[^]* has no\s+effect/)
    expect((await runJson(other)).warnings.join("\n")).toMatch(/compare: .* has no effect/)
  })
})

describe("Ctrl-C", () => {
  it("ends the command cleanly and keeps what was measured", async () => {
    const out = join(scratch(), "out")
    const runsIn = (): number =>
      existsSync(join(out, "runs"))
        ? readdirSync(join(out, "runs")).filter((name) => /^[^.]+\.msgpack$/.test(name)).length
        : 0
    const args = ["run", file, "--json", "--seeds", "2000", "--workers", "1", "--out", out]
    const ended = await swaplab(args, { interruptWhen: () => runsIn() >= 3 })
    expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 130, signal: null })
    expect(ended.stderr).toContain(" of 2000 runs are kept in ")
    const stopped = resultOf(ended)
    expect(stopped.interrupted).toBe(true)
    const whole = stopped.runs.filter(({ outcome }) => outcome === "completed")
    expect(whole.length).toBeGreaterThanOrEqual(3)
    expect(whole.length).toBeLessThan(2000)
    expect(runsIn()).toBe(whole.length)
    expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).toEqual(JSON.parse(ended.stdout))
    // a run that was measured to its end is as good as ever
    const [again] = (await runJson(file, "--seed", String(whole[0].seed))).runs
    expect(again.fingerprint).toBe(whole[0].fingerprint)
  })

  it("in the middle of a run keeps the figures up to then", async () => {
    const endless = fileWith(small().replace("1x RAM, passes: 2", "2x RAM, passes: 1000").replace("300 s", "9000000 s"))
    // the command needs one or two seconds of CPU time to start, and then simulates
    const ended = await swaplab(["run", endless, "--json"], { interruptWhen: (pid) => cpuSecondsOf(pid) > 4 })
    expect(ended.code).toBe(130)
    const [run] = resultOf(ended).runs
    expect(run.outcome).toBe("stopped")
    expect(run.events).toBeGreaterThan(1000)
    expect(run.clients[0].pagesTouched).toBeGreaterThan(1000)
  })
})

const script = existsSync("/usr/bin/script")

describe("the progress line", () => {
  it("is a line at the beginning and one at the end in a pipe", async () => {
    const { stderr } = await swaplab(["run", file, "--seeds", "3"], { progress: true })
    const lines = stderr.trimEnd().split("\n")
    expect([lines[0], lines.at(-1)]).toEqual(["progress: 0/3 runs", "progress: 3/3 runs"])
  })

  it.skipIf(!script)("is there on a terminal, and never in the result", async () => {
    const printed = join(scratch(), "result.json")
    // so long that a run under way is shown
    const longer = ["--set", "clients.0.workload.usemem.size=2x RAM", "--set", "clients.0.workload.usemem.passes=24"]
    const long = [...longer, "--seeds", "2", "--workers", "1"]
    const command = `stty cols 120; ${shellCommand(["run", file, "--json", ...long])} > '${printed}'`
    const { code, stdout: terminal } = await execute("/usr/bin/script", ["-qec", command, "/dev/null"])
    expect(code).toBe(0)
    expect(terminal).toMatch(/\r\d\/2 runs, .*\d\/1 clients alive, .*patched#\d [\d.]+ s/)
    expect(terminal).toMatch(/[\d.]+ M events\/s/)
    expect((JSON.parse(readFileSync(printed, "utf8")) as { runs: ReadonlyArray<unknown> }).runs).toHaveLength(2)
  })
})

describe("the other commands", () => {
  it("--help lists the exit codes", async () => {
    const { code, stdout } = await swaplab(["--help"])
    expect(code).toBe(0)
    for (const line of [/\b0\b/, /\b1\b/, /\b2\b/, /\b98\b.*lockup/, /\b99\b.*threshold/]) expect(stdout).toMatch(line)
  })

  it("schema prints the JSON Schema that ships", async () => {
    const { code, stdout } = await swaplab(["schema"])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(root, "scenarios/scenario.schema.json"), "utf8")))
  })
})
