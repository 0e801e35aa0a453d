// Two machines, one that listens and one that connects over the network.
import { servicePort } from "@swaplab/net-skb"
import { connectOver, TcpListener, type TcpOptions, TcpSocket } from "@swaplab/tcp"
import { expect } from "vitest"
import { ToyNetwork, type ToyTask } from "./toy.ts"

export const S = 1e9
export const PORT = servicePort(10809)

/** A network, a listener on `b`, and a socket of `a` that wants to connect. */
export class Rig {
  readonly net: ToyNetwork
  readonly listener: TcpListener
  readonly socket: TcpSocket
  readonly accepted: Array<TcpSocket> = []
  /** Who asks. */
  expected: TcpSocket
  /** Flags and times of TCP frames without data that `a` sent. */
  readonly sent: Array<{ readonly atNs: number; readonly flags: number }> = []
  result: number | null = null
  resultAt = -1

  /** `tcp`: options of the sockets at both ends. */
  constructor(tcp: Partial<TcpOptions> = {}) {
    this.net = new ToyNetwork({ hz: 250 })
    const { ab, packets, sim } = this.net
    this.socket = new TcpSocket(this.net.a.stack, { name: "asks", freeBufferPages: 500_000, noDelay: true, ...tcp })
    this.expected = this.socket
    this.listener = new TcpListener(this.net.b.stack, PORT, {
      options: () => ({ name: "serves", freeBufferPages: 500_000, noDelay: true, ...tcp }),
      accept: (socket, peer) => {
        expect(peer).toBe(this.expected)
        this.accepted.push(socket)
      }
    })
    ab.onFrame = (frame) => {
      this.sent.push({ atNs: sim.now, flags: packets.flags[frame] })
      return true
    }
  }

  connect(): ToyTask {
    return this.net.spawn("client", (task) => this.#connect(task))
  }

  *#connect(task: Parameters<typeof connectOver>[1]) {
    this.result = yield* connectOver(this.socket, task, 1, PORT)
    this.resultAt = this.net.sim.now
  }

  runUntil(ns: number): void {
    this.net.sim.run(ns)
  }

  seconds(flags: number): ReadonlyArray<number> {
    return this.sent.filter((frame) => frame.flags === flags).map(({ atNs }) => Math.round(atNs / S))
  }
}
