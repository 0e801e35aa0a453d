// A connection whose peer is the test: it sends segments by hand and sees what the client puts on the wire, as packetdrill
// does. Nothing of what the client sends arrives anywhere.
import { TCP_HEADER_BYTES, TCPHDR_ACK } from "@swaplab/net-skb"
import { ToyNetwork, type ToyOptions } from "./toy.ts"

export const MS = 1_000_000

export interface Seen {
  readonly at: number
  readonly seq: number
  readonly len: number
  readonly ack: number
  readonly flags: number
}

export interface Segment {
  readonly seq?: number
  readonly len?: number
  readonly ack?: number
  readonly wnd?: number
  readonly flags?: number
  /** The client's time stamp that this segment echoes. */
  readonly echo?: number
}

export class Script {
  readonly net: ToyNetwork
  #seen: Array<Seen> = []

  constructor(options: ToyOptions = {}) {
    this.net = new ToyNetwork(options)
    const { packets, sim } = this.net
    this.net.ab.onFrame = (f) => {
      const [seq, len, ack, flags] = [packets.seq[f], packets.len[f], packets.ack[f], packets.flags[f]]
      this.#seen.push({ at: sim.now, seq, len, ack, flags })
      return false
    }
  }

  get client() {
    return this.net.client
  }

  /** Lets `ns` pass. */
  pass(ns: number): void {
    this.net.spawn("time", function*(task) {
      yield* task.process.hold(ns)
    })
    this.net.sim.run(this.net.sim.now + ns)
    this.client.checkInvariants()
  }

  /** A segment arrives, and the client deals with it. */
  segment({ ack, echo, flags = TCPHDR_ACK, len = 0, seq, wnd = 1 << 20 }: Segment = {}): void {
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
