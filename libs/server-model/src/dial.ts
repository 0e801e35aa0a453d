// nbd-client asks the server for a connection.
// Modelled: one attempt: socket, connect, handshake of NBD.
// Not modelled: the start of the program, looking up the name of the server. When it tries again is a matter of the client.
// What that costs: an attempt is some milliseconds shorter than a real one.
// source: nbd-client.c:opennet, negotiate
import { EPIPE, type Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { connectOver, letGo } from "@swaplab/tcp"
import type { ServerConnection } from "./connection.ts"
import { NBD_PORT, type NbdService } from "./nbd-service.ts"
import { askNegotiation } from "./negotiation.ts"

/** One attempt. 0: the connection has a new session; or a negative errno. */
export function* dial(service: NbdService, task: Task, connection: ServerConnection): Sleeps<number> {
  const socket = connection.spare ?? connection.newSocket()
  connection.spare = null
  service.dialling.set(socket, connection)
  const error = yield* connectOver(socket, task, service.net.host, NBD_PORT)
  if (error !== 0) {
    connection.spare = socket
    return error
  }
  if (yield* askNegotiation(task, socket, connection.served)) return 0
  letGo(socket, task)
  return -EPIPE
}
