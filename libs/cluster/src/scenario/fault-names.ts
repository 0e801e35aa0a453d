// Names in `where` of a fault, and the machines that they stand for.
import { clientsOf } from "./clients.ts"
import type { Scenario } from "./scenario.ts"
import { serversCalled, type ServerSpec } from "./servers.ts"

/** `where: clients` is every client, unless a group or a client has that name. */
export const ALL_CLIENTS = "clients"

/** The clients that a name stands for: a client, a group, or all of them. Empty: none. */
export const clientsNamed = (scenario: Scenario, name: string): ReadonlyArray<string> => {
  const specs = clientsOf(scenario, "")
  const found = specs.filter((spec) => spec.name === name || spec.group.name === name)
  return (found.length === 0 && name === ALL_CLIENTS ? specs : found).map((spec) => spec.name)
}

/** The clients that some names stand for. */
export const clientNamesOf = (scenario: Scenario, where: ReadonlyArray<string>): ReadonlySet<string> =>
  new Set(where.flatMap((name) => clientsNamed(scenario, name)))

/** `where: servers` is every server, unless one has that name. */
export const ALL_SERVERS = "servers"

/** The servers that a name stands for: one machine, an entry of the list of servers, or all. Empty: none. */
export const serversNamed = <A extends Pick<ServerSpec, "name" | "entry">>(
  servers: ReadonlyArray<A>,
  name: string
): ReadonlyArray<A> => {
  const found = serversCalled(servers, name)
  return found.length === 0 && name === ALL_SERVERS ? servers : found
}
