// Generic receive offload: segments of one connection that follow each other become one skb before they reach IP and TCP.
//
// A poll of the card hands each packet to `receive`. The list holds up to 8 skbs, each of another connection and with the
// headers of its first segment. A segment that continues one of them exactly is appended to it; anything else that belongs to
// the connection sends what is held up first. Whatever is held at the end of a poll goes up, too: when the driver has emptied
// its ring, not when the poll ended because its weight was used up.
//
// What a segment becomes in memory is decided by how its driver made its buffer:
//
//   data in page fragments alone (igb)   the fragments move over, head and header buffer are freed        17 fragments at most
//   data area is a page fragment (e1000) it becomes a fragment, only the head is freed ("head stealing")  17 fragments at most
//   data area of kmalloc                 a new skb of 130 bytes stands in front of a list of whole skbs   64 KiB at most
//
// Modelled: MAX_GRO_SKBS, every test of tcp_gro_receive on headers that exist here (flags, window, acknowledged number, options
//   by their length, time stamps in ticks, SACK blocks), the size limits, truesize, the allocation in front of a list, which may fail.
//   A merged skb keeps the pfmemalloc mark of its first segment, whatever the others had: skb_gro_receive looks at no mark, and
//   the skb in front of a list gets it by __copy_skb_header. So an unmarked first segment carries marked data past sk_filter, and a
//   marked one takes unmarked data with it when it is dropped.
// Not modelled: the IP identification, which is without gaps here; checksums; VLANs; other protocols, which 3.5 and 3.6 merge in
//   no other way than not at all (UDP) or do not meet here (IPv6). The window is compared to the byte, where the header has it in
//   units of its scale: a change below that sends the skb up earlier than in Linux.
// 3.5 and 3.6 agree in all of this: skb->head_frag came with 3.5.
// source: net/core/dev.c:napi_gro_receive, dev_gro_receive, napi_gro_complete, napi_gro_flush; net/core/skbuff.c:
// skb_gro_receive; net/ipv4/af_inet.c:inet_gro_receive; net/ipv4/tcp.c:tcp_gro_receive, tcp_gro_complete
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import {
  IPPROTO_TCP,
  NO_FRAME,
  type Packets,
  SACK_STRIDE,
  TCPHDR_CWR,
  TCPHDR_FIN,
  TCPHDR_PSH,
  TCPHDR_RST,
  TCPHDR_SYN
} from "./packets.ts"
import { MAX_SKB_FRAGS, NET_SKB_PAD, SKB_HEAD_ALIGNED, TCP_HEADER_BYTES } from "./sizes.ts"
import { NO_SKB } from "./skb-rows.ts"
import type { NetStack } from "./stack.ts"

/** Skbs held at a time. */
export const MAX_GRO_SKBS = 8

/** No IP packet is longer. */
const MAX_IP_BYTES = 65_536

/** Room in the skb in front of a list: what stands before the payload of the first, from its Ethernet header on. */
const LIST_HEAD_BYTES = NET_SKB_PAD + 14 + TCP_HEADER_BYTES

/** A segment with one of these goes up at once, with what it was appended to. */
const FLUSH_FLAGS = TCPHDR_PSH | TCPHDR_RST | TCPHDR_SYN | TCPHDR_FIN

/** What a segment may have and the one before it not. */
const MERGED_FLAGS = TCPHDR_FIN | TCPHDR_PSH

/** What does not count when a segment is compared with the first one; with CWR it does not join others. */
const OTHER_FLAGS = MERGED_FLAGS | TCPHDR_CWR

/** The gro_list of one NAPI. */
export class Gro {
  /** Segments that were appended to an skb before them. */
  merged = 0
  /** Skbs that could not be put in front of a list for want of memory. */
  noMemory = 0
  readonly #stack: NetStack
  readonly #on: boolean
  /** The skbs held, the latest last, and the last skb of the list behind each. */
  readonly #held = new Int32Array(MAX_GRO_SKBS)
  readonly #tail = new Int32Array(MAX_GRO_SKBS)
  #count = 0

  constructor(stack: NetStack, on: boolean) {
    this.#stack = stack
    this.#on = on
  }

  /** Segments held. */
  get heldSegments(): number {
    let sum = 0
    for (let i = 0; i < this.#count; i++) sum += this.#stack.skbs.gsoSegs[this.#held[i]]
    return sum
  }

  /** `napi_gro_receive`: a packet of the device, which is held, appended or goes up. */
  receive(ctx: Context, skb: number): void {
    const stack = this.#stack
    const { packets } = stack
    const frame = stack.skbs.frame[skb]
    if (!this.#on || packets.proto[frame] !== IPPROTO_TCP) {
      ctx.ns += stack.costs.rxPacketNs
      stack.netifReceiveSkb(ctx, skb)
      return
    }
    const { port, sport, src } = packets
    let i = this.#count - 1
    for (; i >= 0; i--) {
      const other = stack.skbs.frame[this.#held[i]]
      if (sport[other] === sport[frame] && port[other] === port[frame] && src[other] === src[frame]) break
    }
    const len = packets.len[frame]
    const flags = packets.flags[frame]
    if (i >= 0) {
      const mss = stack.skbs.gsoSize[this.#held[i]]
      if (this.#follows(i, frame, len, mss) && this.#append(ctx, i, skb)) {
        ctx.ns += stack.costs.mergedPacketNs
        if (len < mss || (flags & FLUSH_FLAGS) !== 0) this.#complete(ctx, i)
        return
      }
      this.#complete(ctx, i)
    }
    ctx.ns += stack.costs.rxPacketNs
    if (len === 0 || (flags & FLUSH_FLAGS) !== 0 || this.#count === MAX_GRO_SKBS) {
      stack.netifReceiveSkb(ctx, skb)
      return
    }
    stack.skbs.gsoSize[skb] = len
    this.#tail[this.#count] = NO_SKB
    this.#held[this.#count++] = skb
  }

  /** `napi_gro_flush`: everything goes up, the latest first. */
  flush(ctx: Context): void {
    while (this.#count > 0) this.#complete(ctx, this.#count - 1)
  }

  /** Frees what is held: the device goes down. Returns how many segments that were. */
  drain(ctx: Context): number {
    const segments = this.heldSegments
    while (this.#count > 0) this.#stack.skbs.kfree(ctx, this.#held[--this.#count])
    return segments
  }

  checkInvariants(): void {
    const { skbs, packets } = this.#stack
    for (let i = 0; i < this.#count; i++) {
      const skb = this.#held[i]
      const frame = skbs.frame[skb]
      assert(frame !== NO_FRAME && packets.len[frame] === skbs.len[skb], "a held skb and its headers disagree")
      let bytes = skbs.headLen[skb]
      for (let at = 0; at < skbs.nrFrags[skb]; at++) bytes += skbs.fragLen[skb * MAX_SKB_FRAGS + at]
      let last = NO_SKB
      for (let of = skbs.fragList[skb]; of !== NO_SKB; of = skbs.next[of]) {
        bytes += skbs.len[of]
        last = of
      }
      assert(bytes === skbs.len[skb], "a merged skb lost or invented bytes")
      assert(last === this.#tail[i], "the list behind a held skb has another end")
    }
  }

  /** `inet_gro_receive`, `tcp_gro_receive`: do these headers continue what entry `i` holds? */
  #follows(i: number, frame: number, len: number, mss: number): boolean {
    const { packets, sim, skbs } = this.#stack
    const { ack, bytes, flags, seq, tsecr, tsval, wnd } = packets
    const held = skbs.frame[this.#held[i]]
    return seq[held] + packets.len[held] === seq[frame] && len > 0 && len <= mss &&
      ((flags[frame] ^ flags[held]) & ~OTHER_FLAGS) === 0 && (flags[frame] & TCPHDR_CWR) === 0 &&
      ack[held] === ack[frame] && wnd[held] === wnd[frame] &&
      bytes[held] - packets.len[held] === bytes[frame] - len &&
      sameTick(tsval[held], tsval[frame], sim.tickNs) && sameTick(tsecr[held], tsecr[frame], sim.tickNs) &&
      (packets.sackBlocks[frame] === 0 || sameBlocks(packets, held, frame))
  }

  /** `skb_gro_receive`: the segment becomes part of entry `i`. False: it does not fit, or there is no memory. */
  #append(ctx: Context, i: number, skb: number): boolean {
    const { packets, skbs } = this.#stack
    const held = this.#held[i]
    const head = skbs.frame[held]
    const frame = skbs.frame[skb]
    const len = skbs.len[skb]
    if (packets.bytes[head] + len >= MAX_IP_BYTES) return false
    let into = held
    let stolen = 0
    if (skbs.fragList[held] !== NO_SKB) {
      this.#chain(i, skb)
    } else if (skbs.headLen[skb] === 0) {
      if (skbs.nrFrags[held] + skbs.nrFrags[skb] > MAX_SKB_FRAGS) return false
      skbs.truesize[held] += skbs.truesize[skb] - skbs.bareTruesize(skb)
      skbs.appendFrags(held, skb)
      stolen = 1
    } else if (skbs.headFrag(skb)) {
      if (skbs.nrFrags[held] + 1 + skbs.nrFrags[skb] > MAX_SKB_FRAGS) return false
      skbs.truesize[held] += skbs.truesize[skb] - SKB_HEAD_ALIGNED
      skbs.appendHead(held, skb)
      stolen = 2
    } else {
      if (skbs.gsoSegs[held] !== 1) return false
      into = skbs.tryAllocSkb(ctx, LIST_HEAD_BYTES, GFP_ATOMIC, 0)
      if (into < 0) {
        this.noMemory++
        return false
      }
      this.#putInFront(i, into)
      this.#chain(i, skb)
    }
    // the headers are those of the first segment, with the length of all
    packets.len[head] += len
    packets.bytes[head] += len
    packets.flags[head] |= packets.flags[frame] & MERGED_FLAGS
    skbs.len[into] += len
    skbs.gsoSegs[into]++
    skbs.frame[skb] = NO_FRAME
    packets.free(frame)
    if (stolen > 0) skbs.freePartial(ctx, skb, stolen === 2)
    this.merged++
    return true
  }

  /** Entry `i` becomes `front`, an empty skb with the old one as its list: headers, length, truesize and mark go over. */
  #putInFront(i: number, front: number): void {
    const { skbs } = this.#stack
    const held = this.#held[i]
    skbs.fragList[front] = held
    skbs.frame[front] = skbs.frame[held]
    skbs.frame[held] = NO_FRAME
    skbs.pfmemalloc[front] = skbs.pfmemalloc[held]
    skbs.len[front] = skbs.len[held]
    skbs.truesize[front] += skbs.truesize[held]
    skbs.gsoSize[front] = skbs.gsoSize[held]
    skbs.gsoSize[held] = 0
    this.#held[i] = front
    this.#tail[i] = held
  }

  /** The whole skb follows the list of entry `i`. */
  #chain(i: number, skb: number): void {
    const { skbs } = this.#stack
    skbs.truesize[this.#held[i]] += skbs.truesize[skb]
    skbs.next[this.#tail[i]] = skb
    this.#tail[i] = skb
  }

  /** `napi_gro_complete`: entry `i` leaves the list and goes up. */
  #complete(ctx: Context, i: number): void {
    const { skbs } = this.#stack
    const skb = this.#held[i]
    this.#count--
    for (let at = i; at < this.#count; at++) {
      this.#held[at] = this.#held[at + 1]
      this.#tail[at] = this.#tail[at + 1]
    }
    if (skbs.gsoSegs[skb] === 1) skbs.gsoSize[skb] = 0
    this.#stack.netifReceiveSkb(ctx, skb)
  }
}

/** Whether two stamps in nanoseconds are one in ticks, which is what the header of Linux carries. */
const sameTick = (a: number, b: number, tickNs: number): boolean =>
  a === b || Math.floor(a / tickNs) === Math.floor(b / tickNs)

/** Whether two frames have the same SACK blocks. That they have as many follows from the length of their options. */
const sameBlocks = ({ sackBlocks, sackSeq }: Packets, a: number, b: number): boolean => {
  for (let i = 0; i < 2 * sackBlocks[b]; i++) {
    if (sackSeq[a * SACK_STRIDE + i] !== sackSeq[b * SACK_STRIDE + i]) return false
  }
  return true
}
