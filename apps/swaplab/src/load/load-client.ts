// One client of a load: its requests go to the server when they are due, and what it reads is what it wrote.
//
//   due → a request before it uses the same page, or 128 are with the server: held → sent → answered, its content looked at
//
// A request that is held waits for the server, not for the generator; the ones behind it wait, too, as behind a full queue.
import { Command, putU32, TOKEN_BLOCK, TOKEN_BYTES, TokenStore } from "@swaplab/nbd"
import { ContentsCheck, type Lie } from "@swaplab/server-model"
import { RealConnection, type WireRequest } from "../real-server/connection.ts"
import type { OpenedExport } from "../real-server/open-export.ts"
import type { Salt } from "../real-server/wire-tokens.ts"

/** As many as the kernel has slots for, by default. */
const MAX_IN_FLIGHT = 128

/** A request and its times. */
export interface Sent extends WireRequest {
  readonly page: number
  readonly pages: number
  sentNs: number
}

/** What becomes of the requests of all clients. */
export interface LoadEar {
  readonly now: () => number
  /** A request was answered so long after it was sent. */
  readonly answered: (request: Sent, error: number, ns: number) => void
  readonly lie: (lie: Lie) => void
  readonly lost: (client: string, why: string, broken: boolean) => void
}

const NOTHING = new Uint8Array(0)

export class LoadClient {
  readonly name: string
  readonly check: ContentsCheck
  /** Requests that are with the server. */
  inFlight = 0
  over = false
  readonly #connection: RealConnection<Sent>
  readonly #offset: number
  readonly #checked: boolean
  readonly #writer: number
  readonly #busy: Uint8Array
  #cookie = 0
  #version = 0

  constructor(
    name: string,
    number: number,
    opened: OpenedExport,
    place: { readonly offset: number; readonly bytes: number },
    salt: Salt,
    ear: LoadEar,
    checked: boolean
  ) {
    const pages = place.bytes / TOKEN_BLOCK
    this.name = name
    this.check = new ContentsCheck(name, new TokenStore(pages))
    this.#writer = number + 1
    this.#offset = place.offset
    this.#checked = checked
    this.#busy = new Uint8Array(pages)
    this.#connection = new RealConnection<Sent>(opened, salt, {
      replied: ({ damaged, error, request, tokens }) => {
        this.inFlight--
        this.#busy.fill(0, request.page, request.page + request.pages)
        ear.answered(request, error, ear.now() - request.sentNs)
        if (request.type === Command.Write) {
          if (error === 0) this.check.written(request.page, request.pages, request.tokens)
          else this.check.unanswered(request.page, request.pages, request.tokens)
        } else if (tokens !== null && this.#checked) this.#look(request, tokens, damaged, ear)
      },
      lost: (why, broken) => {
        this.over = true
        this.inFlight = 0
        ear.lost(name, why, broken)
      }
    })
  }

  /** Whether the request may go now. */
  maySend(page: number, pages: number): boolean {
    if (this.inFlight >= MAX_IN_FLIGHT) return false
    for (let i = page; i < page + pages; i++) if (this.#busy[i] === 1) return false
    return true
  }

  /** Puts a request into what `flush` sends. */
  send(type: number, page: number, pages: number, now: number): void {
    const write = type === Command.Write
    const tokens = write ? new Uint8Array(pages * TOKEN_BYTES) : NOTHING
    if (write) {
      this.#version++
      for (let i = 0; i < pages; i++) {
        putU32(tokens, i * TOKEN_BYTES, this.#writer)
        putU32(tokens, i * TOKEN_BYTES + 4, this.#version)
      }
    }
    this.#busy.fill(1, page, page + pages)
    this.inFlight++
    this.#connection.ask({
      cookie: ++this.#cookie,
      type,
      flags: 0,
      offset: this.#offset + page * TOKEN_BLOCK,
      length: pages * TOKEN_BLOCK,
      tokens,
      page,
      pages,
      sentNs: now
    })
  }

  flush(): void {
    this.#connection.flush()
  }

  close(): void {
    this.#connection.close()
  }

  #look({ page, pages }: Sent, tokens: Uint8Array, damaged: ReadonlyArray<number>, ear: LoadEar): void {
    const { lies } = this.check.look(page, tokens, damaged, new Uint8Array(pages * TOKEN_BYTES))
    for (const [wrong, kind] of lies) ear.lie({ kind, client: this.name, page: wrong, atNs: ear.now() })
  }
}
