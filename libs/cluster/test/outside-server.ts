// A server outside of the simulation for tests: it answers after a fixed time, and can forget, damage, refuse and go away.
import { ClusterRun, type ClusterRunOptions, type RunResult, type Scenario, withGateway } from "@swaplab/cluster"
import { Command } from "@swaplab/nbd"
import {
  BLANK_ANSWER,
  type RemoteAnswer,
  RemoteEvent,
  type RemoteRequest,
  type RemoteServer
} from "@swaplab/server-model"

const PAGE = 4096
const REPLY_NS = 200_000

export class OutsideServer implements RemoteServer {
  readonly coming: Array<RemoteAnswer> = []
  nowNs = 0
  /** Which write it does not perform although it says so; which read it damages. */
  forgets = (_write: number): boolean => false
  damages = (_read: number): boolean => false
  /** Which write it performs and never answers. */
  leavesOff = (_write: number): boolean => false
  /** It takes no connections, and has none. */
  down = false
  writes = 0
  reads = 0
  readonly #pages = new Map<string, Uint8Array>()
  readonly #sessions = new Map<number, string>()

  open(session: number, client: string): void {
    if (this.down) return this.#say({ event: RemoteEvent.Refused, session, why: "nobody listens there" })
    this.#sessions.set(session, client)
    this.#say({ event: RemoteEvent.Opened, session })
  }

  ask({ atNs, cookie, length, offset, session, tokens, type }: RemoteRequest): void {
    this.nowNs = Math.max(this.nowNs, atNs)
    const client = this.#sessions.get(session)
    if (client === undefined) return
    const at = (i: number): string => `${client} ${offset / PAGE + i}`
    const reply = { event: RemoteEvent.Replied, session, cookie, type }
    if (type === Command.Write) {
      const write = this.writes++
      const forgets = this.forgets(write)
      for (let i = 0; i < length / PAGE; i++) if (!forgets) this.#pages.set(at(i), tokens.slice(8 * i, 8 * i + 8))
      return this.leavesOff(write) ? undefined : this.#say(reply)
    }
    const read = new Uint8Array(length / PAGE * 8)
    for (let i = 0; i < length / PAGE; i++) read.set(this.#pages.get(at(i)) ?? new Uint8Array(8), 8 * i)
    this.#say({ ...reply, tokens: read, damaged: this.damages(this.reads++) ? [0] : [] })
  }

  /** What it holds of a page; null: nothing. */
  held(client: string, page: number): Uint8Array | null {
    return this.#pages.get(`${client} ${page}`) ?? null
  }

  close(session: number): void {
    this.#sessions.delete(session)
  }

  /** kill -9: every connection ends, what was asked for gets no answer; `memory`: what it held is gone, too. */
  kill(memory: boolean): void {
    this.down = true
    this.coming.length = 0
    for (const session of this.#sessions.keys()) this.#say({ event: RemoteEvent.Lost, session, why: "killed" })
    this.#sessions.clear()
    if (memory) this.#pages.clear()
  }

  #say(what: Partial<RemoteAnswer> & Pick<RemoteAnswer, "event" | "session">): void {
    this.coming.push({ ...BLANK_ANSWER, latencyNs: REPLY_NS, atNs: this.nowNs + REPLY_NS, ...what })
  }
}

/** Something that a test does at a time. */
export type Step = readonly [atNs: number, what: () => void]

/** Runs a scenario against such a server. */
export const runOutside = (
  scenario: Scenario,
  kernel: string,
  server: OutsideServer,
  steps: ReadonlyArray<Step> = [],
  options: ClusterRunOptions = {},
  ended: (run: ClusterRun) => void = () => {}
): RunResult => {
  const run = new ClusterRun(scenario, kernel, 1, { ...options, remote: server })
  const left = [...steps]
  for (;;) {
    const next = Math.min(server.coming[0]?.atNs ?? Number.POSITIVE_INFINITY, left[0]?.[0] ?? Number.POSITIVE_INFINITY)
    const until = Math.max(run.now + 1, Math.min(next, run.now + 50_000))
    if (run.advance(until) === "ended") break
    server.nowNs = run.now
    while (left[0] !== undefined && left[0][0] <= run.now) left.shift()?.[1]()
    while (server.coming[0] !== undefined && server.coming[0].atNs <= run.now) {
      run.gateway.take(server.coming.shift() as RemoteAnswer)
    }
  }
  run.checkInvariants()
  ended(run)
  return withGateway(run, run.result("timeout", 0), FACTS, false)
}

export const FACTS = {
  server: "nbd://test",
  replayed: false,
  behindMaxNs: 0,
  heldNs: 0,
  cpuWaitNs: 25e6,
  finalPass: null
}
