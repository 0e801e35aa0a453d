// What the tests read of `swaplab run --json`.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Ended, swaplab } from "./command.ts"

export interface Client {
  readonly name: string
  readonly outcome: string
  readonly pagesTouched: number
  readonly swapInBytes: number
  readonly swapOutBytes: number
  readonly vmstat: Readonly<Record<string, number>>
}

interface Run {
  readonly kernel: string
  readonly seed: number
  readonly fingerprint: string
  readonly outcome: string
  readonly simulatedNs: number
  readonly events: number
  readonly clients: ReadonlyArray<Client>
  readonly laws: ReadonlyArray<{ readonly law: string; readonly subject: string; readonly holds: boolean }>
}

export interface Result {
  readonly interrupted: boolean
  readonly exitCode: number
  readonly warnings: ReadonlyArray<string>
  readonly runs: ReadonlyArray<Run>
}

/** What --json printed: pure JSON, or this throws. */
export const resultOf = ({ stderr, stdout }: Ended): Result => {
  try {
    return JSON.parse(stdout) as Result
  } catch (error) {
    throw new Error(`no JSON on standard output: ${String(error)}\n${stdout.slice(0, 500)}\n${stderr.slice(0, 2000)}`)
  }
}

/** The same without what depends on the host: the CPU time that it took. */
export const withoutHost = (result: Result): unknown =>
  JSON.parse(JSON.stringify(result, (key, value: unknown) => key === "cpuSeconds" ? undefined : value))

/** `swaplab run FILE --json …`, read. */
export const runJson = async (file: string, ...args: ReadonlyArray<string>): Promise<Result> =>
  resultOf(await swaplab(["run", file, "--json", ...args]))

/** All files of a result directory, by name. Scenarios of failures are left out: they say where they are and how long they took. */
export const filesOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.\w+$/.test(name) && !name.startsWith("failures/")).toSorted()
      .map((name) => [name, readFileSync(join(folder, name), "latin1")])
  )
