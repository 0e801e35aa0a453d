// A session through the emulated server without a network: bytes in, bytes out. What a real server got and said, recorded,
// can be compared byte for byte. The data of the session must be tokens: pages that repeat 8 bytes.
import { getU32, isTokenBlock, putTokenBlock } from "@swaplab/nbd"
import { bootContext, PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import { assert, Process, Sim, type Sleeps } from "@swaplab/sim"
import { SwapServer } from "./swap-server.ts"
import { serveConnection, type WorkerSocket } from "./worker.ts"

/** A socket whose peer has sent everything, and takes everything. */
class Recorded implements WorkerSocket {
  readonly #sent: Array<Uint8Array> = []
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Everything that was sent to it. */
  answers(): Uint8Array {
    const all = new Uint8Array(this.#sent.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const piece of this.#sent) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  shutdown(): void {}

  *sendBytes(_task: Task, bytes: Uint8Array): Sleeps<number> {
    this.#sent.push(bytes.slice())
    return bytes.length
  }

  *sendPage(_task: Task, tokenWriter: number, tokenVersion: number): Sleeps<number> {
    const page = new Uint8Array(PAGE_SIZE)
    putTokenBlock(page, 0, tokenWriter, tokenVersion)
    this.#sent.push(page)
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
      assert(isTokenBlock(this.#bytes, this.#at), "a recorded page that is no token")
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
  const socket = new Recorded(bytes)
  const task: Task = { ...bootContext(), process: new Process(sim, "nbd-server"), *condResched() {} }
  sim.spawn(
    task.process,
    task.process.program(() => serveConnection(task, socket, served))
  )
  sim.run()
  return socket.answers()
}
