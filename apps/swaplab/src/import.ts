// swaplab import: files that people have, as a scenario or a configuration of our server, with what became of each line.
import * as FileSystem from "@effect/platform/FileSystem"
import { decodeScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { toYaml } from "@swaplab/config"
import {
  besideOf,
  formsInWords,
  type Imported,
  type ImportFile,
  type ImportMistake,
  importScenario,
  importServerConfig,
  reasonOf
} from "@swaplab/experiment"
import { drawText, renderImport } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { UsageError } from "./exit.ts"
import { sheet } from "./screen.ts"

/** More than this is no file of any of the forms that somebody wants to replay. */
const MAX_BYTES = 1024 * 1024 * 1024

const readFile = (name: string): Effect.Effect<ImportFile, UsageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const { size } = yield* files.stat(name)
    if (size > MAX_BYTES) return yield* new UsageError({ message: `import: ${name}: expected at most 1 GiB` })
    return { name, bytes: yield* files.readFile(name) }
  }).pipe(
    Effect.catchAll((error) =>
      error._tag === "UsageError" ? error : new UsageError({ message: `import: ${name}: ${reasonOf(error)}` })
    )
  )

const mistake = ({ file, text }: ImportMistake): UsageError =>
  new UsageError({ message: `import: ${file}: ${text}${text.includes("forms") ? `: ${formsInWords()}` : ""}` })

/** What stands at the top of the file. */
const remarksOf = ({ assumed, files, unread }: Imported): ReadonlyArray<string> => [
  ...files.map(({ form, name }) => `from ${name} (${form})`),
  ...assumed.map(({ of, text }) => `assumed: ${of}: ${text}`),
  ...(unread.length === 0 ? [] : [`not understood: ${unread.length} lines, which swaplab import lists`])
]

const notIts = (imported: Imported | ImportMistake): imported is ImportMistake => "text" in imported

/** `swaplab import`. */
export const importFiles = (flags: Values<Commands["import"]>) =>
  Effect.gen(function*() {
    const files = yield* Effect.forEach(flags.files, readFile)
    const made = flags.as === "nbd-server" ? importServerConfig(files) : importScenario(files)
    if (notIts(made)) return yield* mistake(made)
    const server = flags.as === "nbd-server"
    const checked = server ? null : yield* decodeScenario(flags.out ?? "imported", made.data)
    const beside = checked === null || made.facts === null ? [] : besideOf(made.facts, checked.scenario)
    const yaml = toYaml(made.data, remarksOf(made))
    const report = drawText(renderImport(made, beside, checked?.warnings ?? []), sheet()).trimEnd()
    if (flags.out === undefined) {
      yield* Console.error(report)
      yield* Console.log(yaml.trimEnd())
      return
    }
    const { out } = flags
    const system = yield* FileSystem.FileSystem
    yield* system.writeFileString(out, yaml, { flag: "wx" }).pipe(
      Effect.mapError((error) => new UsageError({ message: `import: --out ${out}: ${reasonOf(error)}` }))
    )
    yield* Console.log(report)
  })
