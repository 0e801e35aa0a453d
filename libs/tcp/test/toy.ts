// A toy network for tests and benchmarks: two machines and a wire with a rate, a latency, losses and reordering.
import {
  ALL_SWITCHES,
  CARDS,
  HostMemory,
  NetStack,
  type NetStackOptions,
  type NetSwitches,
  type NetSysctls,
  Nic,
  type NicOptions,
  Packets,
  type SocketMemory,
  Softirq,
  tcpMem,
  type Wire,
  wireBytes
} from "@swaplab/net-skb"
import type { Task } from "@swaplab/page-alloc"
import { type EventKind, Process, type Random, Sim, type Sleeps } from "@swaplab/sim"
import { connectTcp, type TcpOptions, TcpSocket } from "@swaplab/tcp"
import { Effect } from "effect"

/** Free pages of the machines: 2 GiB. */
const FREE_PAGES = 500_000

/** One direction of the toy wire. `loss`, `reorder` and `duplicate` are probabilities; a reordered frame is late by up to `lateNs`. */
export class ToyWire implements Wire {
  lost = 0
  carried = 0
  loss = 0
  reorder = 0
  /** Frames that arrive twice, the second one late. */
  duplicate = 0
  lateNs = 0
  /** Frames are lost while this is true. */
  cut = false
  readonly #sim: Sim
  readonly #packets: Packets
  readonly #random: Random
  readonly #nsPerByte: number
  readonly #latencyNs: number
  readonly #arrive: EventKind
  #free = 0
  to: Nic | null = null
  /** Sees every frame before it may be lost. */
  onFrame: ((frame: number) => boolean) | null = null

  constructor(sim: Sim, packets: Packets, name: string, gigabit: number, latencyNs: number) {
    this.#sim = sim
    this.#packets = packets
    this.#random = sim.stream(name)
    this.#nsPerByte = 8 / gigabit
    this.#latencyNs = latencyNs
    this.#arrive = sim.queue.register((frame) => (this.to as Nic).receive(frame))
  }

  transmit(frame: number): number {
    const now = this.#sim.queue.now
    this.#free = Math.max(now, this.#free) + Math.ceil(wireBytes(this.#packets.bytes[frame]) * this.#nsPerByte)
    const drop = this.onFrame !== null && !this.onFrame(frame)
    if (drop || this.cut || (this.loss > 0 && this.#random.unit() < this.loss)) {
      this.lost++
      this.#packets.free(frame)
      return this.#free
    }
    this.carried++
    if (this.duplicate > 0 && this.#random.unit() < this.duplicate) {
      const late = this.#free + this.#latencyNs + this.#random.below(this.lateNs + 1)
      this.#sim.queue.at(late, this.#arrive, this.#packets.copy(frame))
    }
    let at = this.#free + this.#latencyNs
    if (this.reorder > 0 && this.#random.unit() < this.reorder) at += this.#random.below(this.lateNs + 1)
    this.#sim.queue.at(at, this.#arrive, frame)
    return this.#free
  }
}

/** A task of a toy machine: no CPU, time passes only while it waits. */
export class ToyTask implements Task {
  flags = 0
  memdie = false
  inInterrupt = false
  servingSoftirq = false
  cpu = 0
  ns = 0
  readonly process: Process

  constructor(sim: Sim, name: string) {
    this.process = new Process(sim, name)
  }

  *condResched(): Sleeps<void> {}
}

export interface ToyMachine {
  readonly stack: NetStack
  readonly nic: Nic
  readonly softirq: Softirq
  readonly memory: SocketMemory
}

export interface ToyOptions {
  readonly seed?: number
  readonly switches?: NetSwitches
  readonly memory?: SocketMemory
  readonly nic?: NicOptions
  /** Of the server. */
  readonly serverNic?: NicOptions
  readonly tcp?: Partial<TcpOptions>
  readonly gigabit?: number
  readonly latencyNs?: number
  readonly tcpMem?: readonly [number, number, number]
  readonly hz?: number
  /** Of the client's machine. */
  readonly sysctls?: Partial<NetSysctls>
  /** Of the server's. */
  readonly serverSysctls?: Partial<NetSysctls>
  /** How long it has been up. */
  readonly uptimeNs?: number
}

/** Client `a` (with the memory of the options) and server `b` (a plain host), one connection between them. */
export class ToyNetwork {
  readonly sim: Sim
  readonly packets = new Packets()
  readonly ab: ToyWire
  readonly ba: ToyWire
  readonly a: ToyMachine
  readonly b: ToyMachine
  readonly client: TcpSocket
  readonly server: TcpSocket
  stolenNs = 0

  constructor(options: ToyOptions = {}) {
    this.sim = new Sim({ seed: options.seed ?? 1, hz: options.hz ?? 1000 })
    const gigabit = options.gigabit ?? 1
    const latency = options.latencyNs ?? 20_000
    this.ab = new ToyWire(this.sim, this.packets, "a to b", gigabit, latency)
    this.ba = new ToyWire(this.sim, this.packets, "b to a", gigabit, latency)
    const nic = options.nic ?? CARDS.e1000
    const limits = options.tcpMem ?? tcpMem(FREE_PAGES)
    this.a = this.#machine(this.ab, nic, {
      host: 0,
      memory: options.memory ?? new HostMemory(),
      packets: this.packets,
      switches: options.switches ?? ALL_SWITCHES,
      tcpMem: limits,
      ...(options.sysctls !== undefined && { sysctls: options.sysctls }),
      ...(options.uptimeNs !== undefined && { uptimeNs: options.uptimeNs })
    })
    this.b = this.#machine(this.ba, options.serverNic ?? CARDS.e1000, {
      host: 1,
      memory: new HostMemory(),
      packets: this.packets,
      switches: ALL_SWITCHES,
      tcpMem: tcpMem(FREE_PAGES),
      ...(options.serverSysctls !== undefined && { sysctls: options.serverSysctls })
    })
    this.ab.to = this.b.nic
    this.ba.to = this.a.nic
    const tcp = { freeBufferPages: FREE_PAGES, noDelay: true, ...options.tcp }
    this.client = new TcpSocket(this.a.stack, { name: "client", ...tcp })
    this.server = new TcpSocket(this.b.stack, { name: "server", freeBufferPages: FREE_PAGES, noDelay: true })
    connectTcp(this.client, this.server)
  }

  /** Starts a task that runs `body`. */
  spawn(name: string, body: (task: ToyTask) => Sleeps<void>): ToyTask {
    const task = new ToyTask(this.sim, name)
    this.sim.spawn(task.process, Effect.gen(() => body(task)))
    return task
  }

  /** Another machine in place of `a`, with its address, that knows nothing of its connections. */
  reboot(): ToyMachine {
    const { host, packets } = this.a.stack
    const machine = this.#machine(this.ab, CARDS.e1000, {
      host,
      memory: new HostMemory(),
      packets,
      switches: ALL_SWITCHES,
      tcpMem: tcpMem(FREE_PAGES)
    })
    this.ba.to = machine.nic
    return machine
  }

  /** Frees everything and asserts that nothing is left. */
  close(): void {
    for (const machine of [this.a, this.b]) machine.nic.close(machine.softirq.ctx)
    this.client.close(this.a.softirq.ctx)
    this.server.close(this.b.softirq.ctx)
    for (const machine of [this.a, this.b]) {
      machine.stack.netdev.drain(machine.softirq.ctx)
      machine.stack.checkInvariants()
    }
    this.packets.checkInvariants()
  }

  #machine(wire: Wire, nicOptions: NicOptions, options: NetStackOptions): ToyMachine {
    const stack = new NetStack(this.sim, options)
    const softirq = new Softirq(
      this.sim,
      {
        stealCpu: (_cpu, ns) => {
          this.stolenNs += ns
        },
        wakeKsoftirqd: () => {
          const step = (): void => {
            const used = softirq.ksoftirqd()
            if (softirq.pending) this.sim.queue.after(used, kind, 0)
          }
          const kind = this.sim.queue.register(step)
          this.sim.queue.after(0, kind, 0)
        }
      },
      0,
      0
    )
    const nic = new Nic(stack, wire, softirq, nicOptions)
    nic.open(softirq.ctx)
    return { stack, nic, softirq, memory: options.memory }
  }
}
