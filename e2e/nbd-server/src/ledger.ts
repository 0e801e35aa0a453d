// A client that writes by a seed and keeps book: which version of each page the server has answered for, and which is on its
// way. After the server was killed, a page may hold the one or the other, and nothing else.
import type { TestClient } from "./client.ts"
import { seeded } from "./random.ts"

const PAGE = 4096
const FUA = 1
const WRITE_ZEROES = 6
/** Pages that a request may be about, as with a kernel's 128 KiB. */
const MOST = 32

/** The contents of a page: whose, which, and its version. Version 0 and every eleventh are zeroes. */
const contents = (owner: number, page: number, version: number): Buffer => {
  if (isZeroes(version)) return Buffer.alloc(PAGE)
  const unit = Buffer.alloc(8)
  unit.writeUInt32LE(owner << 24 | page, 0)
  unit.writeUInt32LE(version, 4)
  return Buffer.alloc(PAGE, unit)
}

const isZeroes = (version: number): boolean => version % 11 === 0

export class Ledger {
  readonly owner: number
  readonly pages: number
  /** The first page of the export that is written; what is in front of it (a swap header) is left alone. */
  readonly from: number
  /** Requests answered. */
  answers = 0
  /** Versions answered for, and versions asked for last. */
  readonly #answered: Uint32Array
  readonly #asked: Uint32Array
  readonly #busy: Uint8Array
  readonly #below: (bound: number) => number
  /** Workers that found only busy pages: they look again when any request was answered, or a connection is lost. */
  readonly #waiting: Array<() => void> = []
  #version = 0

  constructor(owner: number, pages: number, from = 0) {
    this.owner = owner
    this.pages = pages
    this.from = from
    this.#answered = new Uint32Array(pages)
    this.#asked = new Uint32Array(pages)
    this.#busy = new Uint8Array(pages)
    this.#below = seeded(owner * 7919 + 1)
  }

  /** Keeps `depth` requests in flight on each connection until it is lost. Every answer must be a good one. */
  async writeUntilLost(clients: ReadonlyArray<TestClient>, depth: number): Promise<void> {
    this.#busy.fill(0)
    for (const { socket } of clients) socket.once("close", () => this.#wakeWaiting())
    await Promise.all(clients.flatMap((client) => Array.from({ length: depth }, () => this.#work(client))))
  }

  /** What is wrong with the pages, in words; afterwards what was found counts as answered. */
  async faults(client: TestClient): Promise<ReadonlyArray<string>> {
    const faults: Array<string> = []
    for (let page = 0; page < this.pages; page += MOST) {
      const count = Math.min(MOST, this.pages - page)
      const { data, error } = await client.read((this.from + page) * PAGE, count * PAGE)
      if (error !== 0) faults.push(`error ${error} reading page ${page}`)
      else for (let i = 0; i < count; i++) this.#check(page + i, data.subarray(i * PAGE, (i + 1) * PAGE), faults)
    }
    return faults
  }

  #check(page: number, data: Buffer, faults: Array<string>): void {
    const [answered, asked] = [this.#answered[page], this.#asked[page]]
    const found = [answered, asked].find((version) => data.equals(contents(this.owner, page, version)))
    if (found === undefined) {
      faults.push(
        `page ${page} of ${this.owner}: versions ${answered} (answered) or ${asked} (asked) expected, found `
          + `${data.subarray(0, 8).toString("hex")} ... ${data.subarray(-8).toString("hex")}`
      )
    }
    this.#answered[page] = this.#asked[page] = found ?? answered
  }

  async #work(client: TestClient): Promise<void> {
    while (!client.closed) {
      const kind = this.#below(16)
      if (kind === 0) {
        const answer = await client.flush().catch(() => null)
        if (answer?.error !== 0) return this.#ended(client, answer?.error)
        continue
      }
      const page = this.#below(this.pages)
      const most = Math.min(1 + this.#below(MOST), this.pages - page)
      let count = 0
      while (count < most && this.#busy[page + count] === 0) count++
      if (count === 0) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
        continue
      }
      // never two requests at a time for a page, as a kernel does it
      this.#busy.fill(1, page, page + count)
      const version = ++this.#version
      this.#asked.fill(version, page, page + count)
      const flags = this.#below(4) === 0 ? FUA : 0
      const offset = (this.from + page) * PAGE
      const pages = Array.from({ length: count }, (_, i) => contents(this.owner, page + i, version))
      const request = isZeroes(version)
        ? client.request(WRITE_ZEROES, offset, count * PAGE, undefined, flags)
        : client.write(offset, Buffer.concat(pages), flags)
      const answer = await request.catch(() => null)
      if (answer?.error !== 0) return this.#ended(client, answer?.error)
      this.#answered.fill(version, page, page + count)
      this.#busy.fill(0, page, page + count)
      this.answers++
      this.#wakeWaiting()
    }
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #ended(client: TestClient, error: number | undefined): void {
    if (error !== undefined) throw new Error(`the server answered ${error}`)
    client.socket.destroy()
  }
}
