// A transmission whose owner is the test: what it sends, what it answers, and a gate in front of each request.
import { MEMORY_BLOCK } from "#src/server/memory-store.ts"
import {
  type Carriage,
  Command,
  dispatch,
  encodeRequest,
  exportInfo,
  type Job,
  MemoryStore,
  type PromptStore,
  ReplyBuffer,
  type Request,
  type ServedExport,
  SIMPLE_MODE,
  Transmission,
  type TransmissionHost,
  type TransmissionMode
} from "@swaplab/nbd"
import { toHex } from "./golden.ts"

export const SIZE = 1 << 22
export const STRUCTURED: TransmissionMode = { structured: true, extended: false, contextIds: [1] }
export const EXTENDED: TransmissionMode = { structured: false, extended: true, contextIds: [1] }

/** A store that keeps its jobs until it is told which to perform; a prompt one performs what is short and has no FUA at once. */
export class Keeper {
  readonly waits = true as const
  readonly memory: MemoryStore
  readonly jobs: Array<Job> = []
  prompt?: PromptStore

  constructor(size: number, isPrompt = false) {
    this.memory = new MemoryStore(size)
    if (!isPrompt) return
    this.prompt = {
      mayRun: ({ flags, length, type }) =>
        (type === Command.Read || type === Command.Write) && flags === 0 && length <= 131_072,
      read: (offset, length, into, at) => this.memory.read(offset, length, into.subarray(at, at + length)),
      write: (offset, length, from, at) => this.memory.write(offset, length, from.subarray(at, at + length))
    }
  }

  perform(job: Job): void {
    // what a job's buffer held before must never be seen
    if (job.request.type === Command.Read) job.bytes.fill(0xee)
    this.jobs.push(job)
  }

  finish(index: number): void {
    const [job] = this.jobs.splice(index, 1)
    job.finish(dispatch(this.memory, job.request, job.bytes))
  }
}

/** A transmission, what it sent, and a gate. */
export const rig = (served: ServedExport, mode = SIMPLE_MODE, carriage: Carriage = "bytes") => {
  const sent: Array<Uint8Array> = []
  let largestSend = 0
  let sends = 0
  const gate = { open: true, stopAt: -1 }
  let apart = 0
  const answered: Array<readonly [type: number, error: number, bytes: number]> = []
  let ready = 0
  const host: TransmissionHost = {
    tryStart: (request, inParts) => {
      const may = gate.open && gate.stopAt-- !== 0
      if (may && inParts) apart += request.payloadBytes
      return may
    },
    send: (replies) => {
      sends++
      largestSend = Math.max(largestSend, replies.length)
      for (const piece of replies.pieces()) sent.push(piece.slice())
      replies.renew(false)
    },
    jobTaken: () => {},
    replyReady: () => void ready++,
    answered: (request: Request, error, bytes) => void answered.push([request.type, error, bytes])
  }
  const replies = new ReplyBuffer()
  const transmission = new Transmission(served, mode, replies, host, carriage)
  return {
    transmission,
    replies,
    gate,
    answered,
    ready: () => ready,
    /** Bytes of the payloads that were told to come apart. */
    apart: () => apart,
    largestSend: () => largestSend,
    sends: () => sends,
    output: () => toHex(Buffer.concat(sent)),
    flush: () => host.send(replies)
  }
}

export const memory = (size = SIZE, limit = Number.POSITIVE_INFINITY) => {
  const store = new MemoryStore(size, () => limit)
  return { info: exportInfo({ name: "disk", size }), store, extents: store }
}

export const contents = (store: MemoryStore, offset: number): Uint8Array => {
  const bytes = new Uint8Array(MEMORY_BLOCK)
  store.read(offset, MEMORY_BLOCK, bytes)
  return bytes
}

export interface Asked {
  readonly type: number
  readonly offset: number
  readonly length: number
  readonly flags: number
  readonly fill: number
}

export const bytesOf = (requests: ReadonlyArray<Asked>): Uint8Array =>
  Buffer.concat(requests.map(({ fill, flags, length, offset, type }, i) => {
    const bytes = new Uint8Array(28 + (type === Command.Write ? length : 0)).fill(fill, 28)
    encodeRequest(bytes, 0, flags, type, 0xabcd, i, offset, length)
    return bytes
  }))

/** A request of `length` bytes at the start. */
export const one = (type: number, length = 0, rest: Partial<Asked> = {}): Asked => ({
  type,
  offset: 0,
  length,
  flags: 0,
  fill: 7,
  ...rest
})
