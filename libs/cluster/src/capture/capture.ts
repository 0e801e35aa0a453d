// A recorder at cables of a cluster: every frame as the bytes that it would have on a real one. Off, it costs nothing: the run is
// made again with the recorder on, and is the same run.
//
// Modelled: Ethernet, IPv4 and TCP headers with checksums, options and scaled windows; payload of the streams; ECN; UDP.
// Not modelled: what the simulation does not have: payload of datagrams and of other protocols is zeroes. Addresses are made up:
//   10.x.y.z is the host's number plus 1, NBD servers answer at port 10809, the other port of a connection is its socket's number
//   from 32768 on. Sequence numbers begin at 0 with the SYN. Connections that exist from the boot on have neither SYN nor negotiation.
// A frame is recorded when the machine hands it to the cable, or has received it: as tcpdump on that machine sees it, but for what a
// card cuts and puts together (TSO, GRO), which here is on the wire already.
import { type EndPoint, otherFrame, tcpFrame, udpFrame } from "@swaplab/formats"
import { type Link, TapEvent } from "@swaplab/lan"
import {
  endKey,
  INET_ECN_CE,
  INET_ECN_ECT,
  IPPROTO_TCP,
  IPPROTO_UDP,
  type NetStack,
  type Packets,
  TCPHDR_ACK,
  TCPHDR_SYN
} from "@swaplab/net-skb"
import { TcpSocket } from "@swaplab/tcp"
import type { Cluster } from "../run/topology.ts"
import { StreamHistory } from "./stream-history.ts"
import { optionsOf, sequence } from "./tcp-options.ts"

/** Takes a frame, at a simulated time. */
export type FrameSink = (atNs: number, bytes: Uint8Array) => void

/** The number of a service's socket is this plus its port. */
const SERVICES = 2 ** 30
const NBD_PORT = 10809
const FIRST_EPHEMERAL = 32_768
const EPHEMERAL_PORTS = 28_232

/** What is known of one end of a connection. */
interface End {
  readonly history: StreamHistory
  /** Of its windows, kept after its socket has gone. */
  scale: number
}

/** The names of the cables of a cluster that can be recorded: `client-1/eth0`, `server/eth1`, and uplinks by their names. */
export const cableNamesOf = ({ network, stations }: Cluster): ReadonlyArray<string> => [
  ...stations.flatMap(({ name, ports }) => ports.map((_, i) => `${name}/eth${i}`)),
  ...network.switches.flatMap(({ uplink }) => uplink.map(({ name }) => name))
]

/** A cable by its name: the direction that leaves the machine, or the lower switch, and the one that reaches it. */
const cableCalled = ({ network, stations }: Cluster, wanted: string): { up: Link; down: Link } | undefined => {
  for (const { name, ports } of stations) {
    const found = ports.findIndex((_, i) => `${name}/eth${i}` === wanted)
    if (found >= 0) return ports[found]
  }
  return network.switches.flatMap(({ uplink }) => uplink).find(({ name }) => name === wanted)
}

/** Records a cable from now on. False: there is no such cable. */
export const recordCable = (cluster: Cluster, name: string, sink: FrameSink): boolean => {
  const cable = cableCalled(cluster, name)
  if (cable === undefined) return false
  const recorder = new Recorder(cluster, sink)
  cable.up.tap((frame, event) => {
    if (event === TapEvent.Sent) recorder.frame(frame)
  })
  cable.down.tap((frame, event) => {
    if (event === TapEvent.Delivered) recorder.frame(frame)
  })
  return true
}

class Recorder {
  readonly #cluster: Cluster
  readonly #packets: Packets
  readonly #sink: FrameSink
  /** Machines that have booted, by their hosts; another boot has another stack. */
  readonly #stations = new Map<number, Cluster["stations"][number]>()
  readonly #ends = new Map<number, End>()
  /** Clients' ends of connections with nbd-server. */
  readonly #nbd = new Set<number>()
  readonly #ids = new Map<number, number>()

  constructor(cluster: Cluster, sink: FrameSink) {
    this.#cluster = cluster
    this.#packets = cluster.packets
    this.#sink = sink
    for (const { connection } of cluster.clients) {
      for (const device of [connection.swap, connection.root]) {
        if (device === null) continue
        const { port, stack } = device.clientSocket
        this.#nbd.add(endKey(stack.host, port))
      }
    }
  }

  frame(frame: number): void {
    this.#sink(this.#cluster.sim.now, this.#bytes(frame))
  }

  #bytes(frame: number): Uint8Array {
    const { bytes, dst, flags, len, port, proto, seq, sport, src, ack } = this.#packets
    const host = src[frame]
    const own = sport[frame]
    const peer = dst[frame]
    const theirs = port[frame]
    if (theirs === SERVICES + NBD_PORT) this.#nbd.add(endKey(host, own))
    const from = endPoint(host, this.#portOf(own, endKey(peer, theirs)))
    const to = endPoint(peer, this.#portOf(theirs, endKey(host, own)))
    const id = (this.#ids.get(host) ?? 0) + 1
    this.#ids.set(host, id)
    if (proto[frame] === IPPROTO_UDP) return udpFrame(from, to, id, len[frame])
    if (proto[frame] !== IPPROTO_TCP) return otherFrame(from, to, proto[frame], bytes[frame])
    const end = this.#endOf(host, own)
    const payload = new Uint8Array(len[frame])
    if (payload.length > 0) end.history.fill(payload, seq[frame])
    const set = flags[frame]
    const ecn = (set & INET_ECN_CE) !== 0 ? 3 : (set & INET_ECN_ECT) !== 0 ? 2 : 0
    const scale = (set & TCPHDR_SYN) !== 0 ? 0 : end.scale
    return tcpFrame(from, to, id, ecn, {
      seq: sequence(seq[frame]),
      ack: (set & TCPHDR_ACK) !== 0 ? sequence(ack[frame]) : 0,
      flags: set & 0xff,
      window: Math.min(0xffff, this.#packets.wnd[frame] >> scale),
      options: optionsOf(this.#packets, frame, this.#cluster.sim.tickNs)
    }, payload)
  }

  /** The real number of a port: that of a service, or one for a socket. */
  #portOf(socket: number, peer: number): number {
    if (socket >= SERVICES) return socket - SERVICES
    return this.#nbd.has(peer) ? NBD_PORT : FIRST_EPHEMERAL + socket % EPHEMERAL_PORTS
  }

  #endOf(host: number, port: number): End {
    const key = endKey(host, port)
    let end = this.#ends.get(key)
    if (end === undefined) {
      end = { history: new StreamHistory(), scale: 0 }
      this.#ends.set(key, end)
    }
    const socket = this.#stackOf(host)?.socket(port)
    if (socket instanceof TcpSocket) {
      end.scale = socket.rcvWscale
      end.history.follow(socket)
    }
    return end
  }

  #stackOf(host: number): NetStack | null {
    let station = this.#stations.get(host)
    if (station === undefined) {
      station = this.#cluster.stations.find(({ net }) => net?.host === host)
      if (station === undefined) return null
      this.#stations.set(host, station)
    }
    return station.net
  }
}

const endPoint = (host: number, port: number): EndPoint => {
  const number = host + 1
  const low = [number >>> 16 & 255, number >>> 8 & 255, number & 255]
  // a locally administered address
  return { mac: [0x02, 0, 0, ...low], ip: [10, ...low], port }
}
