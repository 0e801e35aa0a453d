// The file of --report: tried before hours are spent on its content, and written in the end.
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import { EXIT, makeFolder, reasonOf, writeFiles } from "@swaplab/experiment"
import type { PageContent } from "@swaplab/report"
import { pageHtml } from "@swaplab/view"
import { Console, Effect } from "effect"
import { basename, dirname } from "node:path"
import { argv } from "node:process"
import { ExitWith, UsageError } from "./exit.ts"

/** Options that change nothing on a page, and whether a value follows them. */
const WITHOUT_EFFECT: Readonly<Record<string, boolean>> = {
  "--report": true,
  "--out": true,
  "--workers": true,
  "--fresh": false,
  "--json": false
}

const quoted = (word: string): string =>
  /^[\w%+,./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`

/** The command line that gives the same page, ready for a shell. */
export const commandLine = (words: ReadonlyArray<string>): string => {
  const kept: Array<string> = []
  for (let i = 0; i < words.length; i++) {
    const [name] = words[i].split("=", 1)
    const withValue = WITHOUT_EFFECT[name]
    if (withValue === undefined) kept.push(quoted(words[i]))
    else if (withValue && words[i] === name) i++
  }
  return ["swaplab", ...kept].join(" ")
}

/** A page that can be written. */
export class PageFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Writes the page. Where that fails, it is told and the command ends with the code of a mistake. */
  write(page: PageContent): Effect.Effect<void, ExitWith, FileSystem.FileSystem | Path.Path> {
    const html = pageHtml({ ...page, command: commandLine(argv.slice(2)) })
    return writeFiles(dirname(this.#path), [[basename(this.#path), html]]).pipe(
      Effect.catchAll((error) =>
        Effect.zipRight(
          Console.error(`swaplab: ${cannotWrite(this.#path, error)}`),
          new ExitWith({ code: EXIT.userError })
        )
      )
    )
  }
}

const cannotWrite = (path: string, error: PlatformError): string =>
  `--report ${path}: cannot be written to: ${reasonOf(error)}`

/** The page at a path, whose directory is there afterwards; null where none is asked for. */
export const pageFile = (
  path: string | undefined
): Effect.Effect<PageFile | null, UsageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    if (path === undefined) return null
    const fs = yield* FileSystem.FileSystem
    yield* Effect.mapError(makeFolder(dirname(path)), ({ path: folder, reason }) =>
      new UsageError({ message: `--report ${path}: ${folder} ${reason}` }))
    const found = yield* Effect.option(fs.stat(path))
    if (found._tag === "Some" && found.value.type === "Directory") {
      return yield* new UsageError({ message: `--report ${path}: is a directory, expected a file` })
    }
    return new PageFile(path)
  })
