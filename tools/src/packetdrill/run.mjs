// @ts-check
// Runs a script: goes through its events in virtual time, and ends with a verdict (failure.mjs).
import { OPERATORS } from "./code.mjs"
import { differences, gathered, line, window } from "./compare.mjs"
import { NotSupported } from "./cursor.mjs"
import { Failure, PASSED, verdictOf } from "./failure.mjs"
import { Machine } from "./machine.mjs"
import { optionsOf, refuseOptions } from "./options.mjs"
import { settingsOf } from "./settings.mjs"
import { sysctlsOf } from "./sysctls.mjs"
import { TCP_INFO } from "./tcp-info.mjs"
import { Threads } from "./threads.mjs"
import { seconds } from "./times.mjs"

/** @typedef {import("./script.mjs").Event} Event */
/** @typedef {import("./script.mjs").Script} Script */

/** So long a packet may take that may come at any time. */
const ANY_TIME = 3600_000_000_000

class Run {
  /**
   * @param {import("./model.mjs").Model} model
   * @param {Script} script
   */
  constructor(model, script) {
    const settings = settingsOf(script.options)
    const stamps = script.events.flatMap(({ action }) => action.kind === "out" ? [optionsOf(action.packet).stamp] : [])
    const firstStamp = stamps.find((stamp) => stamp !== null)?.val ?? 0
    this.events = script.events
    this.toleranceNs = settings.toleranceNs
    this.machine = new Machine(
      model,
      settings.mss,
      sysctlsOf(script.path, script.events, model.NET_SYSCTLS),
      firstStamp
    )
    this.threads = new Threads(this.machine, settings)
  }

  run() {
    for (const event of this.events) {
      const { time } = event
      const base = time.kind === "relative" ? this.machine.now : 0
      const from = base + time.from
      if (event.action.kind === "out") {
        this.#outgoing(event, event.action.packet, from, time.kind === "any" ? Infinity : base + time.to)
        continue
      }
      this.threads.settle(from)
      this.#waitUntil(event, from)
      this.#act(event, time.end === null ? null : base + time.end)
    }
    this.threads.settle(Infinity)
  }

  /**
   * @param {Event} event
   * @param {number | null} end when a call that sleeps returns
   */
  #act({ action, place }, end) {
    if (action.kind === "in") this.machine.receive(action.packet)
    else if (action.kind === "code") { for (const assertion of action.assertions) this.#assert(assertion) }
    else if (action.kind === "call") this.threads.call(place, action.call, end)
  }

  /**
   * @param {Event} event
   * @param {number} from
   */
  #waitUntil({ place }, from) {
    if (this.machine.now - from > this.toleranceNs) {
      throw new Failure(place, `its time is over: it is ${seconds(this.machine.now)} already`, null, null)
    }
    if (from > this.machine.now) this.machine.pass(from)
  }

  /**
   * A packet must leave.
   * @param {Event} event
   * @param {import("./packets.mjs").Packet} packet
   * @param {number} from
   * @param {number} to
   */
  #outgoing({ place }, packet, from, to) {
    const { machine, toleranceNs } = this
    const expected = line(window(from, to), packet)
    const found = machine.next(Math.max(machine.now, to === Infinity ? machine.now + ANY_TIME : to + toleranceNs))
    if (found === null) throw new Failure(place, "no packet has left", expected, null)
    const got = gathered(found.packet, packet, machine.sent)
    const wrong = [
      ...differences(packet, got),
      ...(found.at < from - toleranceNs || found.at > to + toleranceNs ? ["time"] : [])
    ]
    if (wrong.length === 0) return
    const reason = `${wrong.join(", ")} differ${wrong.length === 1 ? "s" : ""}`
    throw new Failure(place, reason, expected, line(seconds(found.at), got))
  }

  /** @param {import("./code.mjs").Assertion} assertion */
  #assert({ place, terms, text }) {
    const { socket } = this.threads
    if (socket === null) throw new NotSupported(place, "an assertion without a connection")
    for (const { name, operator, value } of terms) {
      const field = TCP_INFO[name]
      if (field === undefined) throw new NotSupported(place, `${name} of tcp_info`)
      const found = field(socket)
      if (!OPERATORS[operator](found, value)) {
        throw new Failure(place, "the assertion is wrong", text, `${name} == ${found}`)
      }
    }
  }
}

/**
 * Runs a script on a machine of its own.
 * @type {(model: import("./model.mjs").Model, script: Script) => import("./failure.mjs").Verdict}
 */
export const runScript = (model, script) => {
  try {
    if (script.refused !== null) throw script.refused
    for (const event of script.events) refuseOptions(event)
    new Run(model, script).run()
    return PASSED
  } catch (error) {
    return verdictOf(error)
  }
}
