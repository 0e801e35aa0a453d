// What a configuration asks of the machine: files, directories, certificates and tokens that must be there. `check` and the
// start ask the same rules, so that a start which refuses a path was foreseen by `check`, with file, line and column.
import { type Finding, forEach, type Path, roundQuantity, type Rule, SIZE } from "@swaplab/config"
import { endpointOf } from "../config/addresses.ts"
import type { Config } from "../config/schema.ts"
import { tlsMistake } from "../net/tls.ts"
import { tokenMistake } from "../ops/token.ts"
import { directoryProblem, fileProblem, isReadByAll, outputProblem, roomIn, socketProblem } from "./paths.ts"

type Part = readonly [Path, string]

/** A rule about paths: `problem` says what is wrong with one, or null. */
const aboutPaths = (
  name: string,
  parts: (config: Config) => ReadonlyArray<Part>,
  problem: (path: string) => string | null
): ReadonlyArray<Rule<Config>> =>
  forEach(parts, [{
    name,
    broken: (path) => {
      const text = problem(path)
      return text === null ? [] : [{ path: [], text: `got ${JSON.stringify(path)}, ${text}` }]
    }
  }])

/** The parts of a list that are there. */
const given = (parts: ReadonlyArray<readonly [Path, string | null | undefined]>): ReadonlyArray<Part> =>
  parts.flatMap(([path, value]) => value === null || value === undefined ? [] : [[path, value] as const])

/** Static exports in files that are opened in a way, unless an export before them makes the file. */
const filesTo = (mode: "read" | "write" | "create") => ({ exports }: Config): ReadonlyArray<Part> => {
  const made = new Set<string | null>()
  return given(
    Object.entries(exports).map(([name, { file, readOnly, size }]) => {
      const own = readOnly ? "read" : size === null ? "write" : "create"
      const isMade = made.has(file)
      if (own === "create") made.add(file)
      return [["exports", name, "file"], mode === own && !isMade ? file : null]
    })
  )
}

const directories = ({ swap }: Config): ReadonlyArray<Part> =>
  given(Object.entries(swap).map(([name, { directory }]) => [["swap", name, "directory"], directory]))

const unixPath = (place: string | null): string | null => {
  const endpoint = place === null ? null : endpointOf(place)
  return endpoint?.kind === "unix" ? endpoint.path : null
}

const sockets = ({ control, listen, metrics }: Config): ReadonlyArray<Part> =>
  given([
    ...listen.map((place, i): readonly [Path, string | null] => [["listen", i], unixPath(place)]),
    [["metrics"], unixPath(metrics)],
    [["control", "socket"], control?.socket]
  ])

const recordings = ({ record }: Config): ReadonlyArray<Part> =>
  given([[["record", "transactions"], record?.transactions], [["record", "pcapng"], record?.pcapng]])

const finding = (found: Finding | null): ReadonlyArray<Finding> => found === null ? [] : [found]

/** Without these the server does not start. */
export const HOST_RULES: ReadonlyArray<Rule<Config>> = [
  ...(["read", "write", "create"] as const).flatMap((mode) =>
    aboutPaths(`files of exports: ${mode}`, filesTo(mode), (path) => fileProblem(path, mode))
  ),
  ...aboutPaths("directories of templates", directories, directoryProblem),
  ...aboutPaths("Unix sockets", sockets, socketProblem),
  ...aboutPaths("recordings", recordings, outputProblem),
  { name: "certificates and keys", broken: ({ tls }) => finding(tlsMistake(tls)) },
  { name: "the token", broken: ({ control }) => finding(control === null ? null : tokenMistake(control.tokenFile)) }
]

/** What a new store takes at once: a block of the map of its file. */
const LEAST_ROOM = 65536

/** Without room the server starts, because clients may want their pages back; no new client gets a store. */
export const ROOM_RULES = aboutPaths("room for a store", directories, (path) => {
  const room = roomIn(path)
  return room !== null && room < LEAST_ROOM ? "the disk is full: no client gets a new store" : null
})

/** Says what may go wrong later. */
export const WARNING_RULES: ReadonlyArray<Rule<Config>> = [
  ...aboutPaths(
    "secrets are for the server only",
    ({ control, tls }) =>
      given([
        [["tls", "key"], tls?.key],
        [["tls", "pskFile"], tls?.pskFile],
        [["control", "tokenFile"], control?.tokenFile]
      ]),
    (path) => isReadByAll(path) ? "every user of this machine may read it: chmod o-r" : null
  ),
  {
    name: "the quota fits on the disk",
    broken: (config) => {
      const { quota } = config
      const places = [...new Set(directories(config).map(([, path]) => path))]
      const room = places.length === 1 ? roomIn(places[0]) : null
      if (quota === null || room === null || quota <= room) return []
      const left = roundQuantity(SIZE, room, 3)
      return [{
        path: ["quota"],
        text: `${places[0]} has room for ${left} more: the disk may be full before the quota is`
      }]
    }
  }
]

/** What is broken of rules. */
export const findingsOf = (rules: ReadonlyArray<Rule<Config>>, config: Config): ReadonlyArray<Finding> =>
  rules.flatMap(({ broken }) => broken(config))
