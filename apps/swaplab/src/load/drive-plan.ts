// Sends the requests of a plan to a server at their times, whatever the server does: an open loop, so that a server that is slow
// is not asked less. Everything is read back at the end.
import { LatencyHistogram, type RequestPlan } from "@swaplab/cluster"
import { Command, TOKEN_BLOCK } from "@swaplab/nbd"
import type { Lie } from "@swaplab/server-model"
import { randomBytes } from "node:crypto"
import { performance } from "node:perf_hooks"
import type { NbdUri } from "../real-server/nbd-uri.ts"
import { openExport } from "../real-server/open-export.ts"
import type { Place } from "../real-server/real-server.ts"
import { LoadClient, type LoadEar } from "./load-client.ts"

/** A timer of Node is late by up to a millisecond: what is due sooner is waited for by asking again and again. */
const TIMER_NS = 2e6
/** Requests between two looks at the sockets. */
const BURST = 64
/** Pages of a READ of the last pass. */
const PASS_PAGES = 32
/** A server that answers nothing for so long after the last request is not waited for. */
const PATIENCE_NS = 30e9

/** What came of a plan. */
export interface Driven {
  /** From the first request to the last answer. */
  readonly elapsedNs: number
  readonly read: LatencyHistogram
  readonly write: LatencyHistogram
  readonly readBytes: number
  readonly writeBytes: number
  readonly errors: number
  /** How late requests were sent that nothing held: the generator's own error. */
  readonly late: LatencyHistogram
  /** How long requests were held that had to wait for the server. */
  readonly held: LatencyHistogram
  /** Requests of the plan that were sent. */
  readonly sent: number
  readonly lies: ReadonlyArray<Lie>
  readonly losses: ReadonlyArray<string>
  readonly broken: boolean
  /** Pages that were read back at the end. */
  readonly passPages: number
}

/** Drives one plan. */
class Drive implements LoadEar {
  readonly read = new LatencyHistogram()
  readonly write = new LatencyHistogram()
  readonly late = new LatencyHistogram()
  readonly held = new LatencyHistogram()
  readonly lies: Array<Lie> = []
  readonly losses: Array<string> = []
  broken = false
  errors = 0
  readBytes = 0
  writeBytes = 0
  sent = 0
  clients: ReadonlyArray<LoadClient> = []
  lastNs = 0
  measures = true
  readonly #plan: RequestPlan
  readonly #stop: () => boolean
  #began = 0
  /** Requests that are held, by client, as their places in the plan; and since when a due one could have gone. */
  readonly #queues: Array<Array<number>>
  #next = 0

  constructor(plan: RequestPlan, stop: () => boolean) {
    this.#plan = plan
    this.#stop = stop
    this.#queues = plan.clients.map(() => [])
  }

  now = (): number => Math.floor((performance.now() - this.#began) * 1e6)

  answered = (
    { length, type }: { readonly length: number; readonly type: number },
    error: number,
    ns: number
  ): void => {
    if (error !== 0) this.errors++
    if (!this.measures || error !== 0) return
    this.lastNs = this.now()
    const latency = Math.max(0, ns)
    if (type === Command.Read) {
      this.read.record(latency)
      this.readBytes += length
    } else {
      this.write.record(latency)
      this.writeBytes += length
    }
  }

  lie = (lie: Lie): void => {
    this.lies.push(lie)
  }

  lost = (client: string, why: string, broken: boolean): void => {
    this.losses.push(`${client}: ${why}`)
    this.broken ||= broken
  }

  /** Sends everything at its time; resolves when all is answered. */
  async run(): Promise<void> {
    const { atNs } = this.#plan
    this.#began = performance.now()
    for (;;) {
      const now = this.now()
      for (let n = 0; n < BURST && this.#next < atNs.length && (atNs[this.#next] ?? 0) <= now; n++) {
        this.#due(this.#next++, now)
      }
      this.#release()
      for (const client of this.clients) client.flush()
      const waiting = this.#queues.some((queue) => queue.length > 0) ||
        this.clients.some(({ inFlight }) => inFlight > 0)
      const ended = this.#next === atNs.length
      if (ended && (!waiting || this.now() - Math.max(this.lastNs, atNs.at(-1) ?? 0) > PATIENCE_NS)) return
      if (this.#stop() || this.clients.every(({ over }) => over)) return
      const waitNs = ended ? TIMER_NS : (atNs[this.#next] ?? 0) - this.now()
      await (waitNs < TIMER_NS || waiting ? soon() : after(Math.floor((waitNs - TIMER_NS) / 1e6) + 1))
    }
  }

  #due(i: number, now: number): void {
    const { atNs, client, length, offset, type } = this.#plan
    const number = client[i] ?? 0
    const to = this.clients[number]
    const queue = this.#queues[number]
    if (to === undefined || queue === undefined || to.over) return
    const [page, pages] = [(offset[i] ?? 0) / TOKEN_BLOCK, (length[i] ?? 0) / TOKEN_BLOCK]
    if (queue.length > 0 || !to.maySend(page, pages)) {
      queue.push(i)
      return
    }
    this.late.record(Math.max(0, now - (atNs[i] ?? 0)))
    this.sent++
    to.send(type[i] ?? 0, page, pages, now)
  }

  /** Sends what is held and may go. */
  #release(): void {
    const { atNs, length, offset, type } = this.#plan
    for (const [number, queue] of this.#queues.entries()) {
      const to = this.clients[number]
      if (to === undefined || queue.length === 0) continue
      if (to.over) queue.length = 0
      let done = 0
      for (const i of queue) {
        const [page, pages] = [(offset[i] ?? 0) / TOKEN_BLOCK, (length[i] ?? 0) / TOKEN_BLOCK]
        if (!to.maySend(page, pages)) break
        const now = this.now()
        this.held.record(Math.max(0, now - (atNs[i] ?? 0)))
        this.sent++
        to.send(type[i] ?? 0, page, pages, now)
        done++
      }
      queue.splice(0, done)
    }
  }

  /** Reads back everything that is held; returns how many pages. */
  async pass(): Promise<number> {
    let total = 0
    for (const client of this.clients) {
      if (client.over) continue
      const { now } = client.check
      for (let page = 0; page < now.pages && !client.over;) {
        if (now.isHole(page) || now.missing(page, 1) === 1) {
          page++
          continue
        }
        let pages = 1
        while (pages < PASS_PAGES && page + pages < now.pages && now.missing(page + pages, 1) === 0) pages++
        while (!client.maySend(page, pages) && !client.over) await soon()
        client.send(Command.Read, page, pages, this.now())
        client.flush()
        total += pages
        page += pages
      }
    }
    while (this.clients.some(({ inFlight }) => inFlight > 0)) await soon()
    return total
  }
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends a plan to a server. `checked`: what is read must be what was written. Rejects where a connection cannot be made. */
export const drivePlan = async (
  plan: RequestPlan,
  uri: NbdUri,
  places: ReadonlyArray<Place>,
  checked: boolean,
  stop: () => boolean = () => false
): Promise<Driven> => {
  const drive = new Drive(plan, stop)
  const random = randomBytes(8)
  const salt = { hi: random.readUInt32BE(0), lo: random.readUInt32BE(4) }
  const clients: Array<LoadClient> = []
  for (const [number, place] of places.entries()) {
    const opened = await openExport(uri, place.name)
    clients.push(new LoadClient(place.client, number, opened, place, salt, drive, checked))
  }
  drive.clients = clients
  await drive.run()
  const { errors, held, late, lastNs: elapsedNs, read, readBytes, sent, write, writeBytes } = drive
  // the pass is no part of what is measured
  drive.measures = false
  const passPages = checked ? await drive.pass() : 0
  for (const client of clients) client.close()
  const { broken, lies, losses } = drive
  return { read, write, elapsedNs, readBytes, writeBytes, errors, late, held, sent, lies, losses, broken, passPages }
}
