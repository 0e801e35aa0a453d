// What a server outside must hold, by what it has acknowledged, and what it says instead.
//
//   written, not answered → answered: the page holds it → read back: it, or a lie
//                         → the connection was lost: it or what was there before, whichever is read first
//   held when a connection is lost → read back: it; zeroes or what was there before: lost, and no lie; else a lie
//
// Modelled: the last content of each page and the one before, so that a forgotten write can be told from a wrong page.
// Not modelled: what a page held that was never written: whatever comes is taken for zeroes, since a real export may hold what
//   an earlier user left.
// What that costs: 16 bytes a page of the export, where it was written.
import { getU32, putU32, TOKEN_BYTES, TokenStore } from "@swaplab/nbd"
import { LOST_WRITER } from "@swaplab/page-alloc"

/** How the content of a page is wrong. */
export type LieKind = "damaged" | "forgotten write" | "zeroes" | "wrong page"

/** A page that came back wrong. */
export interface Lie {
  readonly kind: LieKind
  readonly client: string
  readonly page: number
  readonly atNs: number
}

/** Of versions of damaged pages: no write of a run has such a number. */
const DAMAGE = 0x80000000

/** Tells apart what a READ may bring and what it must not. */
export class ContentsCheck {
  readonly client: string
  /** What was acknowledged last. */
  readonly now: TokenStore
  readonly #before: TokenStore
  /** Pages that may hold one of two things, and the token that may be there as well. */
  readonly #maybe = new Map<number, Uint8Array>()
  /** For each page the loss of a connection that it may have been forgotten with; 0: none. */
  #forgettable: Uint32Array | null = null
  readonly #expected = new Uint8Array(TOKEN_BYTES)
  readonly #other = new Uint8Array(TOKEN_BYTES)

  constructor(client: string, now: TokenStore) {
    this.client = client
    this.now = now
    this.#before = new TokenStore(now.pages)
  }

  /** A WRITE is about to be acknowledged. */
  written(page: number, count: number, tokens: Uint8Array): void {
    const old = this.#expected
    for (let i = 0; i < count; i++) {
      this.now.read(page + i, 1, old)
      this.#before.write(page + i, 1, old)
      this.#maybe.delete(page + i)
    }
    this.now.write(page, count, tokens)
    this.#forgettable?.fill(0, page, page + count)
  }

  /** A connection was lost, with that event in the life of the server: whatever it held may be gone. */
  connectionLost(event: number): void {
    const { pages } = this.now
    this.#forgettable ??= new Uint32Array(pages)
    for (let page = 0; page < pages; page++) {
      if (!this.now.isHole(page) && this.now.missing(page, 1) === 0) this.#forgettable[page] = event
    }
  }

  /** A WRITE was not answered before the connection ended. */
  unanswered(page: number, count: number, tokens: Uint8Array): void {
    for (let i = 0; i < count; i++) this.#maybe.set(page + i, tokens.slice(i * TOKEN_BYTES, (i + 1) * TOKEN_BYTES))
  }

  /** A range is no more what it was; nobody says what it is. */
  discarded(page: number, count: number): void {
    this.now.zero(page, count)
    for (let i = page; i < page + count; i++) this.#maybe.delete(i)
  }

  /** Puts what must be there into `into`. */
  expected(page: number, count: number, into: Uint8Array): void {
    this.now.read(page, count, into)
  }

  /**
   * Looks at what a READ has brought. Where a page is one of two that may be there it is that from here on. `into` gets the
   * tokens that the client is to see: damaged, lost and unwritten pages have tokens of their own.
   */
  look(page: number, tokens: Uint8Array, damaged: ReadonlyArray<number>, into: Uint8Array): Seen {
    const lies: Array<readonly [page: number, kind: LieKind]> = []
    let lost = 0
    for (let i = 0; i < tokens.length / TOKEN_BYTES; i++) {
      const at = i * TOKEN_BYTES
      this.now.read(page + i, 1, this.#expected)
      const writer = getU32(this.#expected, 0)
      const version = getU32(this.#expected, 4)
      const token = tokens.subarray(at, at + TOKEN_BYTES)
      into.set(token, at)
      const whole = !damaged.includes(i)
      if (whole && same(token, this.#expected)) continue
      const maybe = this.#maybe.get(page + i)
      if (whole && maybe !== undefined && same(token, maybe)) {
        this.now.write(page + i, 1, maybe)
        this.#maybe.delete(page + i)
        continue
      }
      if (writer === 0 && version === 0) {
        into.fill(0, at, at + TOKEN_BYTES)
        continue
      }
      this.#before.read(page + i, 1, this.#other)
      const zeroes = isZero(token)
      const older = same(token, this.#other)
      const event = this.#forgettable?.[page + i] ?? 0
      if (whole && event > 0 && (zeroes || older)) {
        lost++
        putU32(into, at, LOST_WRITER)
        putU32(into, at + 4, event)
        continue
      }
      lies.push([page + i, !whole ? "damaged" : older ? "forgotten write" : zeroes ? "zeroes" : "wrong page"])
      if (whole) continue
      putU32(into, at, writer)
      putU32(into, at + 4, (version ^ DAMAGE) >>> 0)
    }
    return { lies, lost }
  }
}

/** What a look has found: wrong pages, and how many were lost with a connection. */
export interface Seen {
  readonly lies: ReadonlyArray<readonly [page: number, kind: LieKind]>
  readonly lost: number
}

const same = (a: Uint8Array, b: Uint8Array): boolean => getU32(a, 0) === getU32(b, 0) && getU32(a, 4) === getU32(b, 4)

const isZero = (token: Uint8Array): boolean => (getU32(token, 0) | getU32(token, 4)) === 0
