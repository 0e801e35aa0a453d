// What follows a fault: which clients stood still, until when, and what they lost.
//
// Clients that a fault concerns are followed from its beginning until it has ended, all of them make progress again, and each has
// its connections to servers. Where nbd-client does not connect again, that is to the end of the run. A client counts as stalled
// when it made no progress for the scenario's `watchdog.stall`; the time that it stood still is counted from its last progress.
// Of two faults that overlap, both count what happened to a client meanwhile. Failed reads and writes, lost swap, and programs
// that die of these, count to the end of the run, because only faults cause them. Times are those of the watchdog's looks, 100 ms
// apart.
import type { Nanoseconds } from "@swaplab/sim"
import type { ClientRun } from "./client-run.ts"
import { connectionsOf } from "./connection.ts"
import type { FaultAftermath } from "./fault-result.ts"
import { figuresOf, type MachineFigures } from "./machine-figures.ts"

/** What a client can lose; counted from the beginning of a fault. */
const FIGURES = {
  ioErrors: (_, { readErrors, writeErrors }) => readErrors + writeErrors,
  lostSwap: (_, { lostSwap }) => lostSwap.length,
  sigbus: ({ measured }) => measured.exits.filter((exit) => exit === "sigbus").length,
  oomKills: (_, { oomKills }) => oomKills,
  lockups: ({ lockup }) => lockup === null ? 0 : 1,
  timeouts: ({ client: { connection } }) =>
    connectionsOf(connection).reduce((sum, { ends }) => sum + ends.reduce((n, of) => n + of.timeouts, 0), 0),
  disconnects: (_, { disconnects }) => disconnects,
  reconnects: (_, { reconnects }) => reconnects,
  reboots: ({ client: { power } }) => power.boots - 1
} as const satisfies Record<string, (run: ClientRun, figures: MachineFigures) => number>

type Figure = keyof typeof FIGURES

const NAMES = Object.keys(FIGURES) as ReadonlyArray<Figure>

/** Of these only faults are the cause. */
const TO_THE_END = ["ioErrors", "lostSwap", "sigbus"] as const satisfies ReadonlyArray<Figure>

/** What makes the difference to a client that came through unharmed. */
const HARM = ["lostSwap", "sigbus", "oomKills", "lockups", "reboots"] as const satisfies ReadonlyArray<Figure>

/** A device of it has lost its connection. */
const unconnected = ({ client: { machine } }: ClientRun): boolean =>
  [machine.nbdLink, machine.rootNbd?.link].some((link) => link !== null && link !== undefined && link.lostAtNs >= 0)

/** One client. */
interface Followed {
  readonly run: ClientRun
  readonly before: Readonly<Record<Figure, number>>
  stalled: boolean
  /** Time that it stood still, and its last progress before the stall under way. */
  stillNs: Nanoseconds
  stillSince: Nanoseconds
  /** When it was seen to go on after its last stall; null: it stands still. */
  backNs: Nanoseconds | null
}

const countsOf = (run: ClientRun): Record<Figure, number> => {
  const figures = figuresOf(run.client)
  return Object.fromEntries(NAMES.map((name) => [name, FIGURES[name](run, figures)])) as Record<Figure, number>
}

/** What followed one fault. */
export class Aftermath {
  readonly #clients: ReadonlyArray<Followed>
  readonly #beganNs: Nanoseconds
  /** Figures at the end of the following; null while it is followed. */
  #after: ReadonlyArray<Readonly<Record<Figure, number>>> | null = null

  #longestFaultNs: Nanoseconds = 0
  readonly #onFault = (ns: Nanoseconds): void => {
    if (ns > this.#longestFaultNs) this.#longestFaultNs = ns
  }

  /** `runs` are the clients that it concerns. */
  constructor(runs: ReadonlyArray<ClientRun>, beganNs: Nanoseconds) {
    for (const { faultListeners } of runs) faultListeners.add(this.#onFault)
    this.#beganNs = beganNs
    this.#clients = runs.map((run) => ({
      run,
      before: countsOf(run),
      stalled: false,
      stillNs: 0,
      stillSince: -1,
      backNs: null
    }))
  }

  concerns(run: ClientRun): boolean {
    return this.#clients.some((client) => client.run === run)
  }

  /** Looks at every client. True: all go on, or have nothing to do any more. */
  look(ended: boolean): boolean {
    let all = true
    for (const client of this.#clients) {
      const { run } = client
      const { lastTouch, stalled } = run.watchdog
      if (run.started && !run.done && (!run.client.power.booted || stalled)) {
        client.stalled = true
        client.backNs = null
        if (client.stillSince < 0) client.stillSince = Math.max(this.#beganNs, lastTouch)
        all = false
        continue
      }
      if (client.stillSince >= 0) {
        // who is done, or has locked up, stands still until somebody takes its power away
        const until = run.done ? run.client.machine.sim.now : lastTouch
        client.stillNs += Math.max(0, until - client.stillSince)
        client.stillSince = -1
        if (!run.locked) client.backNs = until
      }
      if (unconnected(run)) all = false
    }
    if (all && ended) {
      this.#after = this.#clients.map(({ run }) => countsOf(run))
      for (const { run } of this.#clients) run.faultListeners.delete(this.#onFault)
    }
    return all
  }

  result(): FaultAftermath {
    const now = this.#clients.map(({ run }) => countsOf(run))
    const settled = this.#after ?? now
    const after = now.map((counts, i) => ({
      ...settled[i],
      ...Object.fromEntries(TO_THE_END.map((figure) => [figure, counts[figure]]))
    }))
    const sum = (figure: Figure): number =>
      this.#clients.reduce((total, { before }, i) => total + after[i][figure] - before[figure], 0)
    const stalled = this.#clients.filter((client) => client.stalled)
    const notBack = stalled.filter(({ backNs }) => backNs === null).length
    return {
      clients: this.#clients.length,
      stalled: stalled.length,
      notBack,
      unharmed:
        this.#clients.filter(({ backNs, before, stalled: stood }, i) =>
          HARM.every((figure) => after[i][figure] === before[figure]) && !(stood && backNs === null)
        ).length,
      longestFaultNs: this.#longestFaultNs,
      stillNs: this.#clients.reduce(
        (total, { run, stillNs, stillSince }) =>
          total + stillNs + (stillSince < 0 ? 0 : run.client.machine.sim.now - stillSince),
        0
      ),
      // of those that came back, the last one
      backAfterNs: stalled.length === notBack
        ? null
        : Math.max(...stalled.map(({ backNs }) => (backNs ?? this.#beganNs) - this.#beganNs)),
      ...Object.fromEntries(NAMES.map((name) => [name, sum(name)])) as Record<Figure, number>
    }
  }
}
