// The command line of swaplab-nbd-server: help and completions at once; the rest is loaded by who needs it.
import { completionScript, parse } from "@swaplab/command"
import { env, stderr, stdout } from "node:process"
import { NBD_SERVER } from "./commands.ts"
import { EXIT } from "./exit-codes.ts"
import type { Host } from "./serve.ts"

const style = {
  columns: Number(env["COLUMNS"]) || stdout.columns || 80,
  title: (text: string): string => text
}

const say = (text: string): void => {
  stdout.write(`${text}\n`)
}

/** The whole command on the words after its name; `end` is called with the exit code. */
export const main = async (
  argv: ReadonlyArray<string>,
  host: Host,
  version: string,
  end: (code: number) => void
): Promise<void> => {
  const called = parse(NBD_SERVER, version, argv, style)
  if ("said" in called) {
    if (!called.wrong) return say(called.said)
    stderr.write(`${called.said}\n`)
    process.exitCode = EXIT.userError
    return
  }
  if (called.command === "completions") return say(completionScript(NBD_SERVER, called.values.shell))
  const { start } = await import("./start.ts")
  start(called, host, end)
}
