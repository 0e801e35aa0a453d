// What one value of a configuration asks of another.
import { forEach, type Path, type Rule, type RuleRow, rulesOf } from "@swaplab/config"
import { type Config, MAX_NAME_BYTES, type StaticExport, type SwapTemplate } from "./schema.ts"

/** Memory is addressed by whole numbers of blocks, in tables that end here. */
export const MAX_MEMORY = 2 ** 40

/** An export or template with its name. */
interface Named<A> {
  readonly name: string
  readonly value: A
}

const STATIC_ROWS: ReadonlyArray<RuleRow<StaticExport>> = [
  {
    name: "one kind of store",
    path: [],
    holds: ({ file, memory, tokens }) => [file, memory, tokens].filter((value) => value !== null).length === 1,
    words: () => "expected exactly one of file, memory and tokens"
  },
  {
    name: "a size is a file's",
    path: ["size"],
    holds: ({ file, size }) => size === null || file !== null,
    words: () => "expected only with file"
  },
  {
    name: "a file that is made may be written",
    path: ["size"],
    holds: ({ file, readOnly, size }) => size === null || file === null || !readOnly,
    words: () => "expected only for a file that may be written"
  },
  {
    name: "tokens are whole pages",
    path: ["tokens"],
    holds: ({ tokens }) => tokens === null || tokens % 4096 === 0,
    words: () => "expected a multiple of 4096 bytes"
  },
  {
    name: "memory ends at 1 TiB",
    path: ["memory"],
    holds: ({ memory }) => memory === null || memory <= MAX_MEMORY,
    words: () => "expected at most 1 TiB"
  },
  ...(["size", "memory", "tokens"] as const).map((key): RuleRow<StaticExport> => ({
    name: `${key} is not nothing`,
    path: [key],
    holds: (value) => value[key] !== 0,
    words: () => "expected an export of at least one byte"
  }))
]

const TEMPLATE_ROWS: ReadonlyArray<RuleRow<Named<SwapTemplate>>> = [
  {
    name: "a store for each name needs a pattern",
    path: [],
    holds: ({ name, value }) => value.per !== "name" || name.endsWith("*"),
    words: () => "expected a name that ends in *, such as swap-*, or per: address"
  },
  {
    name: "a pattern ends in its *",
    path: [],
    holds: ({ name }) => !name.slice(0, -1).includes("*"),
    words: () => "expected a * at the end of the name only"
  },
  {
    name: "files have a directory",
    path: ["directory"],
    holds: ({ value }) => value.store !== "file" || value.directory !== null,
    words: () => "is missing, and store is file"
  },
  {
    name: "a directory is for files",
    path: ["directory"],
    holds: ({ value }) => value.store !== "memory" || value.directory === null,
    words: () => "expected only with store: file"
  },
  {
    name: "memory ends at 1 TiB",
    path: ["size"],
    holds: ({ value }) => value.store !== "memory" || value.size <= MAX_MEMORY,
    words: () => "expected at most 1 TiB in memory"
  },
  {
    name: "swap is whole pages with room for a header",
    path: ["size"],
    holds: ({ value: { size } }) => size % 4096 === 0 && size >= 40960,
    words: () => "expected a multiple of 4096 bytes, at least 40 KiB"
  }
]

const NAME_ROWS: ReadonlyArray<RuleRow<string>> = [{
  name: "a name that clients can ask for",
  path: [],
  holds: (name) => Buffer.byteLength(name) <= MAX_NAME_BYTES && !name.includes("\0"),
  words: () => `expected a name of at most ${MAX_NAME_BYTES} bytes, without a zero byte`
}]

const KINDS = ["exports", "swap"] as const

const each = <K extends (typeof KINDS)[number]>(kind: K) =>
(
  config: Config
): ReadonlyArray<readonly [Path, Named<Config[K][string]>]> =>
  Object.entries(config[kind]).map(([name, value]) => [[kind, name], { name, value: value as Config[K][string] }])

const namesOf = (config: Config): ReadonlyArray<readonly [Path, string]> =>
  KINDS.flatMap((kind) => Object.keys(config[kind]).map((name): readonly [Path, string] => [[kind, name], name]))

const needsTls = (config: Config): ReadonlyArray<readonly [Path, Config]> =>
  KINDS.flatMap((kind) =>
    Object.entries(config[kind])
      .filter(([, { tls }]) => tls)
      .map(([name]): readonly [Path, Config] => [[kind, name, "tls"], config])
  )

const ROWS: ReadonlyArray<RuleRow<Config>> = [
  {
    name: "there is something to serve",
    path: [],
    holds: ({ exports, swap }) => Object.keys(exports).length + Object.keys(swap).length > 0,
    words: () => "has no exports, expected exports or swap"
  },
  {
    name: "one process records",
    path: ["record"],
    holds: ({ processes, record }) =>
      processes === 1 || record === null || (record.transactions === null && record.pcapng === null),
    words: () => "expected only with processes: 1"
  },
  {
    name: "a certificate has its key",
    path: ["tls"],
    holds: ({ tls }) => tls === null || (tls.certificate === null) === (tls.key === null),
    words: () => "expected certificate and key together"
  },
  {
    name: "TLS has something to prove itself with",
    path: ["tls"],
    holds: ({ tls }) => tls === null || tls.certificate !== null || tls.key !== null || tls.pskFile !== null,
    words: () => "expected certificate and key, or pskFile"
  }
]

/** All rules over a configuration. */
export const RULES: ReadonlyArray<Rule<Config>> = [
  ...forEach(namesOf, rulesOf(NAME_ROWS)),
  ...forEach(
    (config: Config) => each("exports")(config).map(([path, { value }]) => [path, value]),
    rulesOf(STATIC_ROWS)
  ),
  ...forEach(each("swap"), rulesOf(TEMPLATE_ROWS)),
  ...rulesOf(ROWS),
  ...forEach(
    needsTls,
    rulesOf([{
      name: "an export over TLS only needs TLS",
      path: [],
      holds: ({ tls }) => tls !== null,
      words: () => "got true, expected tls to be set up"
    }])
  )
]
