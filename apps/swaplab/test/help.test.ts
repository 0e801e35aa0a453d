import { parse } from "@swaplab/command"
import { describe, expect, it } from "vitest"
import { SWAPLAB } from "../src/commands.ts"
import { workspace } from "./workspace.ts"

const { swaplab } = workspace()

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
