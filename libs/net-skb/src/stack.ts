// One machine's network: its sockets, its device, and packet input between the two.
// Modelled: `__netif_receive_skb` with the PF_MEMALLOC rules, demultiplexing to sockets, taps, the RST for what finds no
//   socket.
// Packets of a protocol that nobody handles count as otherProtocols, and in rx_dropped only when they are made of the
// reserve; Linux counts both in rx_dropped.
// Not modelled: the memory of a RST (it is made of no skb here), routing, ARP, IP fragments, ingress qdisc, netfilter.
// source: net/core/dev.c:__netif_receive_skb, skb_pfmemalloc_protocol; net/ipv4/tcp_ipv4.c:tcp_v4_rcv, tcp_v4_send_reset
import type { MemallocSocks } from "@swaplab/kmem"
import { type Context, PAGE_SIZE, PF_MEMALLOC } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sim } from "@swaplab/sim"
import type { SocketMemory } from "./memory.ts"
import { NetdevAlloc } from "./netdev-alloc.ts"
import {
  ETH_P_8021Q,
  ETH_P_ARP,
  ETH_P_IPV6,
  IPPROTO_TCP,
  type Packets,
  TCPHDR_ACK,
  TCPHDR_FIN,
  TCPHDR_RST,
  TCPHDR_SYN
} from "./packets.ts"
import { Services } from "./services.ts"
import { TCP_HEADER_BYTES } from "./sizes.ts"
import { Skbs } from "./skb.ts"
import { type ProtocolFigures, ProtoMemory, type Socket, SocketCounts } from "./sock.ts"
import { SoftirqContext } from "./softirq.ts"
import { DEFAULT_COSTS, type NetCosts, type NetSwitches, NO_SWITCHES } from "./switches.ts"
import { type NetSysctls, netSysctls } from "./sysctls.ts"
import { TxHeader } from "./tx-header.ts"

export interface NetStackOptions {
  /** The machine's address on the LAN, and its group in the simulation. */
  readonly host: number
  readonly group?: number
  readonly cpus?: number
  readonly memory: SocketMemory
  readonly packets: Packets
  readonly switches?: NetSwitches
  readonly costs?: NetCosts
  /** The key memalloc_socks, shared with the object allocator; a new one if absent. */
  readonly memallocSocks?: MemallocSocks
  /** Sysctls that were set; Linux's defaults if absent. */
  readonly sysctls?: Partial<NetSysctls>
  /** How long the machine has been up already; 0, it boots now, by default. */
  readonly uptimeNs?: Nanoseconds
  /** Limits of TCP and of datagram memory in pages (see `tcpMem`), where net.ipv4.tcp_mem is not set. */
  readonly tcpMem: readonly [number, number, number]
  /**
   * Number of the first socket: after a boot higher than any of before, so that what is still on its way to those finds none. 0
   * by default.
   */
  readonly firstSocket?: number
}

export const NET_XMIT_SUCCESS = 0
/** The device's queue was full: the packet is gone. */
export const NET_XMIT_DROP = 1

/** The device as the stack sees it. */
export interface NetDevice {
  rxDropped: number
  /** It takes fragments of pages (NETIF_F_SG), and so TCP makes long skbs. */
  readonly sg: boolean
  /** Takes one user of `skb`, with the headers in `stack.tx`. On NET_XMIT_DROP that user is already released. */
  transmit(ctx: Context, skb: number): number
  /** Sends a frame that has no skb. */
  transmitFrame(frame: number): void
}

/** The sockets in TIME_WAIT of one machine, which hold the numbers of connections that have ended. */
export interface TimewaitSocks {
  /** A packet for that number. False: no socket has it. */
  rcv(ctx: Context, port: number, skb: number): boolean
  /** How many there are. */
  readonly count: number
  /** The machine loses its power: all of them are gone. */
  purge(ctx: Context): void
}

const addFigures = (to: Map<string, number>, figures: ProtocolFigures): void => {
  for (const [name, value] of Object.entries(figures)) to.set(name, (to.get(name) ?? 0) + value)
}

/** Sees frames as tcpdump does: received ones unless they are made of the reserve, and those sent. */
export interface Tap {
  frame(frame: number, sent: boolean): void
}

/**
 * The network of one machine: its sockets by number, the memory of their skbs, its counters and sysctls.
 *
 * **When to use.** Make one for each machine, then its {@link Nic}, then sockets of @swaplab/tcp on it.
 *
 * **Details.** `host` is the machine's address on the LAN, a number. An skb is a number; costs are nanoseconds of CPU
 * time.
 *
 * **Gotchas.** It has one `device`: of several cards, a `Bond`.
 */
export class NetStack {
  readonly sim: Sim
  readonly host: number
  readonly group: number
  readonly packets: Packets
  readonly skbs: Skbs
  readonly netdev: NetdevAlloc
  #switches: NetSwitches
  readonly costs: NetCosts
  /** Read at every use: another value counts from then on. */
  sysctls: NetSysctls
  /** When the machine booted: below zero, before the simulation began. */
  readonly bootedNs: Nanoseconds
  readonly memallocSocks: MemallocSocks
  readonly tcpMemory: ProtoMemory
  readonly udpMemory: ProtoMemory
  readonly tx = new TxHeader()
  /** Context of protocol timers, which run as a softirq; their CPU time is small and charged to nobody. */
  readonly timerCtx = new SoftirqContext(0)
  /** Plugged in by the builder of the machine. */
  device: NetDevice | null = null
  tap: Tap | null = null
  /** Packets for a socket that does not exist, and packets of other protocols, which end here. */
  noSocket = 0
  otherProtocols = 0
  /** Listeners by their ports. */
  readonly services = new Services()
  /** Plugged in by TCP when a connection ends. */
  timewait: TimewaitSocks | null = null
  /** What the sockets counted that are gone. */
  readonly gone = new SocketCounts()
  readonly #goneFigures = new Map<string, number>()
  /** RSTs sent. */
  resets = 0
  /** Challenge ACKs of the second that counts (RFC 5961). */
  #challengeSecond = -1
  #challenges = 0
  readonly #sockets: Array<Socket | null> = []
  readonly #tasklets: Array<Socket> = []

  constructor(sim: Sim, options: NetStackOptions) {
    this.sim = sim
    this.host = options.host
    this.group = options.group ?? 0
    this.packets = options.packets
    this.#switches = options.switches ?? NO_SWITCHES
    this.costs = options.costs ?? DEFAULT_COSTS
    this.sysctls = netSysctls(options.sysctls)
    this.bootedNs = sim.now - (options.uptimeNs ?? 0)
    this.memallocSocks = options.memallocSocks ?? { count: 0 }
    this.skbs = new Skbs(options.memory, options.packets, this.#switches, this.memallocSocks)
    this.netdev = new NetdevAlloc(this.skbs, options.cpus ?? 1)
    for (let i = 0; i < (options.firstSocket ?? 0); i++) this.#sockets.push(null)
    this.tcpMemory = new ProtoMemory(
      this.sysctls["net.ipv4.tcp_mem"] ?? options.tcpMem,
      this.sysctls["net.ipv4.tcp_rmem"]?.[0],
      this.sysctls["net.ipv4.tcp_wmem"]?.[0]
    )
    this.udpMemory = new ProtoMemory(options.tcpMem)
  }

  get switches(): NetSwitches {
    return this.#switches
  }

  /** Other switches from now on. Sockets keep what they are, because SOCK_MEMALLOC is given when they connect. */
  set switches(switches: NetSwitches) {
    this.#switches = switches
    this.skbs.switches = switches
  }

  /** Other values from now on; those that are not named stay as they are. */
  setSysctls(values: Partial<NetSysctls>): void {
    this.sysctls = { ...this.sysctls, ...values }
  }

  /** Whether one more challenge ACK may be sent in this second: `tcp_send_challenge_ack`. */
  challengeAck(second: number): boolean {
    if (second !== this.#challengeSecond) {
      this.#challengeSecond = second
      this.#challenges = 0
    }
    return ++this.#challenges <= this.sysctls["net.ipv4.tcp_challenge_ack_limit"]
  }

  /** The number of the next socket. */
  get nextSocket(): number {
    return this.#sockets.length
  }

  /** Gives a socket its number. */
  bind(socket: Socket): number {
    return this.#sockets.push(socket) - 1
  }

  unbind(socket: Socket): void {
    assert(this.#sockets[socket.port] === socket, "unbinding a socket that is not bound")
    this.#sockets[socket.port] = null
    this.gone.add(socket)
    this.countGone(socket.figures())
  }

  /** Counts something of a socket that is gone. */
  countGone(figures: ProtocolFigures): void {
    addFigures(this.#goneFigures, figures)
  }

  /** What the protocols have counted on this machine: all sockets, those that are gone, and RSTs. */
  figures(): ReadonlyMap<string, number> {
    const sum = new Map(this.#goneFigures)
    for (const socket of this.sockets()) addFigures(sum, socket.figures())
    addFigures(sum, { OutRsts: this.resets, OutSegs: this.resets, InSegs: this.noSocket })
    return sum
  }

  /** The socket of that number, or null. */
  socket(port: number): Socket | null {
    return port < this.#sockets.length ? this.#sockets[port] : null
  }

  /** Every socket that is bound. */
  *sockets(): IterableIterator<Socket> {
    for (const socket of this.#sockets) if (socket !== null) yield socket
  }

  /** Puts off work of a socket until the device has cleaned its ring. */
  scheduleTasklet(socket: Socket): void {
    this.#tasklets.push(socket)
  }

  runTasklets(ctx: Context): void {
    while (this.#tasklets.length > 0) (this.#tasklets.pop() as Socket).tasklet(ctx)
  }

  /** `netif_receive_skb`: a packet from the device. The skb carries its frame. */
  netifReceiveSkb(ctx: Context, skb: number): void {
    if (this.#switches.pfmemallocReceive && this.skbs.pfmemalloc[skb] !== 0 && this.memallocSocks.count > 0) {
      // PF_MEMALLOC is put on the borrowed task, and restored: everything allocated on the way up may use the reserve
      const flags = ctx.flags
      ctx.flags |= PF_MEMALLOC
      const proto = this.packets.proto[this.skbs.frame[skb]]
      if (proto < 256 || proto === ETH_P_ARP || proto === ETH_P_IPV6 || proto === ETH_P_8021Q) {
        this.#deliver(ctx, skb)
      } else {
        if (this.device !== null) this.device.rxDropped += this.skbs.gsoSegs[skb]
        this.skbs.kfree(ctx, skb)
      }
      ctx.flags = flags
      return
    }
    if (this.tap !== null) this.tap.frame(this.skbs.frame[skb], false)
    this.#deliver(ctx, skb)
  }

  /**
   * `tcp_v4_send_reset`: answers a segment for which there is no socket, unless it is a RST itself. What carries an ACK gets a
   * RST with that number, which acknowledges nothing; anything else one with number 0 that acknowledges it.
   */
  refuse(frame: number): void {
    const { ack, flags, len, port, proto, seq, sport, src } = this.packets
    if (proto[frame] !== IPPROTO_TCP || (flags[frame] & TCPHDR_RST) !== 0) return
    if ((flags[frame] & TCPHDR_ACK) !== 0) {
      this.sendReset(port[frame], src[frame], sport[frame], ack[frame], null)
      return
    }
    const end = seq[frame] + len[frame] + ((flags[frame] & (TCPHDR_SYN | TCPHDR_FIN)) !== 0 ? 1 : 0)
    this.sendReset(port[frame], src[frame], sport[frame], 0, end)
  }

  /** Sends a RST from the socket `sport` of this machine, without `ack` one that acknowledges nothing. Without a device it is lost. */
  sendReset(sport: number, dst: number, port: number, seq: number, ack: number | null): void {
    const { device, host, packets } = this
    if (device !== null) this.resets++
    device?.transmitFrame(packets.reset(TCP_HEADER_BYTES, host, sport, dst, port, seq, ack))
  }

  /** Every socket, and that what a protocol has granted is what its sockets hold. */
  checkInvariants(): void {
    this.skbs.checkInvariants()
    assert(this.#tasklets.length === 0, "tasklets must not outlive the softirq that scheduled them")
    const granted = new Map<ProtoMemory, number>()
    for (const socket of this.sockets()) {
      socket.checkInvariants()
      const bytes = socket.forwardAlloc + socket.rmemAlloc + socket.wmemQueued
      granted.set(socket.memory, (granted.get(socket.memory) ?? 0) + bytes)
    }
    for (const [memory, bytes] of granted) {
      assert(memory.allocated * PAGE_SIZE === bytes, "memory of a protocol is not what its sockets hold")
    }
  }

  #deliver(ctx: Context, skb: number): void {
    const frame = this.skbs.frame[skb]
    const proto = this.packets.proto[frame]
    if (proto >= 256) {
      this.otherProtocols++
      this.skbs.kfree(ctx, skb)
      return
    }
    const port = this.packets.port[frame]
    const socket = port < this.#sockets.length ? this.#sockets[port] : null
    if (socket !== null) {
      socket.rcv(ctx, skb)
      return
    }
    if (this.timewait !== null && this.timewait.rcv(ctx, port, skb)) return
    const listener = this.services.at(port)
    if (listener !== null) {
      this.services.packets += this.skbs.gsoSegs[skb]
      listener.rcv(ctx, skb)
      return
    }
    this.noSocket += this.skbs.gsoSegs[skb]
    if ((this.packets.flags[frame] & (TCPHDR_SYN | TCPHDR_ACK)) === TCPHDR_SYN) this.services.refused++
    this.refuse(frame)
    this.skbs.kfree(ctx, skb)
  }
}
