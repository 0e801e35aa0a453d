// The receiving side of netperf: processes that read whatever arrives. What other hosts send to a socket without one of these
// stays in its receive buffer.
// Modelled: a process per socket that sleeps until something arrives and copies it out.
// Not modelled: the control connection, requests and responses (TCP_RR), the sending side on the client.
// source: netperf's netserver (UDP_STREAM, TCP_STREAM)
import type { Machine } from "@swaplab/kernel"
import { DatagramSocket } from "@swaplab/net-skb"
import type { Context, PageToken } from "@swaplab/page-alloc"
import { WaitQueue } from "@swaplab/sim"
import type { TcpSocket } from "@swaplab/tcp"
import { Load, startDaemon } from "./load.ts"

/** recvmsg for one datagram. */
const SYSCALL_NS = 800
const KIB_PER_PAGE = 4

/** A datagram socket that says when something has come. */
class ReadSocket extends DatagramSocket {
  readonly arrived: WaitQueue

  constructor(machine: Machine, name: string) {
    super(machine.net, machine.net.udpMemory)
    this.arrived = new WaitQueue(machine.sim, `${name} sk_sleep`, "a datagram")
  }

  override rcv(ctx: Context, skb: number): void {
    super.rcv(ctx, skb)
    if (this.queued > 0) this.arrived.wakeOne()
  }
}

/** Starts a reader of datagrams; `done` counts them. Send to the port of `socket`. */
export const startUdpReader = (machine: Machine): { readonly load: Load; readonly socket: DatagramSocket } => {
  const load = new Load("netperf UDP_STREAM", "datagrams")
  const socket = new ReadSocket(machine, "netserver")
  startDaemon(machine, "netserver", function*(task) {
    for (;;) {
      while (socket.queued === 0) yield* socket.arrived.sleep(task, "interruptible")
      const count = socket.drain(task)
      load.done += count
      task.ns += count * (SYSCALL_NS + machine.costs.perKiBNs)
      yield* task.condResched()
    }
  })
  return { load, socket }
}

/** Starts a reader of a connection over which pages come; `done` counts KiB. */
export const startTcpReader = (machine: Machine, socket: TcpSocket): Load => {
  const load = new Load("netperf TCP_STREAM", "KiB")
  const page: PageToken = { tokenWriter: 0, tokenVersion: 0 }
  startDaemon(machine, "netserver", function*(task) {
    while ((yield* socket.recvPage(task, page)) > 0) {
      load.done += KIB_PER_PAGE
      yield* task.condResched()
    }
  })
  return load
}
