// A datagram socket with a process that reads it.
// Modelled: the process sleeps until something arrives, and copies everything out that is there.
// Not modelled: what it does with the data.
import { DATAGRAM_RCVBUF, DatagramSocket } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { WaitQueue } from "@swaplab/sim"
import type { ClientPort, WorkloadHost } from "../plug-in/host.ts"

/** recvmsg for one datagram. */
const SYSCALL_NS = 800

/** A datagram socket that says when something has come. */
class ReadSocket extends DatagramSocket {
  readonly arrived: WaitQueue

  constructor({ net, sim }: Pick<ClientPort, "net" | "sim">, name: string, rcvbuf: number) {
    super(net, net.udpMemory, rcvbuf)
    this.arrived = new WaitQueue(sim, `${name} sk_sleep`, "a datagram")
  }

  override rcv(ctx: Context, skb: number): void {
    super.rcv(ctx, skb)
    if (this.queued > 0) this.arrived.wakeOne()
  }
}

/**
 * Opens a socket and starts the process `comm` that reads it. `read` is told how many datagrams it has copied out. It ends when
 * it is killed, and its end closes the socket.
 */
export const readDatagrams = (
  { client, daemon }: Pick<WorkloadHost, "client" | "daemon">,
  comm: string,
  read: (count: number) => void,
  rcvbuf = DATAGRAM_RCVBUF
): DatagramSocket => {
  const socket = new ReadSocket(client, comm, rcvbuf)
  daemon(comm, function*(task) {
    for (;;) {
      while (socket.queued === 0 && !task.killed) yield* socket.arrived.sleep(task, "interruptible")
      if (task.killed) return socket.close(task)
      const count = socket.drain(task)
      read(count)
      task.ns += count * (SYSCALL_NS + client.costs.perKiBNs)
      yield* task.condResched()
    }
  })
  return socket
}
