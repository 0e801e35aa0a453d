// The machine of a server on the CPUs and tasks of `kernel`, and the server as a part of a cluster.
import { Cpus, KernelTask, Softirqs } from "@swaplab/kernel"
import type { Link } from "@swaplab/lan"
import { CARDS, featuresOf, type Packets, type Softirq } from "@swaplab/net-skb"
import { PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import { type RemoteServer, type ServerCosts, type ServerHost, ServerMachine } from "@swaplab/server-model"
import type { Nanoseconds, Sim, Sleeps } from "@swaplab/sim"
import { moderationOf } from "../scenario/cards.ts"
import { diskOf } from "../scenario/disks.ts"
import type { ServerConfig } from "../scenario/machines.ts"
import type { ServerSpec } from "../scenario/servers.ts"
import type { Station } from "./drop-sites.ts"
import type { Network } from "./network.ts"

/** One NBD server of a cluster. */
export interface Server extends ServerSpec {
  readonly machine: ServerMachine
  readonly station: Station
  /** From the switch to it, and back: one, or those of its bond. */
  readonly in: ReadonlyArray<Link>
  readonly out: ReadonlyArray<Link>
}

const serverCosts = ({ read, write }: ServerConfig): ServerCosts => ({
  readNs: read.base,
  readNsPerKiB: read.perKiB,
  writeNs: write.base,
  writeNsPerKiB: write.perKiB,
  otherNs: read.base
})

/** Time that links were sending, all together. */
export const busyNs = (links: ReadonlyArray<Link>): Nanoseconds => links.reduce((sum, link) => sum + link.busyNs, 0)

/** Puts a server at the network, with that address. `remote`: it is a gateway to that one. */
export const buildServer = (
  sim: Sim,
  packets: Packets,
  network: Network,
  spec: ServerSpec,
  host: number,
  remote?: RemoteServer
): Server => {
  const { config, name } = spec
  const { cpus, nic, pageCache, readahead, swapFiles, sysctl, threads } = config
  const cable = network.cable(name, config.link, host, config.switch, config.bond)
  const machine = new ServerMachine(
    sim,
    new KernelServerHost(sim, name, cpus, sysctl["net.core.netdev_budget"]),
    host,
    packets,
    cable.wires,
    {
      name,
      ...(cable.bond !== undefined && { bond: cable.bond }),
      disk: diskOf(config),
      pageCacheBytes: pageCache,
      nic: {
        ring: nic.rxRing,
        txDescriptors: nic.txRing,
        txQueueLength: nic.txQueue,
        ...featuresOf(CARDS.e1000, nic.ethtool),
        coalesce: moderationOf(nic, "e1000", config.link)
      },
      costs: serverCosts(config),
      threads,
      swapFiles,
      sysctls: sysctl,
      ...(config.clientRate !== undefined && { bytesPerSecond: config.clientRate }),
      readaheadPages: Math.floor(readahead / PAGE_SIZE),
      ...(remote !== undefined && { remote })
    }
  )
  return {
    ...spec,
    machine,
    station: network.attach(cable, machine),
    in: cable.ports.map(({ down }) => down),
    out: cable.ports.map(({ up }) => up)
  }
}

/** Workers use CPU time like tasks of any machine. */
class KernelServerHost implements ServerHost {
  readonly group: number
  readonly cpus: number
  readonly softirq: Softirq
  readonly #name: string
  readonly #sim: Sim
  readonly #cpus: Cpus

  constructor(sim: Sim, name: string, cpus: number, netdevBudget?: number) {
    this.#name = name
    this.#sim = sim
    this.group = sim.group(name)
    this.cpus = cpus
    this.#cpus = new Cpus(sim, this.group, cpus, 0)
    this.softirq = new Softirqs(sim, name, this.group, this.#cpus, netdevBudget).perCpu[0]
  }

  busyNs(): Nanoseconds {
    return this.#cpus.busyNs()
  }

  start(comm: string, program: (task: Task) => Sleeps<void>): KernelTask {
    const task = new KernelTask(this.#sim, `${this.#name} ${comm}`, this.group, this.#cpus)
    task.daemon = true
    this.#cpus.start(task, () => program(task))
    return task
  }

  setStolen(share: number): void {
    this.#cpus.setStolen(share)
  }

  setStopped(task: Task, stopped: boolean): void {
    this.#cpus.setStopped(task as KernelTask, stopped)
  }

  *use(task: Task, ns: Nanoseconds): Sleeps<void> {
    const worker = task as KernelTask
    worker.ns += ns
    yield* worker.settle()
  }
}
