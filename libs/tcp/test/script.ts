// A connection whose peer is the test: it sends segments by hand and sees what the client puts on the wire, as packetdrill
// does. Nothing of what the client sends arrives anywhere.
import { entail, tryStreamAllocSkb } from "#src/write-queue.ts"
import {
  CARDS,
  HostMemory,
  type NicOptions,
  NO_SKB,
  SACK_STRIDE,
  TCP_HEADER_BYTES,
  TCPHDR_ACK,
  TCPHDR_FIN
} from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC, PAGE_SIZE } from "@swaplab/page-alloc"
import { expect } from "vitest"
import { ToyNetwork, type ToyOptions } from "./toy.ts"

export const MS = 1_000_000

/** A card that interrupts at once. */
export const PROMPT: NicOptions = { ...CARDS.e1000, interruptDelayNs: 0, interruptGapNs: 0 }

/** Sysctls of a client that is NewReno and nothing else. */
export const NEWRENO = {
  "net.ipv4.tcp_congestion_control": "reno",
  "net.ipv4.tcp_sack": 0,
  "net.ipv4.tcp_frto": 0
} as const

/** A machine that has memory for the first `left` heads, and for as many fast clone pairs. It notes masks of the latter. */
export class Stingy extends HostMemory {
  left = Number.POSITIVE_INFINITY
  leftPairs = Number.POSITIVE_INFINITY
  readonly masks: Array<number> = []

  override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
    if (fclone) this.masks.push(gfp)
    if (this.left <= 0 || (fclone && this.leftPairs <= 0)) return -1
    this.left--
    if (fclone) this.leftPairs--
    return super.tryHead(ctx, gfp, fclone)
  }
}

export interface Seen {
  readonly at: number
  readonly seq: number
  readonly len: number
  readonly ack: number
  readonly flags: number
  readonly wnd: number
  readonly tsecr: number
}

export interface Segment {
  readonly seq?: number
  readonly len?: number
  readonly ack?: number
  readonly wnd?: number
  readonly flags?: number
  /** The client's time stamp that this segment echoes. */
  readonly echo?: number
  /** SACK blocks: from and to. */
  readonly sack?: ReadonlyArray<readonly [from: number, to: number]>
}

export class Script {
  readonly net: ToyNetwork
  #seen: Array<Seen> = []

  constructor(options: ToyOptions = {}) {
    this.net = new ToyNetwork(options)
    const { packets, sim } = this.net
    this.net.ab.onFrame = (f) => {
      this.#seen.push({
        at: sim.now,
        seq: packets.seq[f],
        len: packets.len[f],
        ack: packets.ack[f],
        flags: packets.flags[f],
        wnd: packets.wnd[f],
        tsecr: packets.tsecr[f]
      })
      return false
    }
  }

  get client() {
    return this.net.client
  }

  /** The context of the client's softirq. */
  get ctx(): Context {
    return this.net.a.softirq.ctx
  }

  get now(): number {
    return this.net.sim.queue.now
  }

  /** Lets `ns` pass. */
  pass(ns: number): void {
    this.net.spawn("time", function*(task) {
      yield* task.process.hold(ns)
    })
    this.net.sim.run(this.net.sim.now + ns)
    this.client.checkInvariants()
    this.checkMemory()
  }

  /** What the protocol has granted is what its only socket has and may still use. */
  checkMemory(): void {
    const { forwardAlloc, memory, rmemAlloc, wmemQueued } = this.client
    expect(rmemAlloc + wmemQueued + forwardAlloc).toBe(memory.allocated * PAGE_SIZE)
  }

  /** An skb of `len` bytes that echoes the time stamp `echo`, as the card hands it over. The caller frees it. */
  skb(len: number, truesize = len + 576, echo = 0): number {
    const { packets } = this.net
    const { skbs } = this.net.a.stack
    const skb = skbs.tryAllocSkb(this.ctx, 64, 0, 0)
    const f = packets.alloc()
    packets.tsecr[f] = echo
    skbs.frame[skb] = f
    skbs.len[skb] = skbs.headLen[skb] = len
    skbs.truesize[skb] = truesize
    return skb
  }

  /** Puts segments of the given sizes on the write queue and sends none of them. They have no fragments. */
  queue(sizes: ReadonlyArray<number>, flags = 0): void {
    const { client } = this
    const { skbs } = this.net.a.stack
    for (const size of sizes) {
      const skb = tryStreamAllocSkb(client, this.ctx, 0, GFP_ATOMIC)
      entail(client, skb)
      skbs.len[skb] = skbs.headLen[skb] = size
      skbs.flags[skb] |= flags
      const end = client.writeSeq + size + ((flags & TCPHDR_FIN) !== 0 ? 1 : 0)
      skbs.endSeq[skb] = client.writeSeq = end
      client.sent.appendBytes(new Uint8Array(size))
    }
  }

  /** Lengths of the queued segments: those that were sent, and the others. */
  queues(): readonly [sent: ReadonlyArray<number>, unsent: ReadonlyArray<number>] {
    const { client } = this
    const { len, next } = this.net.a.stack.skbs
    const lists: [Array<number>, Array<number>] = [[], []]
    let list = lists[0]
    for (let skb = client.writeHead; skb !== NO_SKB; skb = next[skb]) {
      if (skb === client.sendHead) list = lists[1]
      list.push(len[skb])
    }
    return lists
  }

  /** The device drops what it is given from now on. */
  drop(): void {
    const { client } = this
    const { skbs } = this.net.a.stack
    this.net.a.nic.transmit = (ctx, skb) => {
      client.skbFreed(ctx, skbs.truesize[skb])
      skbs.twinBusy[skb] = 0
      skbs.kfree(ctx, skb)
      return 1
    }
  }

  /** Ends both sockets; then nothing may be left of their memory. */
  close(): void {
    this.net.close()
    const { dataBytes, heads, pages } = this.net.a.memory as HostMemory
    expect([heads, dataBytes, pages]).toEqual([0, 0, 0])
  }

  /** A segment arrives, and the client deals with it. */
  segment({ ack, echo, flags = TCPHDR_ACK, len = 0, sack = [], seq, wnd = 1 << 20 }: Segment = {}): void {
    const { client, packets, server, sim } = this.net
    const f = packets.alloc()
    packets.bytes[f] = TCP_HEADER_BYTES + len
    packets.proto[f] = this.net.a.stack.tx.proto
    packets.src[f] = 1
    packets.dst[f] = 0
    packets.sport[f] = server.port
    packets.port[f] = client.port
    packets.seq[f] = seq ?? client.rcvNxt
    packets.ack[f] = ack ?? client.sndUna
    packets.wnd[f] = wnd
    packets.len[f] = len
    packets.flags[f] = flags
    packets.tsval[f] = sim.now
    packets.tsecr[f] = echo ?? sim.now
    packets.sackBlocks[f] = sack.length
    sack.flat().forEach((offset, i) => {
      packets.sackSeq[f * SACK_STRIDE + i] = offset
    })
    this.net.a.nic.receive(f)
    this.pass(MS / 2)
  }

  /** The client's task sends bytes, as far as it gets without waiting. */
  send(bytes: number, more = false): void {
    this.net.spawn(
      `sender of ${bytes}`,
      function*(this: Script, task: Parameters<Parameters<ToyNetwork["spawn"]>[1]>[0]) {
        yield* this.client.sendBytes(task, new Uint8Array(bytes), more)
      }.bind(this)
    )
    this.pass(MS / 2)
  }

  /** What the client has put on the wire since the last call. */
  take(): ReadonlyArray<Seen> {
    const seen = this.#seen
    this.#seen = []
    return seen
  }

  /** The data among it: offset and length. */
  data(): ReadonlyArray<readonly [seq: number, len: number]> {
    return this.take().filter(({ len }) => len > 0).map(({ len, seq }) => [seq, len] as const)
  }
}

/** A socket that has received 1000 bytes, of which it told the peer, and that takes 500 more. */
export const at = (state: object = {}, options = {}): Script => {
  const script = new Script({ nic: PROMPT, ...options })
  Object.assign(script.client, {
    rcvNxt: 1000,
    copiedSeq: 1000,
    rcvWup: 1000,
    rcvWnd: 500,
    rcvSsthresh: 500,
    rcvMss: 1448,
    ato: 40 * MS,
    quick: 0,
    pingpong: true,
    ...state
  })
  return script
}

/** A delay is rounded up to ticks. */
export const near = (delay: number, ms: number) =>
  expect([delay > (ms - 1) * MS, delay < (ms + 1.01) * MS]).toEqual([true, true])
