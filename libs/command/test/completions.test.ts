// The scripts in real shells, where they are installed.
import { completionScript } from "@swaplab/command"
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { GREET, SERVER } from "./greet.ts"

const folder = mkdtempSync(join(tmpdir(), "command-"))
mkdirSync(join(folder, "friends"))
writeFileSync(join(folder, "family.txt"), "")
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What bash proposes for the last of the words. */
const bash = (program: typeof GREET | typeof SERVER, ...words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const script = [
    completionScript(program, "bash"),
    // only an interactive shell has it
    "compopt() { :; }",
    `COMP_WORDS=(greet ${words.map((word) => `'${word}'`).join(" ")})`,
    `COMP_CWORD=${words.length}`,
    "_greet",
    "printf '%s\\n' \"${COMPREPLY[@]}\""
  ].join("\n")
  const text = execFileSync("bash", ["--norc", "-c", script], { cwd: folder, encoding: "utf8" })
  return text.split("\n").filter((line) => line !== "").toSorted()
}

describe("bash", () => {
  it("proposes commands", () => {
    expect(bash(GREET, "")).toEqual(["all", "help", "none"])
    expect(bash(GREET, "a")).toEqual(["all"])
    expect(bash(GREET, "help", "")).toEqual(["all", "none"])
  })

  it("proposes the options of a command", () => {
    expect(bash(GREET, "all", "--")).toEqual([
      "--help",
      "--loud",
      "--no-capitals",
      "--out",
      "--skip",
      "--times",
      "--tone"
    ])
    expect(bash(GREET, "all", "a.txt", "--to")).toEqual(["--tone"])
    expect(bash(GREET, "none", "-")).toEqual(["--help"])
    expect(bash(GREET, "-")).toEqual(["--help", "--version"])
  })

  it("proposes words, files and directories", () => {
    expect(bash(GREET, "all", "--tone", "")).toEqual(["cool", "warm"])
    expect(bash(GREET, "all", "f")).toEqual(["family.txt", "friends"])
    expect(bash(GREET, "all", "--out", "f")).toEqual(["friends"])
    expect(bash(GREET, "all", "--times", "")).toEqual([])
  })

  it("proposes the options of a program without a command", () => {
    expect(bash(SERVER, "--p")).toEqual(["--port"])
    expect(bash(SERVER, "")).toEqual(["all", "help", "none"])
  })
})

const installed = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0

describe.each(["zsh", "fish"] as const)("%s", (shell) => {
  const script = completionScript(GREET, shell)

  it.skipIf(!installed(shell))("accepts the script", () => {
    expect(spawnSync(shell, ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" })
  })

  it("knows every command and option", () => {
    const words = shell === "zsh"
      ? [
        "'all:",
        "'none:",
        "--times=[",
        "-t[",
        "'*--skip=[",
        "--loud[",
        ":TONE:(warm cool)",
        ":DIR:_files -/",
        "1::FILE:_files"
      ]
      : [
        "-a all",
        "-a none",
        "-l times -s t -x",
        "-l skip -x",
        "-l loud -d",
        "-a 'warm cool'",
        "__fish_complete_directories"
      ]
    for (const word of words.map((text) => text.replace("1::FILE", "1:FILE"))) expect(script).toContain(word)
  })
})
