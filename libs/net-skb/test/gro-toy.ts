// A gro_list with segments to be merged, and what reaches a socket of it.
import { Gro } from "#src/gro.ts"
import { MSS, type NetSwitches, Socket, TCP_HEADER_BYTES, TCPHDR_ACK } from "@swaplab/net-skb"
import { type Context, PAGE_SIZE } from "@swaplab/page-alloc"
import { expect } from "vitest"
import { Toy } from "./toy.ts"

/** What reached a socket. */
interface Got {
  readonly seq: number
  readonly len: number
  readonly segs: number
  readonly size: number
  readonly flags: number
  readonly frags: number
  readonly list: boolean
  readonly truesize: number
  readonly marked: boolean
}

/** Notes what it gets and frees it. */
class Sink extends Socket {
  readonly got: Array<Got> = []

  override rcv(ctx: Context, skb: number): void {
    const { packets, skbs } = this.stack
    const frame = skbs.frame[skb]
    expect(packets.len[frame]).toBe(skbs.len[skb])
    expect(packets.bytes[frame] - skbs.len[skb]).toBe(TCP_HEADER_BYTES + 12 * packets.sackBlocks[frame])
    if (this.filter(skb)) {
      this.got.push({
        seq: packets.seq[frame],
        len: skbs.len[skb],
        segs: skbs.gsoSegs[skb],
        size: skbs.gsoSize[skb],
        flags: packets.flags[frame],
        frags: skbs.nrFrags[skb],
        list: skbs.fragList[skb] >= 0,
        truesize: skbs.truesize[skb],
        marked: skbs.pfmemalloc[skb] !== 0
      })
    }
    skbs.kfree(ctx, skb)
  }
}

/** Fields of a segment that differ from the usual ones. */
export interface Fields {
  readonly seq: number
  readonly len?: number
  readonly flags?: number
  readonly ack?: number
  readonly wnd?: number
  readonly tsval?: number
  readonly tsecr?: number
  readonly sport?: number
  readonly src?: number
}

export type Buffers = "fragment" | "kmalloc" | "page"

/** A gro_list of a machine of its own, and a socket at which everything is addressed. */
export class Bench {
  readonly toy: Toy
  readonly sink: Sink
  readonly gro: Gro

  constructor(switches: Partial<NetSwitches> = {}, on = true) {
    this.toy = new Toy({ switches })
    this.sink = new Sink(this.toy.stack, this.toy.stack.tcpMemory, 1e9, 1e9)
    this.gro = new Gro(this.toy.stack, on)
  }

  frame({ ack = 1, flags = TCPHDR_ACK, len = MSS, seq, ...of }: Fields): number {
    const { packets } = this.toy
    const frame = packets.datagram(of.src ?? 1, 0, this.sink.port, len, 6)
    packets.bytes[frame] = len + TCP_HEADER_BYTES
    packets.sport[frame] = of.sport ?? 7
    packets.seq[frame] = seq
    packets.ack[frame] = ack
    packets.flags[frame] = flags
    packets.wnd[frame] = of.wnd ?? 30_000
    packets.tsval[frame] = of.tsval ?? 5_000_000
    packets.tsecr[frame] = of.tsecr ?? 4_000_000
    return frame
  }

  /** The skb in which a driver would hand it up. */
  skb(fields: Fields, buffers: Buffers = "fragment"): number {
    const { netdev, skbs } = this.toy.stack
    const { ctx } = this.toy
    const frame = this.frame(fields)
    const len = this.toy.packets.len[frame]
    const skb = buffers === "kmalloc" ? netdev.kmallocSkb(ctx, 1522) : netdev.skb(ctx, buffers === "page" ? 512 : 1522)
    skbs.len[skb] = len
    skbs.frame[skb] = frame
    if (buffers === "page" && len > 0) {
      skbs.fillPageDesc(skb, netdev.pageForSkb(ctx, skb), len)
      skbs.truesize[skb] += PAGE_SIZE / 2
    } else skbs.headLen[skb] = len
    return skb
  }

  receive(fields: Fields, buffers?: Buffers): void {
    this.gro.receive(this.toy.ctx, this.skb(fields, buffers))
    this.gro.checkInvariants()
  }

  /** `n` full segments from `seq` on. */
  burst(n: number, buffers?: Buffers, seq = 0): void {
    for (let i = 0; i < n; i++) this.receive({ seq: seq + i * MSS }, buffers)
  }

  flush(): ReadonlyArray<Got> {
    this.gro.flush(this.toy.ctx)
    return this.sink.got
  }

  /** Nothing is left of all the skbs and frames, but the fragment page of the CPU. */
  idle(): void {
    this.toy.stack.netdev.drain(this.toy.ctx)
    const { packets, stack, objects } = this.toy
    expect([packets.inUse, stack.skbs.inUse, stack.skbs.pages.inUse, objects.objects]).toEqual([0, 0, 0, 0])
  }
}
