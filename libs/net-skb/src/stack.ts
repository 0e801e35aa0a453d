// One machine's network: its sockets, its device, and packet input between the two.
// Modelled: `__netif_receive_skb` with the PF_MEMALLOC rules, demultiplexing to sockets, taps.
// Packets of a protocol that nobody handles count as otherProtocols, and in rx_dropped only when they are made of the
// reserve; Linux counts both in rx_dropped.
// Not modelled: routing, ARP, IP fragments, ingress qdisc, netfilter, GRO (so every segment reaches TCP by itself; drivers
// with GRO would send fewer ACKs).
// source: net/core/dev.c:__netif_receive_skb, skb_pfmemalloc_protocol
import type { MemallocSocks } from "@swaplab/kmem"
import { type Context, PF_MEMALLOC } from "@swaplab/page-alloc"
import { assert, type Sim } from "@swaplab/sim"
import type { SocketMemory } from "./memory.ts"
import { NetdevAlloc } from "./netdev-alloc.ts"
import { ETH_P_8021Q, ETH_P_ARP, ETH_P_IPV6, IPPROTO_TCP, type Packets, TCPHDR_ACK, TCPHDR_RST } from "./packets.ts"
import { TCP_HEADER_BYTES } from "./sizes.ts"
import { Skbs } from "./skb.ts"
import { ProtoMemory, type Socket } from "./sock.ts"
import { SoftirqContext } from "./softirq.ts"
import { DEFAULT_COSTS, type NetCosts, type NetSwitches, NO_SWITCHES } from "./switches.ts"

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
  /** Limits of TCP and of datagram memory in pages (see `tcpMem`). */
  readonly tcpMem: readonly [number, number, number]
}

/** Headers of the skb that is about to be handed to the device: filled in by the protocol, read by the device. */
class TxHeader {
  proto = IPPROTO_TCP
  dst = 0
  sport = 0
  port = 0
  seq = 0
  ack = 0
  wnd = 0
  flags = 0
  len = 0
  tsval = 0
  tsecr = 0
  /** Payload bytes per frame: a longer skb is cut by the device (TSO). */
  mss = 0
}

export const NET_XMIT_SUCCESS = 0
/** The device's queue was full: the packet is gone. */
export const NET_XMIT_DROP = 1

/** The device as the stack sees it. */
export interface NetDevice {
  rxDropped: number
  /** Takes one user of `skb`, with the headers in `stack.tx`. On NET_XMIT_DROP that user is already released. */
  transmit(ctx: Context, skb: number): number
  /** Sends a frame that has no skb. */
  transmitFrame(frame: number): void
}

/** Sees frames as tcpdump does: received ones unless they are made of the reserve, and those sent. */
export interface Tap {
  frame(frame: number, sent: boolean): void
}

/** The network of one machine. */
export class NetStack {
  readonly sim: Sim
  readonly host: number
  readonly group: number
  readonly packets: Packets
  readonly skbs: Skbs
  readonly netdev: NetdevAlloc
  #switches: NetSwitches
  readonly costs: NetCosts
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
  readonly #sockets: Array<Socket | null> = []
  readonly #tasklets: Array<Socket> = []

  constructor(sim: Sim, options: NetStackOptions) {
    this.sim = sim
    this.host = options.host
    this.group = options.group ?? 0
    this.packets = options.packets
    this.#switches = options.switches ?? NO_SWITCHES
    this.costs = options.costs ?? DEFAULT_COSTS
    this.memallocSocks = options.memallocSocks ?? { count: 0 }
    this.skbs = new Skbs(options.memory, options.packets, this.#switches, this.memallocSocks)
    this.netdev = new NetdevAlloc(this.skbs, options.cpus ?? 1)
    this.tcpMemory = new ProtoMemory(options.tcpMem)
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

  /** Gives a socket its number. */
  bind(socket: Socket): number {
    return this.#sockets.push(socket) - 1
  }

  unbind(socket: Socket): void {
    assert(this.#sockets[socket.port] === socket, "unbinding a socket that is not bound")
    this.#sockets[socket.port] = null
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
        if (this.device !== null) this.device.rxDropped++
        this.skbs.kfree(ctx, skb)
      }
      ctx.flags = flags
      return
    }
    if (this.tap !== null) this.tap.frame(this.skbs.frame[skb], false)
    this.#deliver(ctx, skb)
  }

  checkInvariants(): void {
    this.skbs.checkInvariants()
    assert(this.#tasklets.length === 0, "tasklets must not outlive the softirq that scheduled them")
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
    this.noSocket++
    if (proto === IPPROTO_TCP && (this.packets.flags[frame] & TCPHDR_RST) === 0) this.#reset(frame)
    this.skbs.kfree(ctx, skb)
  }

  /** `tcp_v4_send_reset`: answers a segment for a socket that does not exist. Its memory is not modelled. */
  #reset(frame: number): void {
    if (this.device === null) return
    const packets = this.packets
    const reply = packets.alloc()
    packets.bytes[reply] = TCP_HEADER_BYTES
    packets.proto[reply] = IPPROTO_TCP
    packets.src[reply] = this.host
    packets.dst[reply] = packets.src[frame]
    packets.sport[reply] = packets.port[frame]
    packets.port[reply] = packets.sport[frame]
    packets.seq[reply] = packets.ack[frame]
    packets.ack[reply] = packets.seq[frame] + packets.len[frame]
    packets.wnd[reply] = 0
    packets.len[reply] = 0
    packets.flags[reply] = TCPHDR_RST | TCPHDR_ACK
    this.device.transmitFrame(reply)
  }
}
