// Reads a configuration: YAML, schema, then what one value asks of another. Every complaint names the path and the value.
import { Effect, ParseResult, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { parseDocument } from "yaml"
import { UserError } from "../exit.ts"
import { Config, type StaticExport, type SwapTemplate } from "./schema.ts"

/** More is no configuration. */
const MAX_BYTES = 2 ** 20

const pathText = (path: ReadonlyArray<PropertyKey>): string =>
  path.map((key, i) => typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`).join("")

const valueAt = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>((at, key) => typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined, value)

/** A complaint about the value at a path. */
const complaint = (file: string, path: ReadonlyArray<PropertyKey>, value: unknown, message: string): UserError => {
  const got = value === undefined ? "" : `got ${JSON.stringify(value)}, `
  return new UserError({ message: `${file}: ${pathText(path)}${path.length === 0 ? "" : ": "}${got}${message}` })
}

/** The first of what is wrong with a value that does not fit the schema. */
const firstIssue = (file: string, value: unknown, error: ParseResult.ParseError): UserError => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  // of the branches of a union the one that speaks of the deepest place knows best
  const issue = issues.reduce((best, other) => other.path.length > best.path.length ? other : best)
  const at = valueAt(value, issue.path)
  const message = issue.message.replace(/^(.*└─ )/s, "")
  if (issue._tag === "Unexpected") return complaint(file, issue.path, undefined, `unknown key; ${message}`)
  if (issue._tag === "Missing") return complaint(file, issue.path, undefined, "is missing")
  return complaint(
    file,
    issue.path,
    at,
    message.startsWith("expected") ? message : message.replace(/^Expected/, "expected")
  )
}

/** What a static export asks of its own values. */
const staticProblem = (config: StaticExport): readonly [key: string, message: string] | null => {
  const { file, memory, readOnly, size, tokens } = config
  const kinds = [file, memory, tokens].filter((value) => value !== null).length
  if (kinds !== 1) return ["", "expected exactly one of file, memory and tokens"]
  if (size !== null && file === null) return ["size", "expected only with file"]
  if (size !== null && readOnly) return ["size", "expected only for a file that may be written"]
  if (tokens !== null && tokens % 4096 !== 0) return ["tokens", "expected a multiple of 4096 bytes"]
  if (memory !== null && memory > 2 ** 40) return ["memory", "expected at most 1 TiB"]
  if ((size ?? memory ?? tokens ?? 1) === 0) return ["", "expected an export of at least one byte"]
  return null
}

/** What a template asks of its name and its own values. */
const templateProblem = (name: string, config: SwapTemplate): readonly [key: string, message: string] | null => {
  if (config.per === "name" && !name.endsWith("*")) {
    return ["", "expected a name that ends in *, such as swap-*, or per: address"]
  }
  if (name.slice(0, -1).includes("*")) return ["", "expected a * at the end of the name only"]
  if (config.store === "file" && config.directory === null) return ["directory", "is missing, and store is file"]
  if (config.store === "memory" && config.directory !== null) return ["directory", "expected only with store: file"]
  if (config.store === "memory" && config.size > 2 ** 40) return ["size", "expected at most 1 TiB in memory"]
  if (config.size % 4096 !== 0 || config.size < 40960) {
    return ["size", "expected a multiple of 4096 bytes, at least 40 KiB"]
  }
  return null
}

const checked = (file: string, config: Config): Effect.Effect<Config, UserError> => {
  for (const [name, value] of Object.entries(config.exports)) {
    const problem = staticProblem(value)
    if (problem === null) continue
    const path = ["exports", name, problem[0]].filter((key) => key !== "")
    return Effect.fail(
      complaint(file, path, valueAt(config, path.slice(0, problem[0] === "" ? 0 : 3)) ?? undefined, problem[1])
    )
  }
  for (const [name, value] of Object.entries(config.swap)) {
    const problem = templateProblem(name, value)
    if (problem === null) continue
    return Effect.fail(complaint(file, ["swap", name, problem[0]].filter((key) => key !== ""), undefined, problem[1]))
  }
  if (Object.keys(config.exports).length + Object.keys(config.swap).length === 0) {
    return Effect.fail(complaint(file, [], undefined, "has no exports, expected exports or swap"))
  }
  const { tls } = config
  if (tls !== null && (tls.certificate === null) !== (tls.key === null)) {
    return Effect.fail(complaint(file, ["tls"], undefined, "expected certificate and key together"))
  }
  if (tls !== null && tls.certificate === null && tls.pskFile === null) {
    return Effect.fail(complaint(file, ["tls"], undefined, "expected certificate and key, or pskFile"))
  }
  for (const kind of ["exports", "swap"] as const) {
    const needsTls = Object.entries(config[kind]).find(([, value]) => value.tls)
    if (needsTls === undefined || tls !== null) continue
    return Effect.fail(complaint(file, [kind, needsTls[0], "tls"], true, "expected tls to be set up"))
  }
  return Effect.succeed(config)
}

/** Checks a value as it comes out of YAML or of flags. */
export const decodeConfig = (file: string, value: unknown): Effect.Effect<Config, UserError> =>
  Schema.decodeUnknown(Config)(value, { onExcessProperty: "error", errors: "all" }).pipe(
    Effect.mapError((error) => firstIssue(file, value, error)),
    Effect.flatMap((config) => checked(file, config))
  )

/** Reads a configuration file. */
export const loadConfig = (file: string): Effect.Effect<Config, UserError> =>
  Effect.tryPromise({
    try: () => readFile(file),
    catch: (error) => {
      const { code } = error as NodeJS.ErrnoException
      return new UserError({
        message: `${file}: ${code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a directory" : String(code)}`
      })
    }
  }).pipe(
    Effect.filterOrFail(
      (bytes) => bytes.length <= MAX_BYTES,
      (bytes) => new UserError({ message: `${file}: has ${bytes.length} bytes, expected at most ${MAX_BYTES}` })
    ),
    Effect.flatMap((bytes) => {
      const document = parseDocument(bytes.toString("utf8"))
      const [error] = document.errors
      if (error === undefined) return decodeConfig(file, document.toJS({ maxAliasCount: 100 }) ?? {})
      const place = error.linePos?.[0]
      return new UserError({
        message: `${file}: line ${place?.line ?? 1}, column ${place?.col ?? 1}: not YAML: ${
          error.message.split("\n")[0]
        }`
      })
    })
  )
