// The command without a process of its own, for what it says before it simulates anything: mistakes, and checks of
// scenarios. That processes end that way, too, is what exit-codes.test.ts and e2e/test/mistakes.test.ts show.
import { parse } from "@swaplab/command"
import { Effect } from "effect"
import { vi } from "vitest"
import { SWAPLAB } from "../src/commands.ts"
import { teardown } from "../src/exit.ts"
import { programOf } from "../src/start.ts"
import type { Ended } from "./workspace.ts"

/** No command that goes through this module may start a run. */
const NO_WORKER = new URL("./no-worker.js", import.meta.url)

/** Collects what a program says. */
const collector = () => {
  const said = { stdout: "", stderr: "" }
  const log = (stream: keyof typeof said) => (...words: ReadonlyArray<unknown>): void => {
    said[stream] += `${words.join(" ")}\n`
  }
  const unsafe = { ...globalThis.console, log: log("stdout"), error: log("stderr") }
  const effects = {
    log: (...words: ReadonlyArray<unknown>) => Effect.sync(() => unsafe.log(...words)),
    error: (...words: ReadonlyArray<unknown>) => Effect.sync(() => unsafe.error(...words))
  }
  return { said, effects, unsafe }
}

/** Runs the command on the words after its name, one at a time: how wide a sheet is stands in the environment. */
export const inProcess = async (args: ReadonlyArray<string>, columns: string): Promise<Ended> => {
  const called = parse(SWAPLAB, "0.0.0", args, { columns: 80, title: (text) => text })
  if ("said" in called) {
    const said = `${called.said}\n`
    return called.wrong ? { code: 2, stdout: "", stderr: said } : { code: 0, stdout: said, stderr: "" }
  }
  if (called.command === "completions") throw new Error("completions need no process, and no program either")
  const { effects, said, unsafe } = collector()
  const program = await programOf(called, NO_WORKER)
  vi.stubEnv("COLUMNS", columns)
  const exit = await Effect.runPromiseExit(
    Effect.consoleWith((standard) => Effect.withConsole(program, { ...standard, ...effects, unsafe }))
  )
  vi.unstubAllEnvs()
  let code = -1
  teardown(exit, (ended) => (code = ended))
  return { code, ...said }
}
