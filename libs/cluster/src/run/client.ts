// One client of a cluster: its machine, its cable, its swap device on the server, and the loads that will run on it.
import { Machine, nbdSwitches } from "@swaplab/kernel"
import type { Link } from "@swaplab/lan"
import { NbdDevice } from "@swaplab/nbd-driver"
import { cardOf, type Socket } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { Nanoseconds } from "@swaplab/sim"
import { type ClientSpec, kernelOf, startOf } from "../scenario/clients.ts"
import { loadsOf } from "../scenario/loads.ts"
import type { ApplicationHost } from "./application-host.ts"
import { ClientLoad } from "./client-load.ts"
import { addressSpaces, type ClientPlace, costsOf } from "./client-place.ts"
import { mountRoot } from "./client-root.ts"
import type { Station } from "./drop-sites.ts"
import type { Connection } from "./server.ts"

/** One client with what belongs to it. */
export interface Client {
  readonly spec: ClientSpec
  /** When its workload starts. */
  readonly startNs: Nanoseconds
  readonly machine: Machine
  readonly connection: Connection
  /** From the client to the switch, and back. */
  readonly up: Link
  readonly down: Link
  readonly station: Station
  /** Its programs run on a server: the first of its loads is on that machine. */
  readonly thin: boolean
  /** What it runs: the measured workload first. */
  readonly loads: ReadonlyArray<ClientLoad>
  /** Where traffic from other hosts ends. */
  readonly sockets: Array<Socket>
}

/** Builds and boots the client with that number of its cluster. `applications` runs the programs of thin clients. */
export const buildClient = (
  place: ClientPlace,
  spec: ClientSpec,
  index: number,
  host: number,
  applications: ApplicationHost | null
): Client => {
  const { network, packets, scenario, server, sim, workloads } = place
  const { group } = spec
  const port = network.cable(spec.name, group.link, host)
  const loads = loadsOf(group, workloads)
  const machine = new Machine(sim, {
    name: spec.name,
    index,
    host,
    kernel: kernelOf(scenario, spec.kernel),
    ramBytes: group.ram,
    cpus: group.cpus,
    thp: group.thp,
    minFreeKbytes: group.minFree === "auto" ? null : Math.floor(group.minFree / 1024),
    pageCachePages: Math.floor(group.pageCache * group.ram / PAGE_SIZE),
    swapSlots: Math.floor(group.swap / PAGE_SIZE),
    nic: {
      driver: group.nic.driver,
      rxRing: group.nic.rxRing,
      txRing: group.nic.txRing,
      txQueue: group.nic.txQueue,
      interruptGapNs: group.nic.interruptModeration
    },
    ...addressSpaces(loads),
    costs: costsOf(scenario.costs)
  }, { packets, wire: port.wire })
  const station = network.attach(port, machine)
  const asClient = {
    name: spec.name,
    net: machine.net,
    bufferPages: machine.pages.presentPages,
    scatterGather: cardOf(group.nic.driver).scatterGather
  }
  const swap = server.connectSwap(asClient, group.swap)
  const device = new NbdDevice(sim, machine.disk, machine.pages.frames, nbdSwitches(machine.spec.kernel))
  device.connect(swap.clientSocket)
  machine.attachSwap(device)
  const root = group.root === undefined ? null : mountRoot(place, machine, group.root, asClient)
  const connection = { ...swap, machine, root }
  const sockets: Array<Socket> = []
  const [first, ...background] = loads.map((load) => new ClientLoad(load, machine))
  const thin = group.programs === "server" && applications !== null
  return {
    spec,
    startNs: startOf(scenario, spec, (...path) => sim.stream(...path)),
    machine,
    connection,
    up: port.up,
    down: port.down,
    station,
    thin,
    loads: [thin ? applications.seat(spec, machine, first, sockets) : first, ...background],
    sockets
  }
}

/** Gives the machine a disk when a load has files, and starts what has not been started at boot. */
export const startLoads = ({ loads, machine, spec: { group } }: Client): void => {
  const filePages = loads.filter(({ client }) => client === machine).reduce(
    (sum, { load }) => sum + load.plan.filePages,
    0
  )
  const { bytesPerSecond, latency } = group.background.disk
  if (filePages > 0) machine.addFiles(filePages, { bytesPerSecond, latencyNs: latency })
  const later = loads.filter(({ load }) => load.row.lan === undefined)
  // what is measured comes last, onto a machine on which the others run
  for (const load of [...later.filter(({ measured }) => !measured), ...later.filter(({ measured }) => measured)]) {
    load.start()
  }
}
