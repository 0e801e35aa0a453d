// Names in `where` of a fault, and the machines, cables and switches that they stand for.
import { clientsOf } from "./clients.ts"
import type { Scenario } from "./scenario.ts"
import { serversCalled, serversOf, type ServerSpec } from "./servers.ts"
import { cableNames, switchesOf } from "./switches.ts"

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

/** `where: switches` is every switch, unless one has that name. */
export const ALL_SWITCHES = "switches"

/** The switches that a name stands for. Empty: none. */
export const switchesNamed = ({ lan }: Scenario, name: string): ReadonlyArray<string> => {
  const names = switchesOf(lan).map((of) => of.name)
  return names.includes(name) ? [name] : name === ALL_SWITCHES ? names : []
}

/** Cables with their names, by what has them: a server, its cable or cables; an uplink, its own. */
const bundles = (scenario: Scenario): ReadonlyArray<readonly [of: string, cables: ReadonlyArray<string>]> => [
  ...serversOf(scenario).map(({ config, name }) => [name, cableNames(name, config.bond.links)] as const),
  ...(scenario.applications === undefined ? [] : [["applications", ["applications"]] as const]),
  ...switchesOf(scenario.lan).flatMap(({ uplink }) =>
    uplink === null ? [] : [[uplink.name, cableNames(uplink.name, uplink.links)] as const]
  )
]

/** Names that stand for cables and for no machine: uplinks, and each of several cables. */
export const cablesByThemselves = (scenario: Scenario): ReadonlyArray<string> => {
  const uplinks = new Set(switchesOf(scenario.lan).map(({ uplink }) => uplink?.name))
  return bundles(scenario).flatMap(([of, cables]) => [
    ...(uplinks.has(of) ? [of] : []),
    ...(cables.length === 1 ? [] : cables)
  ])
}

/** The cables that a name stands for: those of machines, those of an uplink, or one. Empty: none. */
export const cableNamesOf = (scenario: Scenario, name: string): ReadonlyArray<string> => {
  const all = bundles(scenario)
  const machines = new Set([...serversNamed(serversOf(scenario), name).map((server) => server.name), name])
  return [
    ...all.flatMap(([of, cables]) => machines.has(of) ? cables : cables.filter((cable) => cable === name)),
    ...clientsNamed(scenario, name)
  ]
}
