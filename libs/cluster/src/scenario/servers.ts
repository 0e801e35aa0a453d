// The NBD servers of a scenario one by one, and which of them a client talks to.
// Either one section `server`, whose machine is called server, or a list `servers`. An entry without `count` is one machine of
// its name; with it the machines are name-1 to name-count, like clients of a group.
// A client that names none gets one by a hash of its own name, FNV-1a of 32 bits modulo the number of servers: which server a
// client has then depends on no other client. A hash does not share evenly.
import { field, maybe, type Path, whole } from "@swaplab/config"
import { assert } from "@swaplab/sim"
import { Schema } from "effect"
import { name } from "./fields.ts"
import { ServerConfig } from "./machines.ts"
import type { Scenario } from "./scenario.ts"

/** What the one server is called. */
const THE_SERVER = "server"

/** An entry of the list of servers. */
const ServersEntry = Schema.Struct({
  name: field(name, THE_SERVER, "Its machine is called so, or name-1, name-2, and so on, where count is given."),
  count: maybe(whole(1, 100), "Equal machines. Without it: one, without a number."),
  ...ServerConfig.fields
})

/** Several NBD servers. */
export const ServersConfig = Schema.Array(ServersEntry).pipe(
  Schema.minItems(1, { title: "a list of at least one server", jsonSchema: { minItems: 1 } })
)

/** One NBD server. */
export interface ServerSpec {
  readonly name: string
  /** Name of its entry. */
  readonly entry: string
  readonly config: ServerConfig
  /** Where it stands in the scenario. */
  readonly path: Path
}

/** What an empty section says. */
const DEFAULTS: ServerConfig = Schema.decodeUnknownSync(ServerConfig)({})

/** The same as a file would write it. */
export const defaultServer = (): unknown => Schema.encodeSync(ServerConfig)(DEFAULTS)

/** The scenario with its one server spelled out, where it has neither that nor a list. */
export const withServer = (scenario: Scenario): Scenario =>
  scenario.server === undefined && scenario.servers === undefined ? { ...scenario, server: DEFAULTS } : scenario

/** All servers, in the order of the scenario. */
export const serversOf = ({ server, servers }: Pick<Scenario, "server" | "servers">): ReadonlyArray<ServerSpec> =>
  servers === undefined
    ? [{ name: THE_SERVER, entry: THE_SERVER, config: server ?? DEFAULTS, path: ["server"] }]
    : servers.flatMap(({ count, name: entry, ...config }, i) =>
      (count === undefined ? [entry] : Array.from({ length: count }, (_, k) => `${entry}-${k + 1}`)).map((machine) => ({
        name: machine,
        entry,
        config,
        path: ["servers", i]
      }))
    )

/** FNV-1a, 32 bits, of a name; names are ASCII. */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** The servers that a name stands for: one machine, or all of an entry. All without a name, none for a wrong one. */
export const serversCalled = <A extends Pick<ServerSpec, "name" | "entry">>(
  servers: ReadonlyArray<A>,
  wanted: string | undefined
): ReadonlyArray<A> =>
  wanted === undefined ? servers : servers.filter(({ entry, name: machine }) => machine === wanted || entry === wanted)

/** The server of a client among those that it may have: the same one every time. */
export const serverFor = <A extends Pick<ServerSpec, "name" | "entry">>(
  servers: ReadonlyArray<A>,
  client: string,
  wanted: string | undefined
): A => {
  const able = serversCalled(servers, wanted)
  assert(able.length > 0, `${client} has no server called ${wanted}`)
  return able[fnv1a(client) % able.length]
}
