// The gateway: stands at the place of a server in the LAN, ends its clients' TCP, and has each of their connections carried to a
// server outside of the simulation.
//
//   the client connects → opening → open → requests go out, answers come in → the client goes: closed
//                            ↓ refused ↓ lost: requests get no answer, the client's connection ends as when a server dies
//
// Modelled: nothing of the server's time: what it does is its own, and takes the time that it takes there. CPU time of the
//   gateway itself: none. A connection that the server refuses is accepted by the gateway and then closed, as a proxy does it.
// Not modelled: TCP between the gateway and the server; option haggling as the client sees it is that of the model.
// What that costs: a client of a server that is down sees its connections end instead of being refused; the time between the
//   gateway and the server, loopback or a real LAN, is part of the server's latency.
import { TOKEN_BYTES } from "@swaplab/nbd"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { EventKind, Sim } from "@swaplab/sim"
import type { SwapServer } from "../swap-server.ts"
import type { Lie, LieKind } from "./contents-check.ts"
import { RemoteExport, RemoteSession } from "./remote-export.ts"
import { type RemoteAnswer, RemoteEvent, type RemoteServer } from "./remote-server.ts"
import { ServerTrace } from "./server-trace.ts"

/** Lies that are kept one by one; all are counted. */
const MAX_LIES = 1000

/** A server that takes so long is slow. */
const SLOW_NS = 10e6

/** An answer was not to a question of this run: the trace belongs to another one. */
class NotAsked extends Error {}

const equal = (a: Uint8Array, b: Uint8Array): boolean => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** One server outside, and all connections to it. */
export class Gateway {
  readonly sim: Sim
  readonly remote: RemoteServer
  readonly exports: Array<RemoteExport> = []
  readonly trace = new ServerTrace()
  /** Pages that came back wrong: the first ones, and how many there were by their kinds. */
  readonly lies: Array<Lie> = []
  readonly lieCounts = new Map<LieKind, number>()
  /** Pages that were gone when a connection had been made again. */
  lostPages = 0
  /** Connections that stood, that the server refused, and that were lost. */
  opened = 0
  refused = 0
  lost = 0
  /** Replies with an error, and replies for which the server took 10 ms and more. */
  errors = 0
  slow = 0
  readonly #server: SwapServer
  readonly #sessions: Array<RemoteSession> = []
  /** Answers that were taken and have not happened yet, by row. */
  readonly #coming = new Map<number, RemoteAnswer>()
  readonly #kind: EventKind

  constructor(sim: Sim, group: number, server: SwapServer, remote: RemoteServer) {
    this.sim = sim
    this.remote = remote
    this.#server = server
    this.#kind = sim.queue.register((row) => this.#happen(row), { group })
  }

  /** The swap export of a client. */
  addExport(client: string, bytes: number): RemoteExport {
    const served = new RemoteExport(this, this.#server.place(client, bytes), bytes / PAGE_SIZE)
    this.#server.swaps.push(served)
    this.exports.push(served)
    return served
  }

  /** A connection to the export. */
  open(served: RemoteExport): RemoteSession {
    const session = new RemoteSession(this, this.#sessions.length, served)
    this.#sessions.push(session)
    this.remote.open(session.id, served.info.name)
    return session
  }

  /**
   * Takes an answer of the server, between two steps of the run. It happens at its time, or now if that is over. So that a trace
   * can say where, the run goes on by at least a nanosecond from step to step, and to the end of the step.
   */
  take(answer: RemoteAnswer): void {
    const { now, queue } = this.sim
    const row = this.trace.push(now, answer)
    this.#coming.set(row, answer)
    queue.at(Math.max(now, answer.atNs), this.#kind, row)
  }

  /** Requests without an answer. */
  get waiting(): number {
    return this.#sessions.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /** The run is over: the server may or may not perform what it has not answered. The contents are looked at only after this. */
  leftOff(): void {
    for (const session of this.#sessions) session.leftOff()
  }

  /** What a READ has brought: compares it with what must be there. */
  see(served: RemoteExport, page: number, answer: RemoteAnswer, row: number, into: Uint8Array): void {
    const { check } = served
    check.expected(page, into.length / TOKEN_BYTES, into)
    if (answer.tokens === null) return
    if (answer.damaged.length === 0 && equal(answer.tokens, into)) return
    this.trace.deviations.push({ row, tokens: answer.tokens, damaged: answer.damaged })
    const { lies, lost } = check.look(page, answer.tokens, answer.damaged, into)
    this.lostPages += lost
    for (const [wrong, kind] of lies) this.lie({ kind, client: check.client, page: wrong, atNs: this.sim.now })
  }

  /** Notes a page that came back wrong. */
  lie(lie: Lie): void {
    this.lieCounts.set(lie.kind, (this.lieCounts.get(lie.kind) ?? 0) + 1)
    if (this.lies.length < MAX_LIES) this.lies.push(lie)
  }

  #happen(row: number): void {
    const answer = this.#coming.get(row)
    this.#coming.delete(row)
    const session = answer === undefined ? undefined : this.#sessions[answer.session]
    if (answer === undefined || session === undefined) {
      throw new NotAsked(`answer ${row} of the trace is to no request of this run`)
    }
    switch (answer.event) {
      case RemoteEvent.Opened:
        this.opened++
        return session.opened()
      case RemoteEvent.Replied:
        if (answer.error !== 0) this.errors++
        if (answer.latencyNs >= SLOW_NS) this.slow++
        if (!session.replied(answer, row)) throw new NotAsked(`answer ${row} of the trace is to no request of this run`)
        return
      case RemoteEvent.Refused:
        this.refused++
        return session.lost()
      default:
        this.#lost(session, answer.why)
    }
  }

  #lost(session: RemoteSession, why: string): void {
    this.lost++
    const { life } = this.#server
    life.happened({ atNs: this.sim.now, what: `connection of ${session.served.info.name} lost: ${why}`, pagesLost: 0 })
    session.served.check.connectionLost(life.events.length)
    session.lost()
  }
}
