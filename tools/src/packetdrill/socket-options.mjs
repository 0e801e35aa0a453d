// @ts-check
// setsockopt and getsockopt of a script.
import { NotSupported } from "./cursor.mjs"
import { namesAt, returns } from "./descriptors.mjs"

/** @typedef {import("./system-calls.mjs").SystemCall} SystemCall */
/** @typedef {import("./descriptors.mjs").Descriptor} Descriptor */
/** @typedef {(on: Descriptor, value: number, context: import("./system-calls.mjs").Context) => void} Setter */

/** Bounds of a buffer's size. source: include/net/sock.h:SOCK_MIN_RCVBUF; net/core/sock.c:SK_WMEM_MAX, SK_RMEM_MAX */
const SMALLEST = 2048
const LARGEST = 212_992

/** The kernel takes twice as much as it is asked for, because its own structures count. @param {number} value */
const bufferOf = (value) => Math.max(2 * Math.min(value, LARGEST), SMALLEST)

/** source: include/net/tcp.h:TCP_NAGLE_OFF, TCP_NAGLE_CORK, TCP_NAGLE_PUSH */
const NAGLE_OFF = 1
const NAGLE_CORK = 2
const NAGLE_PUSH = 4

/**
 * Before there is a connection: its socket is made with it.
 * @type {(set: (on: Descriptor, value: number) => void) => Setter}
 */
const early = (set) => (on, value, { call, place }) => {
  if (on.socket !== null) throw new NotSupported(place, `${namesAt(call, 2)[0]} after the connection has begun`)
  set(on, value)
}

/** Nanoseconds. */
const SECOND = 1_000_000_000
const MILLISECOND = 1_000_000

/**
 * A field of the socket, also of one that is still to be made; `unit` of it is 1 in the call.
 * @type {(field: string, unit: number, tell?: (machine: import("./machine.mjs").Machine, socket: any, value: number) => void) => Setter}
 */
const lasting = (field, unit, tell) => (on, value, { machine }) => {
  on.given[field] = value * unit
  if (on.socket === null) return
  on.socket[field] = value * unit
  tell?.(machine, on.socket, value * unit)
}

/**
 * What each option does. source: net/core/sock.c:sock_setsockopt; net/ipv4/tcp.c:do_tcp_setsockopt
 * @type {Readonly<Record<string, Setter>>}
 */
const SETTERS = {
  SO_REUSEADDR: () => {},
  SO_RCVBUF: early((on, value) => {
    on.buffers.rcvbuf = bufferOf(value)
  }),
  SO_SNDBUF: early((on, value) => {
    on.buffers.sndbuf = bufferOf(value)
  }),
  SO_KEEPALIVE: (on, value, { machine }) => {
    on.given.keepAlive = value !== 0
    if (on.socket !== null) machine.model.setKeepalive(on.socket, value !== 0)
  },
  TCP_KEEPIDLE: lasting("keepIdle", SECOND, ({ model }, socket, ns) => model.setKeepIdle(socket, ns)),
  TCP_KEEPINTVL: lasting("keepIntvl", SECOND),
  TCP_KEEPCNT: lasting("keepProbes", 1),
  TCP_USER_TIMEOUT: lasting("userTimeout", MILLISECOND),
  TCP_CORK: (on, value, { machine, place, task }) => {
    if (on.socket === null) throw new NotSupported(place, "TCP_CORK before there is a connection")
    const { nonagle } = on.socket
    on.socket.nonagle = value === 0 ? nonagle & ~NAGLE_CORK : nonagle | NAGLE_CORK
    if (value === 0) {
      const push = (on.socket.nonagle & NAGLE_OFF) === 0 ? 0 : NAGLE_PUSH
      machine.model.pushPendingFrames(on.socket, task, on.socket.nonagle | push)
    }
  },
  TCP_NODELAY: (on, value, { machine, task }) => {
    on.given.noDelay = value !== 0
    if (on.socket === null) return
    on.socket.nonagle = value === 0 ? on.socket.nonagle & ~NAGLE_OFF : on.socket.nonagle | NAGLE_OFF
    if (value !== 0) machine.model.pushPendingFrames(on.socket, task, NAGLE_PUSH | NAGLE_OFF)
  }
}

/** @type {SystemCall} */
export const setsockopt = function*(context, on) {
  const { call, place } = context
  const [name = "a number"] = namesAt(call, 2)
  const set = SETTERS[name]
  const given = call.args[3]
  const value = Array.isArray(given) ? given[0] : given
  if (set === undefined || typeof value !== "number") throw new NotSupported(place, `setsockopt with ${name}`)
  set(on, value, context)
  return returns(0)
}

/** SO_ERROR: the list in the call says what must be found. @type {SystemCall} */
export const getsockopt = function*({ call, place }, on) {
  const [name = "a number"] = namesAt(call, 2)
  const given = call.args[3]
  const wanted = Array.isArray(given) ? given[0] : given
  if (name !== "SO_ERROR") throw new NotSupported(place, `getsockopt with ${name}`)
  const found = on.connectError
  on.connectError = null
  const named = typeof wanted === "object" && wanted !== null && "names" in wanted ? wanted.names[0] : null
  if (typeof wanted === "number" && wanted !== 0) throw new NotSupported(place, "SO_ERROR with a number other than 0")
  return found === named ? returns(0) : { result: 0, errno: `with SO_ERROR ${found ?? 0}` }
}
