// The parts of a cluster that names in `where` of a fault stand for, as what a kind of fault acts on.
import type { Sim } from "@swaplab/sim"
import type { PlaceKind, Places } from "../faults/fault-kind.ts"
import { cableNamesOf, clientNamesOf, serversNamed, switchesNamed } from "../scenario/fault-names.ts"
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

/** The cables of a machine, each as a place. */
const cablesOf = (
  sim: Sim,
  { ports }: Station,
  concerns: FaultPlace["concerns"]
): ReadonlyArray<FaultPlace> => ports.map(({ down, name, up }) => ({ name, at: { sim, name, up, down }, concerns }))

/** The cables between switches, each as a place. */
const uplinksOf = ({ applicationStation, network, sim }: Cluster): ReadonlyArray<FaultPlace> =>
  network.switches.flatMap((node) =>
    node.uplink.map(({ down, name, up }) => ({
      name,
      at: { sim, name, up, down },
      concerns: ({ servers, station, thin }: Client) => {
        const ends = servers.map((server) => server.station.fabric)
        if (thin && applicationStation !== null) ends.push(applicationStation.fabric)
        return network.uplinksBetween(station.fabric, ends).includes(node)
      }
    }))
  )

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
  if (on === "port") return cablesNamed(cluster, scenario, where)
  if (on === "switch") {
    const names = new Set(where.flatMap((name) => switchesNamed(scenario, name)))
    return cluster.network.switches.filter(({ spec }) => names.has(spec.name)).map(({ device, spec: { name } }) => ({
      name,
      at: { name, fabric: device },
      concerns: everybody
    }))
  }
  if (on === "server") {
    return [...new Set(where.flatMap((name) => serversNamed(cluster.servers, name)))].map((server) => ({
      name: server.name,
      at: { name: server.name, machine: server.machine },
      concerns: (client: Client) => client.servers.includes(server)
    }))
  }
  const names = clientNamesOf(scenario, where)
  return cluster.clients.filter(({ spec }) => names.has(spec.name)).map((client) => ({
    name: client.spec.name,
    at: machineOf(cluster, client),
    concerns: (other: Client) => other === client
  }))
}

/** The cables that some names stand for. */
const cablesNamed = (
  cluster: Cluster,
  scenario: Scenario,
  where: ReadonlyArray<string>
): ReadonlyArray<FaultPlace> => {
  const { applicationStation, clients, servers, sim } = cluster
  const all = [
    ...servers.flatMap((server) => cablesOf(sim, server.station, (client) => client.servers.includes(server))),
    ...(applicationStation === null ? [] : cablesOf(sim, applicationStation, ({ thin }) => thin)),
    ...uplinksOf(cluster),
    ...clients.flatMap((client) => cablesOf(sim, client.station, (other) => other === client))
  ]
  const names = new Set(where.flatMap((name) => cableNamesOf(scenario, name)))
  return all.filter(({ name }) => names.has(name))
}
