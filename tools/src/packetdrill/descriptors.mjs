// @ts-check
// The file descriptors of the program that a script plays: sockets that are new, that listen, or that have a connection.
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./machine.mjs").Machine} Machine */
/** @typedef {any} Socket a TcpSocket of the model */

/** How a call of the program ends: what it returns, and the name of the error number with −1. */
/** @typedef {{ result: number, errno: string | null }} Outcome */

/** @type {(result: number) => Outcome} */
export const returns = (result) => ({ result, errno: null })
/** @type {(errno: string) => Outcome} */
export const fails = (errno) => ({ result: -1, errno })

/** Error numbers of the model by their names. source: include/asm-generic/errno.h, errno-base.h */
const ERRNO = /** @type {const} */ ([
  ["EINTR", 4],
  ["EPIPE", 32],
  ["ECONNRESET", 104],
  ["ENOBUFS", 105],
  ["ETIMEDOUT", 110],
  ["ECONNREFUSED", 111]
])

/** What a function of the model returned: a count, or a negative error number. @param {number} value @returns {Outcome} */
export const outcomeOf = (value) =>
  value >= 0 ? returns(value) : fails(ERRNO.find(([, number]) => number === -value)?.[0] ?? `error ${-value}`)

/** One open descriptor. */
export class Descriptor {
  nonBlocking = false
  /**
   * SO_SNDBUF and SO_RCVBUF double what they are given: null as long as the kernel chooses.
   * @type {{ sndbuf: number | null, rcvbuf: number | null }}
   */
  buffers = { sndbuf: null, rcvbuf: null }
  /** Other options of the sockets to come: those of the model's `TcpOptions`. @type {Record<string, boolean | number>} */
  given = {}
  /** It has a connection, or is getting one. @type {Socket | null} */
  socket = null
  /** It listens. @type {any} */
  listener = null
  /** Connections that nobody has accepted yet, and the queue of those who wait for one. @type {Array<Socket>} */
  waiting = []
  /** @type {any} */
  arrivals = null
  /** The error of a connect that did not wait (SO_ERROR). @type {string | null} */
  connectError = null

  /** What a socket of the model is made with. @param {Machine} machine @param {string} name */
  options(machine, name) {
    const { buffers: { rcvbuf, sndbuf }, given } = this
    return {
      name,
      freeBufferPages: machine.freePages,
      // the model counts what a segment takes beside the time stamp
      mss: machine.mss - machine.model.TCPOLEN_TSTAMP_ALIGNED,
      tso: false,
      ...given,
      ...(sndbuf === null ? {} : { sndbuf }),
      ...(rcvbuf === null ? {} : { rcvbuf })
    }
  }
}

/** All descriptors of a run; those before 3 are the program's own. */
export class Descriptors {
  /** @type {Map<number, Descriptor>} */
  #open = new Map()

  /** The lowest free number, as the kernel gives it. @param {Descriptor} descriptor */
  add(descriptor) {
    let fd = 3
    while (this.#open.has(fd)) fd++
    this.#open.set(fd, descriptor)
    return fd
  }

  /** @param {number} fd */
  get(fd) {
    return this.#open.get(fd) ?? null
  }

  /** @param {number} fd */
  remove(fd) {
    this.#open.delete(fd)
  }
}

/**
 * The whole number among a call's arguments at this position.
 * @param {import("./calls.mjs").Call} call
 * @param {number} i
 * @param {import("./cursor.mjs").Place} place
 */
export const numberAt = (call, i, place) => {
  const argument = call.args[i]
  if (typeof argument === "number") return argument
  throw new NotSupported(place, `${call.name} without a number as argument ${i + 1}`)
}

/**
 * The names among a call's arguments at this position; 0 is no name.
 * @param {import("./calls.mjs").Call} call
 * @param {number} i
 * @returns {ReadonlyArray<string>}
 */
export const namesAt = (call, i) => {
  const argument = call.args[i]
  return argument !== null && typeof argument === "object" && "names" in argument ? argument.names : []
}
