// Frames on the wires of the cluster, as rows of typed arrays.
// Modelled: the header fields that decide something (addresses, TCP sequence numbers, window, flags, time stamps, SACK blocks,
// the options of a SYN) and the length of the packet.
// Not modelled: payload (a stream's content is kept by stream offset, see @swaplab/tcp), checksums, a fourth SACK block (there
// is room for it without time stamps), wrap-around of sequence numbers (they are stream offsets up to 2^53).
import { assert } from "@swaplab/sim"

/** Protocols: below 256 an IPv4 protocol number, otherwise an ethertype. */
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
export const ETH_P_ARP = 0x0806
export const ETH_P_8021Q = 0x8100
export const ETH_P_IPV6 = 0x86dd
export const ETH_P_LLDP = 0x88cc

/** TCP flags, as in the header. */
export const TCPHDR_FIN = 0x01
export const TCPHDR_SYN = 0x02
export const TCPHDR_RST = 0x04
export const TCPHDR_PSH = 0x08
export const TCPHDR_ACK = 0x10
export const TCPHDR_ECE = 0x40
export const TCPHDR_CWR = 0x80
/** The ECN field of the IP header, kept beside them: the sender understands marks; a switch has marked the frame. */
export const INET_ECN_ECT = 0x100
export const INET_ECN_CE = 0x200

/** Options that a SYN announces, as bits of `synOptions`. */
export const SYN_SACK_PERM = 1
export const SYN_TIMESTAMP = 2
export const SYN_WINDOW_SCALE = 4

/** SACK blocks that a frame has room for, and the numbers that they take: start and end of each. */
export const MAX_SACK_BLOCKS = 3
export const SACK_STRIDE = 2 * MAX_SACK_BLOCKS

/** No frame. */
export const NO_FRAME = -1

/** One end of a connection as a key: a host and the number of a socket on it. */
export const endKey = (host: number, port: number): number => host * 2 ** 31 + port

/** What a link needs to know of a frame, which is an opaque number to it. */
export interface FrameOps {
  /** Bytes of the IP packet: the link adds its own framing. */
  bytes(frame: number): number
  /** Host the frame is addressed to. */
  destination(frame: number): number
  /** A second frame with the same header and length. */
  copy(frame: number): number
  /** Sets CE if the frame is of a sender that understands it (ECT). */
  mark(frame: number): boolean
  /** The frame is lost here; its row is freed. */
  drop(frame: number, reason: number): void
}

/**
 * All frames of a cluster, one typed array a header field. A frame is an index; its last holder must `free` it.
 *
 * **When to use.** Make one for a network; links, cards and sockets share it. `frameOps` is what a LAN needs of it.
 *
 * **Details.** `alloc` never fails: the arrays double. `bytes` is the IP packet with its headers, without Ethernet;
 * `len` is the payload. `seq` and `ack` are stream offsets in bytes, not 32-bit numbers; `tsval` and `tsecr` are
 * nanoseconds.
 *
 * **Gotchas.** A frame from `alloc` has the fields of its predecessor, but no SACK blocks: write all that matter.
 * Growth replaces the arrays, so read them through the object each time. Freeing twice, or while queued, fails an
 * assertion. Payload is not here.
 */
export class Packets {
  /** Bytes of the IP packet, headers included; without Ethernet. */
  bytes: Int32Array
  proto: Uint16Array
  /** Host numbers. */
  src: Int32Array
  dst: Int32Array
  /** Socket number on the sending and on the receiving host. */
  sport: Int32Array
  port: Int32Array
  /** Stream offset of the first payload byte, and the next one expected from the peer. */
  seq: Float64Array
  ack: Float64Array
  /** Receive window in bytes (unscaled). */
  wnd: Int32Array
  /** Payload bytes. */
  len: Int32Array
  /** TCP flags, and the ECN field of the IP header. */
  flags: Uint16Array
  /** Time stamp option: when it was sent, and the latest stamp of the peer. Nanoseconds, 0 = none. */
  tsval: Float64Array
  tsecr: Float64Array
  /** SACK blocks of the frame. Few frames have any; of the others `sackSeq` says nothing. */
  sackBlocks: Uint8Array
  /** Block i of frame f: its first stream offset at 6f + 2i, the one behind its last at 6f + 2i + 1. The first may be a D-SACK. */
  sackSeq: Float64Array
  /** Of a SYN, and of nothing else: which options it has, the largest segment it takes, the scale of its windows. */
  synOptions: Uint8Array
  synMss: Uint16Array
  synScale: Uint8Array
  /** For the queue that the frame is in; also the free list. */
  next: Int32Array
  /** Frames in use. */
  inUse = 0
  /** Frames ever made and ever freed, by whom does not matter: their difference is `inUse`. */
  allocated = 0
  freed = 0
  readonly frameOps: FrameOps
  /** Sockets that connect over the network, by `endKey`: whoever accepts finds the content of the stream there. */
  readonly connecting = new Map<number, object>()
  #free = NO_FRAME
  #capacity: number

  constructor(capacity = 1024) {
    this.#capacity = capacity
    this.bytes = new Int32Array(capacity)
    this.proto = new Uint16Array(capacity)
    this.src = new Int32Array(capacity)
    this.dst = new Int32Array(capacity)
    this.sport = new Int32Array(capacity)
    this.port = new Int32Array(capacity)
    this.seq = new Float64Array(capacity)
    this.ack = new Float64Array(capacity)
    this.wnd = new Int32Array(capacity)
    this.len = new Int32Array(capacity)
    this.flags = new Uint16Array(capacity)
    this.tsval = new Float64Array(capacity)
    this.tsecr = new Float64Array(capacity)
    this.sackBlocks = new Uint8Array(capacity)
    this.sackSeq = new Float64Array(capacity * SACK_STRIDE)
    this.synOptions = new Uint8Array(capacity)
    this.synMss = new Uint16Array(capacity)
    this.synScale = new Uint8Array(capacity)
    this.next = new Int32Array(capacity)
    this.#link(0)
    this.frameOps = {
      bytes: (frame) => this.bytes[frame],
      destination: (frame) => this.dst[frame],
      copy: (frame) => this.copy(frame),
      mark: (frame) => this.#mark(frame),
      drop: (frame) => this.free(frame)
    }
  }

  /** A frame whose fields still have to be written, but for SACK blocks: it has none. Never fails: wires have no memory of their own. */
  alloc(): number {
    if (this.#free < 0) this.#grow()
    const frame = this.#free
    this.#free = this.next[frame]
    this.next[frame] = NO_FRAME
    this.sackBlocks[frame] = 0
    this.inUse++
    this.allocated++
    return frame
  }

  /** A frame of background traffic: `len` bytes of payload behind 28 bytes of IP and UDP header. */
  datagram(src: number, dst: number, port: number, len: number, proto = IPPROTO_UDP): number {
    const frame = this.alloc()
    this.bytes[frame] = len + 28
    this.proto[frame] = proto
    this.src[frame] = src
    this.dst[frame] = dst
    this.sport[frame] = 0
    this.port[frame] = port
    this.seq[frame] = 0
    this.ack[frame] = 0
    this.wnd[frame] = 0
    this.len[frame] = len
    this.flags[frame] = 0
    return frame
  }

  /** A RST, with `bytes` of header; without `ack` it acknowledges nothing. */
  reset(bytes: number, src: number, sport: number, dst: number, port: number, seq: number, ack: number | null): number {
    const frame = this.alloc()
    this.bytes[frame] = bytes
    this.proto[frame] = IPPROTO_TCP
    this.src[frame] = src
    this.dst[frame] = dst
    this.sport[frame] = sport
    this.port[frame] = port
    this.seq[frame] = seq
    this.ack[frame] = ack ?? 0
    this.wnd[frame] = 0
    this.len[frame] = 0
    this.flags[frame] = ack === null ? TCPHDR_RST : TCPHDR_RST | TCPHDR_ACK
    this.tsval[frame] = 0
    this.tsecr[frame] = 0
    return frame
  }

  /** A frame with the fields of `from`. */
  copy(from: number): number {
    const frame = this.alloc()
    this.bytes[frame] = this.bytes[from]
    this.proto[frame] = this.proto[from]
    this.src[frame] = this.src[from]
    this.dst[frame] = this.dst[from]
    this.sport[frame] = this.sport[from]
    this.port[frame] = this.port[from]
    this.seq[frame] = this.seq[from]
    this.ack[frame] = this.ack[from]
    this.wnd[frame] = this.wnd[from]
    this.len[frame] = this.len[from]
    this.flags[frame] = this.flags[from]
    this.tsval[frame] = this.tsval[from]
    this.tsecr[frame] = this.tsecr[from]
    this.sackBlocks[frame] = this.sackBlocks[from]
    if (this.sackBlocks[from] > 0) {
      this.sackSeq.copyWithin(frame * SACK_STRIDE, from * SACK_STRIDE, (from + 1) * SACK_STRIDE)
    }
    if ((this.flags[from] & TCPHDR_SYN) !== 0) {
      this.synOptions[frame] = this.synOptions[from]
      this.synMss[frame] = this.synMss[from]
      this.synScale[frame] = this.synScale[from]
    }
    return frame
  }

  #mark(frame: number): boolean {
    if ((this.flags[frame] & INET_ECN_ECT) === 0) return false
    this.flags[frame] |= INET_ECN_CE
    return true
  }

  free(frame: number): void {
    assert(this.next[frame] === NO_FRAME, "freeing a frame that is free or still queued")
    this.next[frame] = this.#free < 0 ? -2 : this.#free
    this.#free = frame
    this.inUse--
    this.freed++
  }

  /** The free list and the frames in use add up. */
  checkInvariants(): void {
    let free = 0
    for (let frame = this.#free; frame >= 0; frame = this.next[frame]) free++
    assert(free + this.inUse === this.#capacity, "frames leaked")
    assert(this.allocated - this.freed === this.inUse, "frame counters disagree")
  }

  /** Puts the rows from `first` on the free list; the last of the list is marked −2 so that it differs from "in use". */
  #link(first: number): void {
    for (let frame = first; frame < this.#capacity; frame++) {
      this.next[frame] = frame + 1 < this.#capacity ? frame + 1 : -2
    }
    this.#free = first
  }

  #grow(): void {
    const first = this.#capacity
    this.#capacity *= 2
    const n = this.#capacity
    const wider = <A extends Int32Array | Uint16Array | Uint8Array | Float64Array>(column: A, to: A): A => {
      to.set(column)
      return to
    }
    this.bytes = wider(this.bytes, new Int32Array(n))
    this.proto = wider(this.proto, new Uint16Array(n))
    this.src = wider(this.src, new Int32Array(n))
    this.dst = wider(this.dst, new Int32Array(n))
    this.sport = wider(this.sport, new Int32Array(n))
    this.port = wider(this.port, new Int32Array(n))
    this.seq = wider(this.seq, new Float64Array(n))
    this.ack = wider(this.ack, new Float64Array(n))
    this.wnd = wider(this.wnd, new Int32Array(n))
    this.len = wider(this.len, new Int32Array(n))
    this.flags = wider(this.flags, new Uint16Array(n))
    this.tsval = wider(this.tsval, new Float64Array(n))
    this.tsecr = wider(this.tsecr, new Float64Array(n))
    this.sackBlocks = wider(this.sackBlocks, new Uint8Array(n))
    this.sackSeq = wider(this.sackSeq, new Float64Array(n * SACK_STRIDE))
    this.synOptions = wider(this.synOptions, new Uint8Array(n))
    this.synMss = wider(this.synMss, new Uint16Array(n))
    this.synScale = wider(this.synScale, new Uint8Array(n))
    this.next = wider(this.next, new Int32Array(n))
    this.#link(first)
  }
}
