// Runs that end before their end: Ctrl-C, kill -9, and the lock on the directory of their results.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { hostname } from "node:os"
import { describe, expect, it } from "vitest"
import { FAKE, workspace } from "./workspace.ts"

const { directory, path, swaplab } = workspace()

describe.concurrent("a run under way", () => {
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
