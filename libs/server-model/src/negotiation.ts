// How a connection begins once TCP stands: both sides of the fixed part of NBD's handshake.
// Modelled: the round trips and the bytes of the new style: the server greets (18 bytes), the client names the export (20 bytes
//   and the name), the server answers with size and flags (134 bytes). CPU time of the server: that of a small request.
// Not modelled: nobody looks at what the bytes say, because both sides know the export; access rules, TLS. The old style, one port
//   for each export, is one message of 152 bytes and a round trip less.
// What that costs: nothing that a client waits for, since a server that refuses an export is a mistake of whoever set it up.
// A client that waits here for a server whose machine has lost its power waits for ever, as nbd-client does: it has sent
// nothing that TCP could find lost, and reads without a limit of time.
// source: nbd's doc/proto.md; nbd-client.c:negotiate
import type { Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { TcpSocket } from "@swaplab/tcp"
import type { EmulatedExport } from "./exports.ts"

const GREETING_BYTES = 8 + 8 + 2
const ASKING_BYTES = 4 + 8 + 4 + 4
const ANSWER_BYTES = 8 + 2 + 124

const FIXED_NEWSTYLE = 1
const OPT_EXPORT_NAME = 1
const HAS_FLAGS = 1

const putText = (into: Uint8Array, at: number, text: string): void => {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i)
}

/** NBDMAGIC, IHAVEOPT and the handshake flags. */
const greetingOf = (): Uint8Array => {
  const out = new Uint8Array(GREETING_BYTES)
  putText(out, 0, "NBDMAGICIHAVEOPT")
  out[17] = FIXED_NEWSTYLE
  return out
}

/** The client's flags, and NBD_OPT_EXPORT_NAME with the name. */
const askingOf = (name: string): Uint8Array => {
  const out = new Uint8Array(ASKING_BYTES + name.length)
  out[3] = FIXED_NEWSTYLE
  putText(out, 4, "IHAVEOPT")
  out[15] = OPT_EXPORT_NAME
  new DataView(out.buffer).setUint32(16, name.length)
  putText(out, 20, name)
  return out
}

/** Size and transmission flags, then 124 zeroes. */
const answerOf = (size: number): Uint8Array => {
  const out = new Uint8Array(ANSWER_BYTES)
  const view = new DataView(out.buffer)
  view.setUint32(0, Math.floor(size / 2 ** 32))
  view.setUint32(4, size % 2 ** 32)
  out[9] = HAS_FLAGS
  return out
}

/** The server's side. False: the connection is over. */
export function* acceptNegotiation(task: Task, socket: TcpSocket, served: EmulatedExport): Sleeps<boolean> {
  yield* served.server.cpu.use(task, served.costs.otherNs)
  if ((yield* socket.sendBytes(task, greetingOf(), false)) <= 0) return false
  const asking = new Uint8Array(ASKING_BYTES + served.info.name.length)
  if ((yield* socket.recvBytes(task, asking)) !== asking.length) return false
  return (yield* socket.sendBytes(task, answerOf(served.info.size), false)) > 0
}

/** The client's side. False: the connection is over. */
export function* askNegotiation(task: Task, socket: TcpSocket, served: EmulatedExport): Sleeps<boolean> {
  const greeting = new Uint8Array(GREETING_BYTES)
  if ((yield* socket.recvBytes(task, greeting)) !== GREETING_BYTES) return false
  if ((yield* socket.sendBytes(task, askingOf(served.info.name), false)) <= 0) return false
  const answer = new Uint8Array(ANSWER_BYTES)
  return (yield* socket.recvBytes(task, answer)) === ANSWER_BYTES
}
