// The codec (a request and its reply, encoded and decoded), and the server's engine over a store in memory: pages of 4096
// bytes in bursts of 16, half of them READs. One line of JSON.
import {
  Command,
  decodeRequestHeader,
  decodeSimpleReply,
  encodeRequest,
  encodeSimpleReply,
  exportInfo,
  MemoryStore,
  Reply,
  ReplyBuffer,
  Request,
  SIMPLE_MODE,
  Transmission,
  type TransmissionHost
} from "@swaplab/nbd"

const cpuSeconds = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
}

const codec = (count: number): number => {
  const bytes = new Uint8Array(44)
  const request = new Request()
  const reply = new Reply()
  let sum = 0
  for (let i = 0; i < count; i++) {
    encodeRequest(bytes, 0, 0, i & 1, 0xffff8800, i, i * 4096, 4096)
    decodeRequestHeader(bytes, 0, false, request)
    encodeSimpleReply(bytes, 28, 0, request.cookieHi, request.cookieLo)
    decodeSimpleReply(bytes, 28, reply)
    sum += reply.cookieLo + request.offset
  }
  return sum
}

const SIZE = 64 * 2 ** 20
const BURST = 16

/** A burst of requests as they arrive in one piece of a stream. */
const burst = (first: number): Uint8Array => {
  const pieces: Array<Uint8Array> = []
  for (let i = 0; i < BURST; i++) {
    const type = i % 2 === 0 ? Command.Write : Command.Read
    const bytes = new Uint8Array(type === Command.Write ? 28 + 4096 : 28).fill(i, 28)
    encodeRequest(bytes, 0, 0, type, 0, i, (first + i) * 7919 * 4096 % SIZE, 4096)
    pieces.push(bytes)
  }
  return Buffer.concat(pieces)
}

const engine = (requests: number): void => {
  let answered = 0
  const replies = new ReplyBuffer()
  const room = new Uint8Array(2 ** 20)
  const host: TransmissionHost = {
    tryStart: () => true,
    jobTaken: () => {},
    replyReady: () => {},
    answered: () => {
      answered++
    },
    send: (buffer) => buffer.moveTo(room)
  }
  const store = new MemoryStore(SIZE)
  const info = exportInfo({ name: "disk", size: SIZE })
  const transmission = new Transmission({ info, store, extents: null }, SIMPLE_MODE, replies, host)
  const bursts = Array.from({ length: 64 }, (_, i) => burst(i * BURST))
  for (let done = 0; done < requests; done += BURST) transmission.receive(bursts[done / BURST % 64])
  if (answered !== requests) throw new Error("the benchmark lost requests")
}

const CODEC = 5_000_000
const ENGINE = 1_600_000
codec(CODEC / 10)
engine(ENGINE / 10)
const codecSeconds = cpuSeconds(() => codec(CODEC))
const engineSeconds = cpuSeconds(() => engine(ENGINE))
console.log(JSON.stringify({
  bench: "nbd codec and engine",
  opsPerCpuSecond: Math.round(ENGINE / engineSeconds),
  codecOpsPerCpuSecond: Math.round(CODEC / codecSeconds)
}))
