// An NBD server as a machine of the cluster: a network card, one worker per connection, page cache, disk.
// Modelled: its receive ring and interrupts, its TCP, its queue at the disk. Its CPUs are those of the `ServerHost`.
// Not modelled: its memory (sockets of the server never lack any), and the CPU time of its packets, which the measured cost
//   of a request contains already.
// What that costs: a server that starves for socket memory cannot be studied.
import {
  Bond,
  type BondLinks,
  CARDS,
  type Features,
  HostMemory,
  NetStack,
  type NetSysctls,
  Nic,
  type NicOptions,
  NO_COSTS,
  type Packets,
  tcpMem,
  type Wire
} from "@swaplab/net-skb"
import { bootContext, PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import { assert, type Sim, type Sleeps } from "@swaplab/sim"
import { type ServerClient, ServerConnection } from "./connection.ts"
import { dial } from "./dial.ts"
import { Disk } from "./disk.ts"
import type { DiskShape } from "./disks.ts"
import type { ImageExport, SwapExport } from "./exports.ts"
import { Gateway } from "./gateway/gateway.ts"
import type { RemoteServer } from "./gateway/remote-server.ts"
import type { ServerHost } from "./host.ts"
import { NbdService, SERVER_BUFFER_PAGES, type SwapFiles } from "./nbd-service.ts"
import { PageCache } from "./page-cache.ts"
import type { ServerErrors } from "./server-errors.ts"
import type { ServerFaultCounts, ServerLife, StoreFate } from "./server-life.ts"
import { type ServerCosts, SwapServer } from "./swap-server.ts"

const wholePages = (bytes: number): number => Math.floor(bytes / PAGE_SIZE) * PAGE_SIZE

/** How long a server has been up when a simulation begins: a day. */
export const UPTIME_NS = 86_400e9

/** What a server consists of. */
export interface ServerMachineOptions {
  /** Of the machine: in front of the names of its tasks, sockets and disk. */
  readonly name: string
  /** Each of its cards is an e1000 with these lengths, and these features and this moderation where they are given. */
  readonly nic:
    & Pick<NicOptions, "ring" | "txDescriptors" | "txQueueLength">
    & Partial<Features & Pick<NicOptions, "coalesce">>
  /** How a packet gets its card: only and always where there are several. */
  readonly bond?: BondLinks
  readonly disk: DiskShape
  /** Memory for swap data. */
  readonly pageCacheBytes: number
  readonly costs: ServerCosts
  /** What nbd-server does with the swap file of a client that connects again; "kept" if absent. */
  readonly swapFiles?: SwapFiles
  /** What each connection for swap may read and write a second, together; without it: as much as it can. */
  readonly bytesPerSecond?: number
  /** Threads that perform the requests of a connection. 1: its worker does, one after the other. */
  readonly threads: number
  /** Sysctls of its network that were set. */
  readonly sysctls?: Partial<NetSysctls>
  /** read_ahead_kb of the disk, in pages: for images. */
  readonly readaheadPages: number
  /** It is a gateway: swap is on this server outside of the simulation. */
  readonly remote?: RemoteServer
}

/** An image that clients read. */
export interface ServerImage {
  readonly name: string
  /** Rounded down to whole pages. */
  readonly bytes: number
  /** Writer of its tokens. */
  readonly writer: number
}

/**
 * The server machine: cards, CPUs, page cache, disk, and nbd-server with a worker for each connection.
 *
 * **When to use.** As the far end of emulated clients: `connectSwap` and `connectImage` give connections; `stop`,
 * `pause`, `powerOff` and their opposites, `stealCpu`, `setCapacity` and `errors` are its faults.
 *
 * **Details.** Sizes are bytes, rounded down to pages of 4096; `bytesPerSecond` holds for each swap connection. `dial`
 * returns 0 or a negative errno. `faultCounts` says what the faults have hit.
 *
 * **Gotchas.** Sockets of the server never lack memory, and its packets cost CPU time only as a part of each request's
 * measured cost. After `stop` and `start` clients must `dial` again, as nbd-client does. `cache` is null before a disk
 * that has none.
 */
export class ServerMachine {
  readonly net: NetStack
  /** One for each cable. */
  readonly nics: ReadonlyArray<Nic>
  readonly disk: Disk
  /** Null: there is none before this kind of disk. */
  readonly cache: PageCache | null
  readonly server: SwapServer
  readonly host: ServerHost
  /** Of a machine that stands in front of a server outside; null: it is the server. */
  readonly gateway: Gateway | null
  readonly #capacityBytes: number
  readonly #bytesPerSecond: number | null
  readonly #readaheadPages: number
  readonly #service: NbdService

  /** `address` is that of its card, or of its bond, on the LAN. */
  constructor(
    sim: Sim,
    host: ServerHost,
    address: number,
    packets: Packets,
    wires: ReadonlyArray<Wire>,
    options: ServerMachineOptions
  ) {
    this.host = host
    this.#capacityBytes = options.disk.capacityBytes
    this.#readaheadPages = options.readaheadPages
    this.net = new NetStack(sim, {
      host: address,
      group: host.group,
      cpus: host.cpus,
      memory: new HostMemory(),
      packets,
      // a request's cost was measured with its packets
      costs: NO_COSTS,
      sysctls: options.sysctls ?? {},
      uptimeNs: UPTIME_NS,
      tcpMem: tcpMem(SERVER_BUFFER_PAGES)
    })
    assert((wires.length > 1) === (options.bond !== undefined), "several cards are a bond")
    this.nics = wires.map((wire) => new Nic(this.net, wire, host.softirq, { ...CARDS.e1000, ...options.nic }))
    if (options.bond !== undefined) this.net.device = new Bond(this.net, this.nics, options.bond)
    for (const nic of this.nics) nic.open(bootContext())
    this.disk = new Disk(sim, options.name, options.disk)
    const cache = options.disk.cached
      ? new PageCache(sim, options.name, this.disk, { capacityBytes: options.pageCacheBytes })
      : null
    this.cache = cache
    this.server = new SwapServer(sim, host, cache, options.costs, options.disk.capacityBytes, options.name)
    this.gateway = options.remote === undefined
      ? null
      : new Gateway(sim, host.group, this.server, options.remote)
    this.#bytesPerSecond = options.bytesPerSecond ?? null
    const { name, swapFiles = "kept", threads } = options
    this.#service = new NbdService(this.server, this.net, this.nics, host, { name, threads, swapFiles })
    if (cache !== null) host.start("flush", (task) => cache.flusher(task))
  }

  /** Makes the swap export of a client, of so many bytes rounded down to whole pages, and connects the two. */
  connectSwap(client: ServerClient, bytes: number): ServerConnection<SwapExport> {
    const served = this.gateway?.addExport(client.name, wholePages(bytes)) ??
      this.server.addExport(client.name, wholePages(bytes), this.#bytesPerSecond)
    return this.#service.connect(new ServerConnection(client, "nbd0", client.name, served))
  }

  /** Connects a client to an image. Clients of one image share it; each has a connection of its own. */
  connectImage(client: ServerClient, image: ServerImage): ServerConnection<ImageExport> {
    const served = this.server.image(image.name, wholePages(image.bytes), image.writer, this.#readaheadPages)
    return this.#service.connect(new ServerConnection(client, "nbd1", `${client.name} ${image.name}`, served))
  }

  // — what may happen to it —

  /**
   * Kills the processes of nbd-server: their sockets are closed by the kernel, with a FIN, or with a RST where data was not
   * read; nobody listens until `start`. `store` "lost": what the exports for swap held is gone (a tmpfs that was unmounted).
   */
  stop(store: StoreFate = "kept"): void {
    this.#service.stop(store)
  }

  /** Starts nbd-server again: clients may connect. */
  start(store: StoreFate = "kept"): void {
    this.#service.start(store)
  }

  /** SIGSTOP to all processes of nbd-server: the kernel still acknowledges what comes, and nobody reads it. */
  pause(): void {
    this.#service.pause(true)
  }

  /** SIGCONT. */
  resume(): void {
    this.#service.pause(false)
  }

  /**
   * Neither FIN nor RST: whatever is sent to the machine vanishes until `powerOn`. With a store that is kept, what the page
   * cache had not written back to the disk is lost all the same, and the cache is cold afterwards; without a disk everything is
   * kept.
   */
  powerOff(store: StoreFate = "kept"): void {
    this.#service.powerOff(store)
  }

  /** The machine boots, nbd-server listens. Segments of connections of before get a RST. */
  powerOn(): void {
    this.#service.powerOn()
  }

  /** Calls `run` when the machine has power: now, or when it boots next. */
  whenPowered(run: () => void): void {
    this.#service.whenPowered(run)
  }

  /** So much of the host's CPUs goes to others from now on, 0 … 1: a virtual machine whose neighbours work. */
  stealCpu(share: number): void {
    this.host.setStolen(share)
  }

  /** What the files of all exports may take from now on; null: what the disk holds. A write that finds no room: ENOSPC. */
  setCapacity(bytes: number | null): void {
    this.server.capacityPages = Math.floor((bytes ?? this.#capacityBytes) / PAGE_SIZE)
  }

  /** Errors that requests get on purpose. */
  get errors(): ServerErrors {
    return this.server.errors
  }

  /** What of all that has happened. */
  get life(): ServerLife {
    return this.server.life
  }

  /** The same in figures, for results. */
  faultCounts(): ServerFaultCounts {
    const { errors, life, stats } = this.server
    return {
      connectionsKilled: life.connectionsKilled,
      connectionsAccepted: this.#service.accepted,
      connectsRefused: this.net.services.refused,
      requestsUnanswered: life.unanswered,
      errorsInjected: errors.injectedInto("all"),
      requestsSlowed: this.disk.slowed,
      noSpace: stats.noSpace,
      pagesForgotten: life.events.reduce((sum, { pagesLost }) => sum + pagesLost, 0)
    }
  }

  /** Every device of a client that it serves, swap and root images. */
  get connections(): ReadonlyArray<ServerConnection> {
    return this.#service.connections
  }

  /** Asks for a new connection of this device over the network, as nbd-client does. 0, or a negative errno. */
  dial(task: Task, connection: ServerConnection): Sleeps<number> {
    return dial(this.#service, task, connection)
  }
}
