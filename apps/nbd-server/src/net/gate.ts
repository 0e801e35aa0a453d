// What a connection needs before it goes on, and what it then holds: room for requests in flight, the rates of its client
// and of its export, room in the quota, a turn with the processor, a slot at the disks. A request gets all of them or nothing but its place in
// the queues; `resume` is called when it is worth another try.
import { Command, CommandFlag, type Job, MAX_PAYLOAD, type Request } from "@swaplab/nbd"
import { performance } from "node:perf_hooks"
import type { SlotUser } from "../limits/disk-slots.ts"
import type { Lease } from "../limits/lease.ts"
import type { RateLimit } from "../limits/rate-limit.ts"
import { REQUEST_UNITS, type Resumable, TURN_UNITS } from "../limits/turns.ts"
import type { Client } from "./client.ts"
import type { Engine } from "./engine.ts"

/** Zeroes take work by their number, too, up to those of the compact protocol. */
const MAX_ZEROED = 2 ** 32

/** Stores take room in blocks of so many bytes at most. */
const BLOCK_BYTES = 65536

/** What of a connection its gate looks at. */
export interface GateOptions {
  readonly client: Client
  readonly engine: Engine
  readonly exportRate: RateLimit
  readonly usesDisk: boolean
  /** What its store takes counts for the quota. */
  readonly counted: boolean
  /** Requests of the connection may start again. */
  readonly resume: () => void
}

export class Gate implements Resumable, SlotUser {
  /** Memory of the requests that are with a store. */
  inFlightBytes = 0
  readonly #client: Client
  readonly #engine: Engine
  readonly #exportRate: RateLimit
  readonly #usesDisk: boolean
  /** Where a change finds its room; null: nowhere but in its store. */
  readonly #lease: Lease | null
  readonly #resume: () => void
  /** A disk slot that was granted and not used yet; a place in the queue for one. */
  #slot: "none" | "waiting" | "granted" = "none"
  /** Until the next request may start at the rate of its client or of its export. */
  #rateTimer: NodeJS.Timeout | null = null
  #inTurns = false
  /** It has been let read, and has paid in advance: the other connections of its client wait meanwhile. */
  #paidToRead = false
  /** What a request that is performed at once has paid, and since when it is; 0: there is none. */
  #promptUnits = 0
  #promptSinceMs = 0
  #open = true

  constructor(options: GateOptions) {
    this.#client = options.client
    this.#engine = options.engine
    this.#exportRate = options.exportRate
    this.#usesDisk = options.usesDisk
    this.#lease = options.counted ? options.engine.lease : null
    this.#resume = options.resume
  }

  get turnTaker() {
    return this.#client.turns
  }

  get fair() {
    return this.#client.disk
  }

  takeTurn(): void {
    this.#inTurns = false
    this.#resume()
  }

  granted(): void {
    this.#slot = "granted"
    if (!this.#open) this.#giveSlotBack()
    else setImmediate(this.#resume)
  }

  /**
   * True: the request has all that it needs, and starts. `inFlight`: requests of the connection that are with a store;
   * "prompt": this one is performed at once, and needs neither room in flight nor a slot at the disks.
   */
  tryStart(request: Request, apart: boolean, inFlight: number | "prompt"): boolean {
    const { length, type } = request
    // longer ones are refused
    const moved = type === Command.Read || type === Command.Write ? Math.min(length, MAX_PAYLOAD) : 0
    const cost = REQUEST_UNITS + (type === Command.WriteZeroes ? Math.min(length, MAX_ZEROED) : moved)
    const limited = this.#client.rate.limits || this.#exportRate.limits
    this.payForPrompt()
    const prompt = inFlight === "prompt"
    if ((!prompt && !this.#hasRoom(inFlight, cost)) || (limited && !this.#tryRate())) return false
    if (this.#lease !== null && !this.#tryLease(this.#lease, request)) return false
    if (!this.#tryTurn() || (!prompt && !this.#trySlot(cost))) return false
    const units = apart ? REQUEST_UNITS : cost
    this.#engine.turns.spend(this.turnTaker, units)
    if (prompt) {
      this.#engine.disk.seen(this)
      this.#promptUnits = units
      this.#promptSinceMs = this.#engine.turns.nowMs
    }
    if (limited) {
      this.#client.rate.take(moved)
      this.#exportRate.take(moved)
    }
    return true
  }

  /** True: it reads the rest of a payload, or what is thrown away; these take turns, too. */
  tryRead(): boolean {
    if (!this.#paidToRead && this.#tryTurn()) {
      this.#paidToRead = true
      this.#engine.turns.spend(this.turnTaker, TURN_UNITS)
    }
    return this.#paidToRead
  }

  /** What came costs so much. */
  payForRead(bytes: number): void {
    this.#engine.turns.spend(this.turnTaker, bytes - (this.#paidToRead ? TURN_UNITS : 0))
    this.#paidToRead = false
  }

  /** A request goes to its store: the slot is the job's now. */
  jobTaken(job: Job): void {
    this.inFlightBytes += job.bytes.length
    if (this.#usesDisk) this.#slot = "none"
  }

  jobDone(job: Job): void {
    this.inFlightBytes -= job.bytes.length
    if (this.#usesDisk) this.#engine.disk.free()
  }

  /** A request that was performed at once, if the last one was, is paid for by its time when that cost more than its bytes. */
  payForPrompt(): void {
    if (this.#promptUnits === 0) return
    this.#engine.turns.spendTime(this.turnTaker, this.#promptSinceMs, this.#promptUnits)
    this.#promptUnits = 0
  }

  /** Stops the clock of its rate: it is tried now. */
  stopWaiting(): void {
    if (this.#rateTimer !== null) clearTimeout(this.#rateTimer)
    this.#rateTimer = null
  }

  /** After a round of requests: a slot that none of them used goes to somebody else. */
  giveUnusedSlotBack(): void {
    if (this.#slot === "granted") this.#giveSlotBack()
  }

  close(): void {
    this.#open = false
    this.#lease?.leave(this.#resume)
    this.stopWaiting()
    this.#engine.turns.remove(this)
    this.#giveSlotBack()
  }

  #hasRoom(inFlight: number, cost: number): boolean {
    // one request may be larger than all may be together
    return inFlight === 0 ||
      (inFlight < this.#engine.inFlight && this.inFlightBytes + cost <= this.#engine.inFlightBytes)
  }

  /** True when the rates allow a request now; otherwise it is tried again when they do. */
  #tryRate(): boolean {
    const now = performance.now()
    const wait = Math.max(this.#client.rate.waitMs(now), this.#exportRate.waitMs(now))
    if (wait > 0) this.#rateTimer ??= setTimeout(this.#resume, Math.ceil(wait))
    return wait === 0
  }

  /** True: the quota has room for a change, or none to give; otherwise it is tried again when that is known. */
  #tryLease(lease: Lease, { flags, length, type }: Request): boolean {
    const takesRoom = type === Command.Write ||
      (type === Command.WriteZeroes && (flags & CommandFlag.NoHole) !== 0)
    if (!takesRoom) return true
    // it may begin and end in the middle of a block that is taken whole
    return lease.tryUse(length + 2 * BLOCK_BYTES, this.#resume)
  }

  /** True when its client works now; otherwise it waits for its turn. */
  #tryTurn(): boolean {
    if (this.#engine.turns.tryWork(this.turnTaker)) return true
    if (!this.#inTurns) {
      this.#inTurns = true
      this.#engine.turns.push(this)
    }
    return false
  }

  /** True when it has a slot at the disks, or needs none; otherwise it waits for one. */
  #trySlot(cost: number): boolean {
    if (!this.#usesDisk || this.#slot === "granted") return true
    if (this.#slot === "none") this.#slot = this.#engine.disk.tryTake(this, cost) ? "granted" : "waiting"
    return this.#slot === "granted"
  }

  #giveSlotBack(): void {
    if (this.#slot === "waiting") this.#engine.disk.leave(this)
    if (this.#slot === "granted") this.#engine.disk.free()
    this.#slot = "none"
  }
}
