// The cluster of a scenario: machines, cables, switch, servers, put together for one kernel and one seed.
import type { Lan } from "@swaplab/lan"
import { Packets } from "@swaplab/net-skb"
import type { RemoteServer } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { clientsOf } from "../scenario/clients.ts"
import type { Scenario } from "../scenario/scenario.ts"
import { serversOf } from "../scenario/servers.ts"
import { ApplicationHost } from "./application-host.ts"
import { buildClient } from "./build-client.ts"
import type { Client } from "./client.ts"
import type { Station } from "./drop-sites.ts"
import { Network, withCard } from "./network.ts"
import { connectOthers, type OtherHostsPort } from "./other-hosts.ts"
import { buildServer, type Server } from "./server.ts"

// Addresses: the first server has 0, the other hosts 1, then come the clients, the server of programs, the other servers.
const FIRST_SERVER_HOST = 0
const OTHER_HOSTS = 1
const FIRST_CLIENT_HOST = 2

/** Everything that one simulation consists of. */
export interface Cluster {
  readonly sim: Sim
  readonly lan: Lan
  readonly packets: Packets
  /** Its switches and the cables between them. */
  readonly network: Network
  /** Every machine at its ports: the servers, the clients, then the other hosts if there are any. */
  readonly stations: ReadonlyArray<Station>
  /** In the order of the scenario. */
  readonly servers: ReadonlyArray<Server>
  readonly clients: ReadonlyArray<Client>
  /** The server of programs of thin clients, and its port; null without any. */
  readonly applications: ApplicationHost | null
  readonly applicationStation: Station | null
  /** Other hosts, where anything comes from them. */
  readonly others: OtherHostsPort | null
}

/**
 * Builds and boots the cluster of a scenario for one kernel and one seed. Nothing has happened yet on its virtual time.
 *
 * **When to use.** To get the machines and cables alone. {@link ClusterRun} builds one and adds what makes a run of it.
 *
 * **Details.** `cellKernel` is the name of a kernel of the scenario, for clients that name none. `remote` stands behind
 * the first server. The parts are public; drive them by `sim.run`.
 *
 * **Gotchas.** Workloads are not started, except those that run from boot; there are no faults, no watchdog and no
 * series. The scenario must have been checked before: nothing is checked here.
 */
export const buildCluster = (
  scenario: Scenario,
  cellKernel: string,
  seed: number,
  workloads: WorkloadTable = WORKLOADS,
  remote?: RemoteServer
): Cluster => {
  const sim = new Sim({ seed, hz: scenario.hz })
  const packets = new Packets()
  const network = new Network(sim, packets, scenario.lan)
  const specs = clientsOf(scenario, cellKernel)
  const applicationsHost = FIRST_CLIENT_HOST + specs.length
  const servers = serversOf(scenario).map((spec, i) =>
    i === 0
      ? buildServer(sim, packets, network, spec, FIRST_SERVER_HOST, remote)
      : buildServer(sim, packets, network, spec, applicationsHost + i)
  )
  const place = { sim, scenario, workloads, packets, network, servers }
  const thin = specs.filter(({ group }) => group.programs === "server")
  const applications = scenario.applications === undefined || thin.length === 0
    ? null
    : new ApplicationHost(
      place,
      scenario.applications,
      thin,
      cellKernel,
      specs.length,
      applicationsHost
    )
  const clients = specs.map((spec, index) => buildClient(place, spec, index, FIRST_CLIENT_HOST + index, applications))
  const applicationStation = applications === null
    ? null
    : network.attach(applications.cable, withCard(applications.machine))
  const flooded = scenario.faults.some(({ what }) => what === "flood")
  const others = connectOthers(sim, packets, network, OTHER_HOSTS, clients, flooded)
  for (const { loads } of clients) {
    for (const load of loads) if (load.load.row.atBoot === true) load.start()
  }
  const { lan, stations } = network
  return {
    sim,
    lan,
    packets,
    network,
    stations,
    servers,
    clients,
    applications,
    applicationStation,
    others
  }
}
