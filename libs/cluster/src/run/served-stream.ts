// A connection of a client to its server that is not NBD, but files or films that the same machine serves.
//
//   stands → one end has gone: the server lost its power, or an end has sent in vain for longer than TCP tries
//          → the other end goes → as soon as the server has power the client is told, and opens another connection
//
// Modelled: it leaves through the port of the server like replies of NBD, and takes turns with them at its card and link. The
//   server is a service of its own: a restart of nbd-server does not touch it.
// Not modelled: the server's CPU time, page cache and disk for it; the handshake of the connection; how the end that sends
//   nothing learns that the other is gone (a request that NFS sends again after 60 s, keep-alive).
// What that costs: after a power cut it stands again at once, where a reader may take a minute to notice.
import { bootContext, ECONNRESET, type Task } from "@swaplab/page-alloc"
import { SERVER_BUFFER_PAGES } from "@swaplab/server-model"
import type { Sleeps } from "@swaplab/sim"
import { connectTcp, letGo, TcpSocket } from "@swaplab/tcp"
import type { Client } from "./client.ts"

/** Opens it; `program` runs on the server. Returns the client's end. See `LanEnd.serve`. */
export const serveStream = (
  client: Client,
  name: string,
  program: (task: Task, socket: TcpSocket) => Sleeps<void>,
  lost: () => void
): TcpSocket => {
  const { machine, servers: [server], sockets } = client
  const near = new TcpSocket(machine.net, {
    name: `${machine.name} ${name}`,
    freeBufferPages: machine.pages.presentPages
  })
  const far = new TcpSocket(server.machine.net, {
    name: `${server.name} ${machine.name} ${name}`,
    freeBufferPages: SERVER_BUFFER_PAGES
  })
  connectTcp(near, far)
  sockets.push(near)
  /** Of a client that has lost its power nobody is there any more. */
  const present = (): boolean => client.power.on && client.machine === machine
  let stands = true
  near.onState = far.onState = () => {
    if (!stands || !present()) return
    stands = false
    for (const end of [near, far]) end.die(bootContext(), ECONNRESET)
    server.machine.whenPowered(() => {
      if (present()) lost()
    })
  }
  server.machine.host.start(`${name} of ${machine.name}`, function*(task) {
    yield* program(task, far)
    letGo(far, task)
  })
  return near
}
