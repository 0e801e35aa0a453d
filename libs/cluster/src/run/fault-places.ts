// The parts of a cluster that names in `where` of a fault stand for, as what a kind of fault acts on.
import type { Sim } from "@swaplab/sim"
import type { PlaceKind, Places } from "../faults/fault-kind.ts"
import { clientNamesOf, serversNamed } from "../scenario/fault-names.ts"
import type { Scenario } from "../scenario/scenario.ts"
import type { Client } from "./client.ts"
import type { Station } from "./drop-sites.ts"
import { Flood } from "./flood.ts"
import { startHog } from "./hog.ts"
import type { Cluster } from "./topology.ts"

/** One place at which a fault happens. */
export interface FaultPlace {
  readonly name: string
  /** What the kind acts on. */
  readonly at: Places[PlaceKind]
  /** Clients that may feel it. */
  readonly concerns: (client: Client) => boolean
}

const everybody = (): boolean => true

const portOf = (sim: Sim, { port: { down, name, up } }: Station): Places["port"] => ({ sim, name, up, down })

const machineOf = (cluster: Cluster, client: Client): Places["client"] => ({
  name: client.spec.name,
  machine: client.machine,
  power: client.power,
  startHog: (pages) => startHog(client.machine, client.hogs, pages),
  startFlood: (options, chance) => new Flood(cluster, client, options, chance)
})

/** The places of a kind that some names stand for, each once. A rule has seen to it that each name stands for something. */
export const placesOf = (
  cluster: Cluster,
  scenario: Scenario,
  on: PlaceKind,
  where: ReadonlyArray<string>
): ReadonlyArray<FaultPlace> => {
  const { applicationStation, fabric, sim } = cluster
  if (on === "switch") return [{ name: "switch", at: { name: "switch", fabric }, concerns: everybody }]
  const servers = [...new Set(where.flatMap((name) => serversNamed(cluster.servers, name)))].map((server) => ({
    name: server.name,
    at: on === "server" ? { name: server.name, machine: server.machine } : portOf(sim, server.station),
    concerns: (client: Client) => client.servers.includes(server)
  }))
  if (on === "server") return servers
  const cables = on === "client" ? [] : servers
  const applications = on === "client" || applicationStation === null || !where.includes(applicationStation.port.name)
    ? []
    : [{
      name: applicationStation.port.name,
      at: portOf(sim, applicationStation),
      concerns: ({ thin }: Client) => thin
    }]
  const names = clientNamesOf(scenario, where)
  const clients = cluster.clients.filter(({ spec }) => names.has(spec.name)).map((client) => ({
    name: client.spec.name,
    at: on === "client" ? machineOf(cluster, client) : portOf(sim, client.station),
    concerns: (other: Client) => other === client
  }))
  return [...cables, ...applications, ...clients]
}
