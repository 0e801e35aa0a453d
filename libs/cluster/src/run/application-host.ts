// The server on which the programs of thin clients run: an emulated machine with much memory that swaps to a disk of its own,
// and a stream to each thin client (X11).
// Modelled: the memory, the CPU time and the page faults of every program of every person, on one kernel; its swap area and
//   disk; pictures and input as TCP carries them.
// Not modelled: its root file system (programs are in its page cache), its services, sessions that share memory by fork; its
//   card is an e1000. No watchdog looks at it: where it stands still, its thin clients wait until the end of the run.
import { Machine } from "@swaplab/kernel"
import type { Socket } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { Disk, diskNamed, UPTIME_NS } from "@swaplab/server-model"
import { assert, type Sleeps } from "@swaplab/sim"
import { connectTcp, TcpSocket } from "@swaplab/tcp"
import type { ApplicationsConfig } from "../scenario/applications.ts"
import { type ClientSpec, kernelOf } from "../scenario/clients.ts"
import { type Load, programsOf } from "../scenario/loads.ts"
import { ClientLoad } from "./client-load.ts"
import { addressSpaces, type ClientPlace, costsOf } from "./client-place.ts"
import { LatencyHistogram } from "./latency.ts"
import { Messages } from "./messages.ts"
import type { Cable } from "./network.ts"
import { SwapDisk } from "./swap-disk.ts"

const NAME = "applications"

/** One person at a thin client. */
interface Seat {
  readonly load: ClientLoad
  readonly input: Messages
  readonly picture: Messages
}

/** The server of programs. */
export class ApplicationHost {
  readonly config: ApplicationsConfig
  readonly machine: Machine
  readonly disk: Disk
  readonly cable: Cable
  readonly latency = new LatencyHistogram()
  readonly seats: Array<Seat> = []
  readonly #place: ClientPlace
  /** What each client runs here, by its name. */
  readonly #loads: ReadonlyMap<string, Load>

  /** Boots it with that number and address for the clients whose programs it runs. */
  constructor(
    place: ClientPlace,
    config: ApplicationsConfig,
    clients: ReadonlyArray<ClientSpec>,
    cell: string,
    index: number,
    host: number
  ) {
    const { network, packets, scenario, sim, workloads } = place
    this.#place = place
    this.config = config
    const loads = programsOf(clients.map(({ group }) => group), workloads)
    this.#loads = new Map(loads.map((load, i) => [clients[i].name, load]))
    this.cable = network.cable(NAME, config.link, host, config.switch)
    const slots = Math.floor(config.swap / PAGE_SIZE)
    this.machine = new Machine(sim, {
      name: NAME,
      // the number after those of all clients: its content tokens are its own
      index,
      host,
      kernel: kernelOf(scenario, config.kernel ?? cell),
      ramBytes: config.ram,
      cpus: config.cpus,
      thp: false,
      minFreeKbytes: null,
      pageCachePages: 0,
      swapSlots: slots,
      nic: { driver: "e1000", rxRing: 1024, txRing: 1024, interruptGapNs: 50_000 },
      ...addressSpaces(loads),
      costs: costsOf(scenario.costs),
      sysctls: config.sysctl,
      uptimeNs: UPTIME_NS
    }, { packets, wire: this.cable.wires[0] })
    this.disk = new Disk(sim, NAME, diskNamed(config.disk))
    this.machine.disk.driver = new SwapDisk(sim, this.machine, this.disk, slots)
    this.machine.onMajorFault = (ns) => this.latency.record(ns)
  }

  /**
   * Puts a person at a thin client: the half of its workload that runs here. `terminal` is the half that stays there, `sockets`
   * takes the thin client's end of the stream.
   */
  seat(spec: ClientSpec, client: Machine, terminal: ClientLoad, sockets: Array<Socket>): ClientLoad {
    const { sim } = this.#place
    const { machine } = this
    const load = this.#loads.get(spec.name)
    assert(load !== undefined, `${spec.name} has no programs on a server`)
    const near = new TcpSocket(client.net, {
      name: `${spec.name} X11`,
      freeBufferPages: client.pages.presentPages,
      noDelay: true
    })
    const far = new TcpSocket(machine.net, {
      name: `${NAME} ${spec.name}`,
      freeBufferPages: machine.pages.presentPages,
      noDelay: true
    })
    connectTcp(near, far)
    sockets.push(near)
    const input = new Messages(sim, `${spec.name} X11 input`, near, far)
    const picture = new Messages(sim, `${spec.name} X11 picture`, far, near)
    daemon(client, "X11 input", (task) => input.sender(task))
    daemon(machine, `${spec.name} X11 input`, (task) => input.reader(task))
    daemon(machine, `${spec.name} X11 picture`, (task) => picture.sender(task))
    daemon(client, "X11 picture", (task) => picture.reader(task))
    const seat = new ClientLoad(load, machine, spec.name, terminal.exits, spec.chance)
    seat.display = {
      terminal,
      input: (person, bytes) => input.pass(person, bytes),
      picture: (person, bytes) => picture.pass(person, bytes)
    }
    this.seats.push({ load: seat, input, picture })
    return seat
  }
}

/** Starts a task that has no memory of its own. */
const daemon = (machine: Machine, comm: string, body: (task: ReturnType<Machine["task"]>) => Sleeps<void>): void => {
  const task = machine.task(comm)
  task.daemon = true
  machine.cpus.start(task, () => body(task))
}
