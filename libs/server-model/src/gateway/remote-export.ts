// The swap of one client behind the gateway: an export whose requests a server outside performs.
import { Command, NbdError, TOKEN_BYTES } from "@swaplab/nbd"
import { PAGE_SIZE, type Task } from "@swaplab/page-alloc"
import { type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { type OpenExport, type Place, SwapExport, type TaskStore, UNANSWERED } from "../exports.ts"
import type { ServerCosts } from "../swap-server.ts"
import { ContentsCheck } from "./contents-check.ts"
import type { Gateway } from "./gateway.ts"
import type { RemoteAnswer } from "./remote-server.ts"

const NOTHING = new Uint8Array(0)

/** Requests of one connection that may be with the server at once: as many as the kernel has slots for, by default. */
const MAX_IN_FLIGHT = 128

/** The time is that of the server outside. */
const NO_TIME: ServerCosts = { readNs: 0, readNsPerKiB: 0, writeNs: 0, writeNsPerKiB: 0, otherNs: 0 }

/** The export of a client; `tokens` is what the server outside has acknowledged. */
export class RemoteExport extends SwapExport {
  readonly check = new ContentsCheck(this.info.name, this.tokens)
  readonly #gateway: Gateway

  constructor(gateway: Gateway, place: Place, pages: number) {
    super(place, pages, null)
    this.#gateway = gateway
  }

  override get costs(): ServerCosts {
    return NO_TIME
  }

  override open(): OpenExport {
    return this.#gateway.open(this)
  }
}

/** One connection to the server outside, from the attempt to its end. */
export class RemoteSession implements OpenExport {
  readonly id: number
  readonly served: RemoteExport
  readonly threads = MAX_IN_FLIGHT
  state: "opening" | "open" | "over" = "opening"
  readonly #gateway: Gateway
  readonly #wait: WaitQueue
  /** Requests that are not answered, by their cookies. */
  readonly #asked = new Map<number, RemoteStore>()
  /** Tasks that work on the connection. */
  readonly #tasks = new Set<Task>()
  #cookies = 0

  constructor(gateway: Gateway, id: number, served: RemoteExport) {
    this.#gateway = gateway
    this.id = id
    this.served = served
    this.#wait = new WaitQueue(gateway.sim, `gateway ${served.info.name} connect`, "the real server")
  }

  store(task: Task): TaskStore {
    this.#tasks.add(task)
    return new RemoteStore(this, this.#gateway.sim, task)
  }

  *ready(task: Task): Sleeps<boolean> {
    if (this.state === "opening") yield* this.#wait.sleep(task.process, "killable")
    return this.state === "open"
  }

  close(): void {
    if (this.state === "over") return
    this.#end()
    this.#gateway.remote.close(this.id)
  }

  opened(): void {
    if (this.state === "over") return
    this.state = "open"
    this.#wait.wakeAll()
  }

  /** It is over: whoever waits for an answer gets none, and the processes that serve the client are killed. */
  lost(): void {
    if (this.state === "over") return
    this.#end()
    for (const task of this.#tasks) task.process.kill()
  }

  /** Asks the server for a task. */
  ask(store: RemoteStore, type: number, offset: number, length: number, tokens: Uint8Array, flags: number): void {
    const cookie = ++this.#cookies
    this.#asked.set(cookie, store)
    const { remote, sim: { now: atNs } } = this.#gateway
    remote.ask({ session: this.id, cookie, type, flags, offset, length, tokens, atNs })
  }

  /** False: nobody has asked for that. */
  replied(answer: RemoteAnswer, row: number): boolean {
    // whoever has gone wants no answer
    if (this.state === "over") return true
    const store = this.#asked.get(answer.cookie)
    if (store === undefined) return false
    this.#asked.delete(answer.cookie)
    store.answered(answer, row)
    return true
  }

  /** Requests without an answer. */
  get waiting(): number {
    return this.#asked.size
  }

  /** What a READ has brought, for the client. */
  see(page: number, answer: RemoteAnswer, row: number, into: Uint8Array): void {
    this.#gateway.see(this.served, page, answer, row, into)
  }

  /** The run is over, and what has no answer gets none. */
  leftOff(): void {
    for (const store of this.#asked.values()) store.unsure()
  }

  #end(): void {
    this.state = "over"
    this.#wait.wakeAll()
    for (const store of this.#asked.values()) store.abandoned()
    this.#asked.clear()
  }
}

/** The export as one task asks for it: one request at a time. */
class RemoteStore implements TaskStore {
  readonly #session: RemoteSession
  readonly #task: Task
  readonly #wait: WaitQueue
  /** Of the request under way: −1 until it has an answer. */
  #error = -1
  #type = 0
  #page = 0
  #bytes = 0
  #data: Uint8Array = NOTHING

  constructor(session: RemoteSession, sim: Sim, task: Task) {
    this.#session = session
    this.#task = task
    this.#wait = new WaitQueue(sim, `gateway ${session.served.info.name}`, "the real server")
  }

  read(offset: number, length: number, into: Uint8Array): Sleeps<number> {
    return this.#ask(Command.Read, offset, length, into, 0)
  }

  write(offset: number, length: number, from: Uint8Array, flags: number): Sleeps<number> {
    return this.#ask(Command.Write, offset, length, from, flags)
  }

  flush(): Sleeps<number> {
    return this.#ask(Command.Flush, 0, 0, NOTHING, 0)
  }

  trim(offset: number, length: number, flags: number): Sleeps<number> {
    return this.#ask(Command.Trim, offset, length, NOTHING, flags)
  }

  writeZeroes(offset: number, length: number, flags: number): Sleeps<number> {
    return this.#ask(Command.WriteZeroes, offset, length, NOTHING, flags)
  }

  cache(offset: number, length: number): Sleeps<number> {
    return this.#ask(Command.Cache, offset, length, NOTHING, 0)
  }

  answered(answer: RemoteAnswer, row: number): void {
    this.#error = answer.error
    const { check } = this.#session.served
    const count = this.#bytes / PAGE_SIZE
    if (answer.error === NbdError.Ok) {
      if (this.#type === Command.Read) this.#session.see(this.#page, answer, row, this.#data)
      else if (this.#type === Command.Write) check.written(this.#page, count, this.#data)
      else if (this.#type === Command.Trim) check.discarded(this.#page, count)
      else if (this.#type === Command.WriteZeroes) check.written(this.#page, count, new Uint8Array(count * TOKEN_BYTES))
    } else if (this.#type === Command.Write) check.unanswered(this.#page, count, this.#data)
    this.#wait.wakeAll()
  }

  abandoned(): void {
    this.unsure()
    this.#error = UNANSWERED
    this.#wait.wakeAll()
  }

  /** Nobody will know whether the request was performed. */
  unsure(): void {
    const { check } = this.#session.served
    const count = this.#bytes / PAGE_SIZE
    if (this.#type === Command.Write) check.unanswered(this.#page, count, this.#data)
    else if (this.#type === Command.Trim) check.discarded(this.#page, count)
    else if (this.#type === Command.WriteZeroes) {
      check.unanswered(this.#page, count, new Uint8Array(count * TOKEN_BYTES))
    }
  }

  *#ask(type: number, offset: number, length: number, data: Uint8Array, flags: number): Sleeps<number> {
    if (this.#session.state !== "open") return UNANSWERED
    this.#error = -1
    this.#type = type
    this.#page = offset / PAGE_SIZE
    this.#bytes = length
    this.#data = data
    this.#session.ask(this, type, offset, length, data, flags)
    while (this.#error === -1) {
      yield* this.#wait.sleep(this.#task.process, "killable")
      if (this.#task.process.killed) return UNANSWERED
    }
    return this.#error
  }
}
