// struct sock: what every socket has in common, that is who pays for its memory and which reserves it may use.
// Modelled: sk_allocation, SOCK_MEMALLOC and the key memalloc_socks, sk_gfp_atomic, sk_filter's test for marked packets,
// receive and send memory against the limits of the protocol (tcp_mem).
// Not modelled: filters proper, security hooks, per-cgroup limits. Counters are exact, without per-CPU batches. Datagram
// protocols know no pressure in Linux, so that their first limit is the hard one: never reached by a socket of 212 KiB.
// source: net/core/sock.c:sk_set_memalloc, __sk_mem_schedule; include/net/sock.h; net/core/filter.c:sk_filter
import { __GFP_MEMALLOC, type Context, GFP_ATOMIC, GFP_KERNEL, PAGE_SIZE } from "@swaplab/page-alloc"
import { assert, keepAsDoubles } from "@swaplab/sim"
import type { NetStack } from "./stack.ts"

/** Memory of one protocol on one machine (tcp_mem and tcp_memory_allocated), in pages. */
export class ProtoMemory {
  allocated = 0
  pressure = false
  sockets = 0
  readonly limit: readonly [number, number, number]
  /** Smallest receive and send memory that a socket always gets, bytes (the first figures of tcp_rmem and tcp_wmem). */
  readonly rmemMinimum: number
  readonly wmemMinimum: number

  constructor(limit: readonly [number, number, number], rmemMinimum = 4096, wmemMinimum = 4096) {
    this.limit = limit
    this.rmemMinimum = rmemMinimum
    this.wmemMinimum = wmemMinimum
  }

  /** `tcp_enter_memory_pressure`. */
  enterPressure(): void {
    this.pressure = true
  }
}

/** What a socket counts of the packets that it got: segments, of which GRO may have made fewer skbs. */
export class SocketCounts {
  /** Packets handed to the socket. */
  packets = 0
  /** Packets discarded on arrival: by sk_filter, for want of room, or because the socket is closed. */
  drops = 0
  /** Packets that found no room in the receive buffer, and those thrown out of it again to make room. */
  rcvbufDrops = 0
  /** Packets that found no room in the backlog while a task owned the socket. */
  backlogDrops = 0
  /** Packets for a socket that is closed or has failed. */
  closedDrops = 0
  /** Segments that had arrived before, in part or as a whole, and segments outside the window. */
  duplicates = 0
  outOfWindow = 0
  /** Packets discarded because they were made of the reserve and the socket has no right to it. */
  pfmemallocDrops = 0

  /** Adds what another has counted. */
  add(of: SocketCounts): void {
    this.packets += of.packets
    this.drops += of.drops
    this.rcvbufDrops += of.rcvbufDrops
    this.backlogDrops += of.backlogDrops
    this.closedDrops += of.closedDrops
    this.duplicates += of.duplicates
    this.outOfWindow += of.outOfWindow
    this.pfmemallocDrops += of.pfmemallocDrops
  }
}

/** Figures by the names that /proc/net/snmp, netstat and sockstat have for them. */
export type ProtocolFigures = Readonly<Record<string, number>>

/** A socket of one machine. Its number on the machine is `port`. */
export abstract class Socket extends SocketCounts {
  readonly stack: NetStack
  readonly memory: ProtoMemory
  readonly port: number
  /** Mask of process-context allocations (sk_allocation). */
  skAllocation = GFP_KERNEL
  /** SOCK_MEMALLOC: may use the reserve, and receives packets that did. */
  memalloc = false
  rcvbuf: number
  sndbuf: number
  /** Truesize on the receive queues; queued for sending; below the stack. Bytes. */
  rmemAlloc = 0
  wmemQueued = 0
  wmemAlloc = 0
  /** Bytes granted by the protocol and not used yet. */
  forwardAlloc = 0

  constructor(stack: NetStack, memory: ProtoMemory, rcvbuf: number, sndbuf: number) {
    super()
    this.stack = stack
    this.memory = memory
    this.rcvbuf = rcvbuf
    this.sndbuf = sndbuf
    memory.sockets++
    this.port = stack.bind(this)
    keepAsDoubles<Socket>(this, "rmemAlloc", "wmemQueued", "wmemAlloc", "forwardAlloc")
  }

  /** A packet for this socket, from the softirq. The socket owns the skb from here on. */
  abstract rcv(ctx: Context, skb: number): void

  /** What the protocol of this socket counts. Those that tell a state are 0 once it is unbound. */
  figures(): ProtocolFigures {
    return {}
  }

  /** The NIC is done with an skb of this socket (sock_wfree, tcp_wfree). */
  skbFreed(_ctx: Context, truesize: number): void {
    this.wmemAlloc -= truesize
  }

  /** Work that was put off until the NIC had finished cleaning its ring. */
  tasklet(_ctx: Context): void {}

  /**
   * `sk_set_memalloc`: the socket may use the reserve from now on. Each call adds one to the key, and nothing ever takes it
   * away. Without switch memallocSockets there is no such call.
   */
  setMemalloc(): void {
    if (!this.stack.switches.memallocSockets) return
    this.memalloc = true
    this.skAllocation |= __GFP_MEMALLOC
    this.stack.memallocSocks.count++
  }

  /** `sk_gfp_atomic`: the mask for atomic allocations that serve this socket. */
  gfpAtomic(): number {
    return this.stack.switches.gfpSocket ? GFP_ATOMIC | (this.skAllocation & __GFP_MEMALLOC) : GFP_ATOMIC
  }

  /** `sk_filter`: false = discard, because the packet's memory is reserved for sockets that serve reclaim. */
  filter(skb: number): boolean {
    if (this.memalloc || !this.stack.switches.skbReserve || this.stack.skbs.pfmemalloc[skb] === 0) return true
    this.pfmemallocDrops += this.stack.skbs.gsoSegs[skb]
    return false
  }

  /** `sk_rmem_schedule`: may the socket hold `size` more bytes of received data? */
  rmemSchedule(size: number, pfmemalloc: boolean): boolean {
    return size <= this.forwardAlloc || this.#memSchedule(size, false) ||
      (pfmemalloc && this.stack.switches.rmemExemption)
  }

  /** `sk_wmem_schedule`: may the socket queue `size` more bytes to send? */
  wmemSchedule(size: number): boolean {
    return size <= this.forwardAlloc || this.#memSchedule(size, true)
  }

  /** Takes `size` bytes of the granted memory. An exempted packet may drive it below zero for a while. */
  memCharge(size: number): void {
    this.forwardAlloc -= size
  }

  memUncharge(size: number): void {
    this.forwardAlloc += size
  }

  /** `sk_mem_reclaim`: gives unused whole pages back to the protocol. */
  memReclaim(): void {
    if (this.forwardAlloc < PAGE_SIZE) return
    const pages = Math.floor(this.forwardAlloc / PAGE_SIZE)
    this.memory.allocated -= pages
    this.forwardAlloc -= pages * PAGE_SIZE
    if (this.memory.pressure && this.memory.allocated < this.memory.limit[0]) this.memory.pressure = false
  }

  /** `sk_stream_moderate_sndbuf`: half of what is queued, not below 2048. */
  moderateSndbuf(): void {
    this.sndbuf = Math.max(Math.min(this.sndbuf, this.wmemQueued >> 1), 2048)
  }

  /** What holds for a socket between two events; a kind of socket adds what its queues hold. */
  checkInvariants(): void {
    assert(this.rmemAlloc >= 0 && this.wmemQueued >= 0 && this.wmemAlloc >= 0, "a socket owns less than nothing")
  }

  /** The socket goes away; it must not own any memory. */
  protected release(): void {
    this.memReclaim()
    assert(this.rmemAlloc === 0 && this.wmemQueued === 0, "a closed socket still owns packets")
    this.memory.sockets--
    this.stack.unbind(this)
  }

  #memSchedule(size: number, send: boolean): boolean {
    const memory = this.memory
    const pages = Math.ceil(size / PAGE_SIZE)
    const limit = memory.limit
    memory.allocated += pages
    this.forwardAlloc += pages * PAGE_SIZE
    if (memory.allocated <= limit[0]) {
      memory.pressure = false
      return true
    }
    if (memory.allocated > limit[1]) memory.enterPressure()
    if (memory.allocated <= limit[2]) {
      if (send ? this.wmemQueued < memory.wmemMinimum : this.rmemAlloc < memory.rmemMinimum) return true
      if (!memory.pressure) return true
      const held = Math.ceil((this.wmemQueued + this.rmemAlloc + this.forwardAlloc) / PAGE_SIZE)
      if (limit[2] > memory.sockets * held) return true
    }
    if (send) {
      this.moderateSndbuf()
      // a stream may exceed the limit rather than fail when it already fills its cut buffer: the sender will wait
      if (this.wmemQueued + size >= this.sndbuf) return true
    }
    memory.allocated -= pages
    this.forwardAlloc -= pages * PAGE_SIZE
    return false
  }
}
