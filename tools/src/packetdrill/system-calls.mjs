// @ts-check
// The system calls of a script, as a program's thread makes them on sockets of the model.
// Each is a function* that may sleep. What it does on a descriptor that does not block is here too, because the model's sockets
// always wait.
// source: net/socket.c, net/ipv4/af_inet.c, net/ipv4/tcp.c
import { NotSupported } from "./cursor.mjs"
import { Descriptor, fails, namesAt, numberAt, outcomeOf, returns } from "./descriptors.mjs"
import { poll } from "./poll.mjs"
import { getsockopt, setsockopt } from "./socket-options.mjs"

/** @typedef {import("./descriptors.mjs").Outcome} Outcome */
/**
 * What a call works on. `place` is where the script makes it;
 * @typedef {{ machine: import("./machine.mjs").Machine, descriptors: import("./descriptors.mjs").Descriptors,
 *   call: import("./calls.mjs").Call, place: import("./cursor.mjs").Place, task: any,
 *   connected: (socket: any) => void, background: (body: (task: any) => Generator<any, void, any>) => void }} Context
 */
/** @typedef {(context: Context, on: Descriptor) => Generator<any, Outcome, any>} SystemCall */

/** Flags of send and recv that have a meaning here. */
const FLAGS = ["MSG_DONTWAIT", "MSG_MORE", "MSG_NOSIGNAL"]

/** @param {Context} context @returns {ReadonlyArray<string>} */
const flagsOf = ({ call, place }) => {
  const flags = namesAt(call, 3)
  const strange = flags.find((flag) => !FLAGS.includes(flag))
  if (strange !== undefined) throw new NotSupported(place, `${call.name} with ${strange}`)
  return flags
}

/** The socket of a descriptor that must have a connection. @param {Context} context @param {Descriptor} on */
const connection = ({ call, place }, on) => {
  if (on.socket === null) throw new NotSupported(place, `${call.name} of a socket without a connection`)
  return on.socket
}

/** @type {SystemCall} */
const listen = function*({ machine }, on) {
  const { TcpListener, WaitQueue } = machine.model
  on.arrivals = new WaitQueue(machine.sim, "accept", "a connection that stands")
  on.listener = new TcpListener(machine.stack, machine.service, {
    options: () => on.options(machine, "accepted"),
    accept: (/** @type {any} */ child) => {
      on.waiting.push(child)
      on.arrivals.wakeAll()
    }
  })
  on.listener.open()
  return returns(0)
}

/** @type {SystemCall} */
const accept = function*({ connected, descriptors, task }, on) {
  if (on.listener === null) return fails("EINVAL")
  while (on.waiting.length === 0) {
    if (on.nonBlocking) return fails("EAGAIN")
    yield* on.arrivals.sleep(task.process, "interruptible")
  }
  const child = new Descriptor()
  child.socket = on.waiting.shift()
  connected(child.socket)
  return returns(descriptors.add(child))
}

/** @type {SystemCall} */
const connect = function*({ background, connected, machine, place, task }, on) {
  if (on.socket !== null) throw new NotSupported(place, "a second connect of the same socket")
  const { connectOver, TcpSocket } = machine.model
  const socket = new TcpSocket(machine.stack, on.options(machine, "connecting"))
  socket.received = machine.peer.sent
  on.socket = socket
  machine.direct(socket.port)
  connected(socket)
  if (!on.nonBlocking) return outcomeOf(yield* connectOver(socket, task, machine.peerHost, machine.peer.port))
  background(function*(other) {
    on.connectError = outcomeOf(yield* connectOver(socket, other, machine.peerHost, machine.peer.port)).errno
  })
  return fails("EINPROGRESS")
}

/** @type {SystemCall} */
const send = function*(context, on) {
  const { call, place, task } = context
  const bytes = numberAt(call, 2, place)
  const flags = flagsOf(context)
  const socket = connection(context, on)
  if (on.nonBlocking || flags.includes("MSG_DONTWAIT")) {
    if (socket.wmemQueued + bytes + bytes / 2 >= socket.sndbuf) {
      throw new NotSupported(place, `${call.name} without blocking that may not find room for all`)
    }
  }
  return outcomeOf(yield* socket.sendBytes(task, new Uint8Array(bytes), flags.includes("MSG_MORE")))
}

/** @type {SystemCall} */
const receive = function*(context, on) {
  const { call, place, task } = context
  const flags = flagsOf(context)
  const socket = connection(context, on)
  const into = new Uint8Array(numberAt(call, 2, place))
  if (socket.readable === 0) {
    if (socket.error !== 0 && !socket.finReceived) return outcomeOf(-socket.takeError() || 0)
    if (socket.shutdownReceive) return returns(0)
    if (on.nonBlocking || flags.includes("MSG_DONTWAIT")) return fails("EAGAIN")
    // the model's reader waits for all that it asks for: it asks for the first byte
    const first = yield* socket.recvBytes(task, into.subarray(0, 1))
    if (first <= 0) return outcomeOf(first)
    return returns(1 + socket.tryRecvBytes(task, into, 1, into.length - 1))
  }
  return returns(socket.tryRecvBytes(task, into, 0, into.length))
}

/** @type {SystemCall} */
const close = function*({ call, descriptors, machine, place, task }, on) {
  descriptors.remove(numberAt(call, 0, place))
  if (on.listener !== null) on.listener.close(task)
  if (on.socket !== null) machine.model.letGo(on.socket, task)
  return returns(0)
}

/** @type {SystemCall} */
const shutdown = function*(context, on) {
  const { call, place } = context
  const [how] = namesAt(call, 1)
  const both = how === "SHUT_RDWR"
  if (!both && how !== "SHUT_WR") throw new NotSupported(place, `shutdown with ${how ?? "a number"}`)
  connection(context, on).shutdown(both)
  return returns(0)
}

/** Bytes that wait to be read, and bytes that are not acknowledged, a FIN among them. source: net/ipv4/tcp.c:tcp_ioctl */
const QUEUES = /** @type {Readonly<Record<string, (socket: any) => number>>} */ ({
  FIONREAD: (socket) => socket.readable,
  SIOCINQ: (socket) => socket.readable,
  SIOCOUTQ: (socket) => socket.writeSeq - socket.sndUna,
  TIOCOUTQ: (socket) => socket.writeSeq - socket.sndUna
})

/** @type {SystemCall} */
const ioctl = function*(context, on) {
  const { call, place } = context
  const [request = "a number"] = namesAt(call, 1)
  const queue = QUEUES[request]
  const given = call.args[2]
  const wanted = Array.isArray(given) ? given[0] : null
  if (queue === undefined || typeof wanted !== "number") throw new NotSupported(place, `ioctl with ${request}`)
  const found = queue(connection(context, on))
  return found === wanted ? returns(0) : { result: 0, errno: `with ${request} ${found}` }
}

/** Flags of an open file: O_RDWR, and with O_NONBLOCK. */
const O_RDWR = 2
const O_NONBLOCK = 0x800

/** @type {SystemCall} */
const fcntl = function*({ call, place }, on) {
  const [command] = namesAt(call, 1)
  if (command === "F_GETFL") return returns(on.nonBlocking ? O_RDWR | O_NONBLOCK : O_RDWR)
  if (command !== "F_SETFL") throw new NotSupported(place, `fcntl with ${command ?? "a number"}`)
  on.nonBlocking = namesAt(call, 2).includes("O_NONBLOCK")
  return returns(0)
}

/** Every call on a descriptor, by its name. @type {Readonly<Record<string, SystemCall>>} */
const CALLS = {
  accept,
  bind: function*() {
    return returns(0)
  },
  close,
  connect,
  fcntl,
  getsockopt,
  ioctl,
  listen,
  read: receive,
  recv: receive,
  send,
  setsockopt,
  shutdown,
  write: send
}

/** Makes the call. @param {Context} context @returns {Generator<any, Outcome, any>} */
export function* systemCall(context) {
  const { call, descriptors, place } = context
  if (call.name === "socket") {
    const [[type], [protocol]] = [namesAt(call, 1), namesAt(call, 2)]
    if (type === "SOCK_STREAM" && (protocol === "IPPROTO_TCP" || call.args[2] === 0)) {
      return returns(descriptors.add(new Descriptor()))
    }
    throw new NotSupported(place, "a socket of another protocol than TCP")
  }
  if (call.name === "poll") return yield* poll(context)
  const body = CALLS[call.name]
  if (body === undefined) throw new NotSupported(place, `the system call ${call.name}`)
  const on = descriptors.get(numberAt(call, 0, place))
  return on === null ? fails("EBADF") : yield* body(context, on)
}
