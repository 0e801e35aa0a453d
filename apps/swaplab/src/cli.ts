// The command line of swaplab: help and completions at once; the rest is loaded by who needs it.
import { completionScript, parse } from "@swaplab/command"
import { stderr, stdout } from "node:process"
import { SWAPLAB } from "./commands.ts"
import { sheet } from "./screen.ts"

const { colour, width } = sheet()
const style = {
  columns: width,
  title: (text: string): string => (colour ? `\u001b[1m${text}\u001b[22m` : text)
}

const say = (text: string): void => {
  stdout.write(`${text}\n`)
}

/** The whole command on the words after its name; `worker` is the module that worker threads start with. */
export const main = async (argv: ReadonlyArray<string>, worker: URL, version: string): Promise<void> => {
  const called = parse(SWAPLAB, version, argv, style)
  if ("said" in called) {
    if (!called.wrong) return say(called.said)
    stderr.write(`${called.said}\n`)
    process.exitCode = 2
    return
  }
  if (called.command === "completions") return say(completionScript(SWAPLAB, called.values.shell))
  const { start } = await import("./start.ts")
  await start(called, worker)
}
