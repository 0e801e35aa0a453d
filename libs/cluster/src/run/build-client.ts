// Builds one client of a cluster: its machine, its cable, its swap device on a server, and the loads that will run on it.
import type { Socket } from "@swaplab/net-skb"
import { type ClientSpec, startOf } from "../scenario/clients.ts"
import { clientNamesOf } from "../scenario/fault-names.ts"
import { processesOfFaults } from "../scenario/faults.ts"
import { loadsOf } from "../scenario/loads.ts"
import { serverFor } from "../scenario/servers.ts"
import type { ApplicationHost } from "./application-host.ts"
import { ClientLoad } from "./client-load.ts"
import { asServerClient, bootMachine, type ClientSeat } from "./client-machine.ts"
import type { ClientPlace } from "./client-place.ts"
import { connectRoot, mountRoot } from "./client-root.ts"
import type { Client } from "./client.ts"
import { Connection } from "./connection.ts"
import { hogSeats } from "./hog.ts"
import { attachSwap } from "./nbd-device.ts"
import { withCard } from "./network.ts"
import { Power } from "./power.ts"

/** Builds and boots the client with that number of its cluster. `applications` runs the programs of thin clients. */
export const buildClient = (
  place: ClientPlace,
  spec: ClientSpec,
  index: number,
  host: number,
  applications: ApplicationHost | null
): Client => {
  const { network, scenario, servers, sim, workloads } = place
  const { group } = spec
  const cable = network.cable(spec.name, group.link, host, group.switch)
  const [port] = cable.ports
  const seat: ClientSeat = {
    spec,
    index,
    host,
    wire: cable.wires[0],
    loads: loadsOf(group, workloads),
    hogs: processesOfFaults(scenario.faults, (where) => clientNamesOf(scenario, where).has(spec.name))
  }
  const machine = bootMachine(place, seat, 0)
  const station = network.attach(cable, withCard(machine))
  const asClient = asServerClient(machine, spec)
  const swapServer = serverFor(servers, spec.name, group.server)
  const swap = swapServer.machine.connectSwap(asClient, group.swap)
  const connection = new Connection(machine, swap)
  attachSwap(connection, swapServer.machine, group.nbd)
  const rootServer = group.root?.from === "nbd"
    ? serverFor(servers, spec.name, group.root.server ?? group.server)
    : null
  if (group.root !== undefined) {
    connection.root = rootServer === null ? null : connectRoot(place, group.root, rootServer, asClient)
    mountRoot(place, connection, group, group.root, rootServer)
  }
  const sockets: Array<Socket> = []
  const [first, ...background] = seat.loads.map((load) => new ClientLoad(load, machine, spec.name, [], spec.chance))
  const thin = group.programs === "server" && applications !== null
  const power = new Power(place, () => client)
  const client: Client = {
    spec,
    seat,
    startNs: startOf(scenario, spec, (...path) => sim.stream(...path)),
    machine,
    connection,
    servers: rootServer === null || rootServer === swapServer ? [swapServer] : [swapServer, rootServer],
    up: port.up,
    down: port.down,
    station,
    thin,
    loads: [thin ? applications.seat(spec, machine, first, sockets) : first, ...background],
    sockets,
    hogs: hogSeats(seat),
    senders: [],
    power
  }
  connection.onConnectionLost = () => power.connectionLost()
  return client
}
