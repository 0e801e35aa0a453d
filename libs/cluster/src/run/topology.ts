// The cluster of a scenario: machines, cables, switch, server, put together for one kernel and one seed.
import type { Lan, Link, Switch } from "@swaplab/lan"
import { Packets } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { type ServerCosts, ServerMachine } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { clientsOf } from "../scenario/clients.ts"
import { diskOf } from "../scenario/disks.ts"
import type { ServerConfig } from "../scenario/machines.ts"
import type { Scenario } from "../scenario/scenario.ts"
import { ApplicationHost } from "./application-host.ts"
import { buildClient, type Client } from "./client.ts"
import type { Station } from "./drop-sites.ts"
import { Network } from "./network.ts"
import { connectOthers } from "./other-hosts.ts"
import { KernelServerHost } from "./server.ts"

const SERVER_HOST = 0
const OTHER_HOSTS = 1
const FIRST_CLIENT_HOST = 2

/** Everything that one simulation consists of. */
export interface Cluster {
  readonly sim: Sim
  readonly lan: Lan
  readonly packets: Packets
  readonly fabric: Switch
  /** Every port of the switch with its machine: the server, the clients, then the other hosts if there are any. */
  readonly stations: ReadonlyArray<Station>
  readonly server: ServerMachine
  readonly serverIn: Link
  readonly serverOut: Link
  readonly clients: ReadonlyArray<Client>
  /** The server of programs of thin clients, and its port; null without any. */
  readonly applications: ApplicationHost | null
  readonly applicationStation: Station | null
}

const serverCosts = ({ read, write }: ServerConfig): ServerCosts => ({
  readNs: read.base,
  readNsPerKiB: read.perKiB,
  writeNs: write.base,
  writeNsPerKiB: write.perKiB,
  otherNs: read.base
})

/** Builds and boots the cluster. Nothing has happened yet on its virtual time. */
export const buildCluster = (
  scenario: Scenario,
  cellKernel: string,
  seed: number,
  workloads: WorkloadTable = WORKLOADS
): Cluster => {
  const sim = new Sim({ seed, hz: scenario.hz })
  const packets = new Packets()
  const network = new Network(sim, packets, scenario.lan)
  const port = network.cable("server", scenario.server.link, SERVER_HOST)
  const { cpus, nic, pageCache, readahead, threads } = scenario.server
  const server = new ServerMachine(sim, new KernelServerHost(sim, cpus), SERVER_HOST, packets, port.wire, {
    disk: diskOf(scenario.server),
    pageCacheBytes: pageCache,
    nic: { ring: nic.rxRing, txDescriptors: nic.txRing, txQueueLength: nic.txQueue },
    costs: serverCosts(scenario.server),
    threads,
    readaheadPages: Math.floor(readahead / PAGE_SIZE)
  })
  network.attach(port, server)
  const place = { sim, scenario, workloads, packets, network, server }
  const specs = clientsOf(scenario, cellKernel)
  const thin = specs.filter(({ group }) => group.programs === "server")
  const applications = scenario.applications === undefined || thin.length === 0
    ? null
    : new ApplicationHost(
      place,
      scenario.applications,
      thin,
      cellKernel,
      specs.length,
      FIRST_CLIENT_HOST + specs.length
    )
  const clients = specs.map((spec, index) => buildClient(place, spec, index, FIRST_CLIENT_HOST + index, applications))
  const applicationStation = applications === null ? null : network.attach(applications.port, applications.machine)
  connectOthers(sim, packets, network, OTHER_HOSTS, clients)
  const { fabric, lan, stations } = network
  return {
    sim,
    lan,
    packets,
    fabric,
    stations,
    server,
    serverIn: port.down,
    serverOut: port.up,
    clients,
    applications,
    applicationStation
  }
}
