// @ts-check
// poll(2): which of some descriptors are ready, now or after a while.
// Modelled: what tcp_poll says of a socket that listens, of one that connects, and of one that has a connection: data or a FIN to
// read, room to write for a third of what waits to be sent, an error, both ends closed.
// Not modelled: urgent data (POLLPRI), SO_RCVLOWAT, TCP_NOTSENT_LOWAT. A poll that sleeps looks again with each tick of 1 ms, so that
// it returns up to that late.
// source: net/ipv4/tcp.c:tcp_poll (v3.5), include/net/sock.h:sk_stream_wspace
import { NotSupported } from "./cursor.mjs"
import { fails, numberAt, returns } from "./descriptors.mjs"

/** @typedef {import("./descriptors.mjs").Descriptor} Descriptor */

const TICK_NS = 1_000_000

/** Bits that are told whether or not they were asked for. */
const ALWAYS = ["POLLERR", "POLLHUP", "POLLNVAL"]
const KNOWN = ["POLLIN", "POLLOUT", "POLLRDNORM", "POLLWRNORM", "POLLRDHUP", "POLLPRI", ...ALWAYS]

const READABLE = ["POLLIN", "POLLRDNORM"]
const WRITABLE = ["POLLOUT", "POLLWRNORM"]

/** What a descriptor is ready for. @param {Descriptor} on @param {any} model @returns {ReadonlyArray<string>} */
const ready = ({ listener, socket, waiting }, { TCP_CLOSE, TCP_SYN_RECV, TCP_SYN_SENT }) => {
  if (listener !== null) return waiting.length > 0 ? READABLE : []
  // a socket that nobody has connected is closed, and has room
  if (socket === null) return [...WRITABLE, "POLLHUP"]
  const { error, finReceived, readable, sndbuf, shutdownReceive, shutdownSend, state, wmemQueued } = socket
  const received = finReceived || shutdownReceive
  const connecting = state === TCP_SYN_SENT || state === TCP_SYN_RECV
  const room = shutdownSend || sndbuf - wmemQueued >= wmemQueued >> 1
  return [
    ...(error === 0 ? [] : ["POLLERR"]),
    ...((received && shutdownSend) || state === TCP_CLOSE ? ["POLLHUP"] : []),
    ...(received ? [...READABLE, "POLLRDHUP"] : !connecting && readable > 0 ? READABLE : []),
    ...(!connecting && room ? WRITABLE : [])
  ]
}

/** `{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}`. */
const POLLFD = /^\s*fd\s*=\s*(\d+)\s*,\s*events\s*=\s*([A-Z|0]+)\s*(?:,\s*revents\s*=\s*([A-Z|0]+)\s*)?$/

/** @param {string} names @returns {ReadonlyArray<string>} */
const bits = (names) => names === "0" ? [] : names.split("|")

/** @param {import("./system-calls.mjs").Context} context */
const asked = ({ call, descriptors, place }) => {
  const [list] = call.args
  if (!Array.isArray(list)) throw new NotSupported(place, "poll without a list of descriptors")
  return list.map((item) => {
    const [, fd, events = "0", revents = "0"] =
      POLLFD.exec(item !== null && item.struct !== undefined ? item.struct : "") ??
        []
    if (fd === undefined) throw new NotSupported(place, "poll of something else than {fd=…, events=…, revents=…}")
    const strange = [...bits(events), ...bits(revents)].find((name) => !KNOWN.includes(name))
    if (strange !== undefined) throw new NotSupported(place, `poll with ${strange}`)
    return { fd, on: descriptors.get(Number(fd)), events: bits(events), revents: bits(revents) }
  })
}

/**
 * Waits until one of them is ready, or for so many milliseconds; −1: for ever.
 * @param {import("./system-calls.mjs").Context} context
 * @returns {Generator<any, import("./descriptors.mjs").Outcome, any>}
 */
export const poll = function*(context) {
  const { call, machine, place, task } = context
  const wanted = asked(context)
  const timeout = numberAt(call, 2, place)
  const { model, sim } = machine
  const end = timeout < 0 ? Infinity : machine.now + timeout * TICK_NS
  const tick = new model.WaitQueue(sim, "poll", "a tick")
  for (;;) {
    const found = wanted.map(({ events, on }) =>
      on === null ? ["POLLNVAL"] : ready(on, model).filter((bit) => events.includes(bit) || ALWAYS.includes(bit))
    )
    const count = found.filter((of) => of.length > 0).length
    if (count > 0 || machine.now >= end) {
      const wrong = wanted.findIndex(({ revents }, i) =>
        KNOWN.some((bit) => revents.includes(bit) !== (found[i] ?? []).includes(bit))
      )
      return wrong < 0
        ? returns(count)
        : { result: count, errno: `with revents ${found[wrong]?.join("|") || "0"} of ${wanted[wrong]?.fd}` }
    }
    if (task.process.killed) return fails("EINTR")
    yield* tick.sleepTimeout(task.process, TICK_NS, "interruptible")
  }
}
