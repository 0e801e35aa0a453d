// A session through the emulated server without a network: bytes in, bytes out. What a real server got and said, recorded,
// can be compared byte for byte. The data of the session must be tokens: pages that repeat 8 bytes.
import type { Task } from "@swaplab/page-alloc"
import { assert, Process, Sim, type Sleeps } from "@swaplab/sim"
import { Effect } from "effect"
import type { PageToken, Transport } from "../client/transport.ts"
import { concat, getU32, putU32 } from "../wire/bytes.ts"
import { PAGE_SIZE, TOKEN_BYTES } from "../wire/carriage.ts"
import { SwapServer } from "./swap-server.ts"
import { serveConnection } from "./worker.ts"

/** Writes a page of 4096 bytes that consists of a token. */
export const putTokenPage = (into: Uint8Array, at: number, tokenWriter: number, tokenVersion: number): void => {
  putU32(into, at, tokenWriter)
  putU32(into, at + 4, tokenVersion)
  for (let done = TOKEN_BYTES; done < PAGE_SIZE; done *= 2) into.copyWithin(at + done, at, at + done)
}

/** True when a page of 4096 bytes consists of one token, its first 8 bytes. */
export const isTokenPage = (from: Uint8Array, at: number): boolean => {
  for (let i = at + TOKEN_BYTES; i < at + PAGE_SIZE; i++) if (from[i] !== from[i - TOKEN_BYTES]) return false
  return true
}

/** A socket whose peer has sent everything, and takes everything. */
class Recorded implements Transport {
  skAllocation = 0
  memalloc = false
  readonly sent: Array<Uint8Array> = []
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  setMemalloc(): void {}

  shutdown(): void {}

  *sendBytes(_task: Task, bytes: Uint8Array): Sleeps<number> {
    this.sent.push(bytes.slice())
    return bytes.length
  }

  *sendPage(_task: Task, tokenWriter: number, tokenVersion: number): Sleeps<number> {
    const page = new Uint8Array(PAGE_SIZE)
    putTokenPage(page, 0, tokenWriter, tokenVersion)
    this.sent.push(page)
    return PAGE_SIZE
  }

  *recvBytes(_task: Task, into: Uint8Array): Sleeps<number> {
    const count = Math.min(into.length, this.#bytes.length - this.#at)
    into.set(this.#bytes.subarray(this.#at, this.#at + count))
    this.#at += count
    return count
  }

  *recvPage(_task: Task, out: PageToken): Sleeps<number> {
    const left = this.#bytes.length - this.#at
    if (left >= PAGE_SIZE) {
      assert(isTokenPage(this.#bytes, this.#at), "a recorded page that is no token")
      out.tokenWriter = getU32(this.#bytes, this.#at)
      out.tokenVersion = getU32(this.#bytes, this.#at + 4)
    }
    this.#at += Math.min(left, PAGE_SIZE)
    return Math.min(left, PAGE_SIZE)
  }
}

/**
 * What the emulated server answers to the bytes of a client in the transmission phase with simple replies, on a new export
 * of `size` bytes.
 */
export const replayEmulated = (size: number, bytes: Uint8Array): Uint8Array => {
  const sim = new Sim({ seed: 1 })
  const served = new SwapServer(sim, { *use() {} }, null).addExport("replay", size)
  const transport = new Recorded(bytes)
  const task: Task = {
    flags: 0,
    memdie: false,
    inInterrupt: false,
    servingSoftirq: false,
    cpu: 0,
    ns: 0,
    process: new Process(sim, "nbd-server"),
    *condResched() {}
  }
  sim.spawn(
    task.process,
    Effect.gen(function*() {
      yield* serveConnection(task, transport, served)
    })
  )
  sim.run()
  return concat(...transport.sent)
}
