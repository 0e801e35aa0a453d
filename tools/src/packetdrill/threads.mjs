// @ts-check
// The program of a script: its system calls, each in a thread of its own, and whether each returns when and as the script says.
import { formatCall, formatResult } from "./calls.mjs"
import { Descriptors } from "./descriptors.mjs"
import { Failure } from "./failure.mjs"
import { systemCall } from "./system-calls.mjs"
import { seconds } from "./times.mjs"

/** @typedef {import("./calls.mjs").Call} Call */
/** @typedef {import("./cursor.mjs").Place} Place */
/**
 * A call under way, or one that has returned: `outcome` at `at`. It should return at `end`.
 * @typedef {{ place: Place, call: Call, end: number, at: number,
 *   outcome: import("./descriptors.mjs").Outcome | null }} Thread
 */

export class Threads {
  /** The connection that was made or accepted last. @type {any} */
  socket = null
  #descriptors = new Descriptors()
  /** Calls that sleep. @type {Array<Thread>} */
  #sleepers = []

  /**
   * @param {import("./machine.mjs").Machine} machine
   * @param {import("./settings.mjs").Settings} settings
   */
  constructor(machine, { toleranceNs }) {
    this.machine = machine
    this.toleranceNs = toleranceNs
  }

  /**
   * Makes a call. It must return at once when `end` is null, otherwise then.
   * @param {Place} place
   * @param {Call} call
   * @param {number | null} end
   */
  call(place, call, end) {
    const { machine } = this
    /** @type {Thread} */
    const thread = { place, call, end: end ?? machine.now, at: 0, outcome: null }
    const background = (/** @type {(task: any) => Generator<any, void, any>} */ body) => this.#spawn("background", body)
    const connected = (/** @type {any} */ socket) => {
      this.socket = socket
    }
    const context = { machine, descriptors: this.#descriptors, call, place, background, connected }
    this.#spawn(call.name, function*(task) {
      thread.outcome = yield* systemCall({ ...context, task })
      thread.at = machine.now
    })
    machine.pass(machine.now)
    if (end === null) this.#returned(thread)
    else this.#sleepers.push(thread)
  }

  /** Looks at the calls that must have returned by `time`. @param {number} time */
  settle(time) {
    const { machine, toleranceNs } = this
    const due = this.#sleepers.filter(({ end }) => end + toleranceNs < time)
    this.#sleepers = this.#sleepers.filter((thread) => !due.includes(thread))
    for (const thread of due) {
      if (thread.end + toleranceNs > machine.now) machine.pass(thread.end + toleranceNs)
      this.#returned(thread)
    }
  }

  /** @param {Thread} thread */
  #returned({ at, call, end, outcome, place }) {
    const expected = `${seconds(end)} ${formatCall(call)}`
    if (outcome === null) throw new Failure(place, "the call sleeps", expected, null)
    const got = `${seconds(at)} ${formatCall({ ...call, ...outcome })}`
    if (call.result !== null && formatResult(call) !== formatResult(outcome)) {
      throw new Failure(place, "the result differs", expected, got)
    }
    if (Math.abs(at - end) > this.toleranceNs) throw new Failure(place, "time differs", expected, got)
  }

  /**
   * @param {string} name
   * @param {(task: any) => Generator<any, void, any>} body
   */
  #spawn(name, body) {
    const { model: { Effect, Process }, sim } = this.machine
    const process = new Process(sim, name)
    const state = { flags: 0, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }
    const task = { ...state, process, *condResched() {} }
    sim.spawn(process, Effect.gen(() => body(task)))
  }
}
