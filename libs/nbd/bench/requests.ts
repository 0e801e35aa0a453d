// Requests through codec, driver, toy socket and server engine, one line of JSON for each of two measurements in one:
// the codec alone (encode and decode a request and its reply), and the driver with the emulated server.
import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import {
  decodeRequestHeader,
  decodeSimpleReply,
  encodeRequest,
  encodeSimpleReply,
  NbdDevice,
  type PageToken,
  Reply,
  Request,
  serveConnection,
  SwapServer,
  type Transport
} from "@swaplab/nbd"
import { Frames, type Task } from "@swaplab/page-alloc"
import { Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Effect } from "effect"

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

/** A socket without delay: what one end sends the other can read at once. */
class Loopback implements Transport {
  skAllocation = 0
  peer: Loopback = this
  readonly #bytes: Array<Uint8Array> = []
  readonly #pages: Array<number> = []
  readonly #readable: WaitQueue

  constructor(sim: Sim, name: string) {
    this.#readable = new WaitQueue(sim, name)
  }

  readonly memalloc = false
  setMemalloc(): void {}

  *sendBytes(_task: Task, bytes: Uint8Array): Sleeps<number> {
    this.peer.#bytes.push(bytes.slice())
    this.peer.#readable.wakeAll()
    return bytes.length
  }

  *sendPage(_task: Task, tokenWriter: number, tokenVersion: number): Sleeps<number> {
    this.peer.#pages.push(tokenWriter, tokenVersion)
    this.peer.#readable.wakeAll()
    return 4096
  }

  *recvBytes(task: Task, into: Uint8Array): Sleeps<number> {
    for (;;) {
      const bytes = this.#bytes.shift()
      if (bytes !== undefined) {
        into.set(bytes)
        return bytes.length
      }
      yield* this.#readable.sleep(task.process)
    }
  }

  *recvPage(task: Task, out: PageToken): Sleeps<number> {
    while (this.#pages.length === 0) yield* this.#readable.sleep(task.process)
    out.tokenWriter = this.#pages.shift() ?? 0
    out.tokenVersion = this.#pages.shift() ?? 0
    return 4096
  }

  shutdown(): void {}
}

const plenty: BlkMemory = {
  tryAlloc: () => 0,
  *alloc() {
    return 0
  },
  free: () => {}
}

const driver = (requests: number): void => {
  const sim = new Sim({ seed: 1 })
  const spawn = (name: string, program: (task: Task) => Sleeps<unknown>): Task => {
    const task: Task = {
      flags: 0,
      memdie: false,
      inInterrupt: false,
      servingSoftirq: false,
      cpu: 0,
      ns: 0,
      process: new Process(sim, name),
      *condResched() {}
    }
    sim.spawn(
      task.process,
      Effect.gen(function*() {
        yield* program(task)
      })
    )
    return task
  }
  const frames = new Frames(1024)
  const queue = new BlockQueue(sim, "nbd0", plenty, plenty)
  const device = new NbdDevice(sim, queue, frames, { memallocXmit: true, appendSent: true })
  const server = new SwapServer(sim, { *use() {} }, null)
  const [here, there] = [new Loopback(sim, "client"), new Loopback(sim, "server")]
  here.peer = there
  there.peer = here
  device.connect(here)
  spawn("worker", (task) => serveConnection(task, there, server.addExport("swap", 1 << 30)))
  spawn("sender", (task) => device.sender(task))
  spawn("receiver", (task) => device.receiver(task))
  const user = spawn("user", function*() {})
  let left = requests
  // half reads, half writes, 16 outstanding, never adjacent
  const next = (): void => {
    if (left-- > 0) queue.trySubmitPage(user, (left & 1) === 1, (left * 16) % 2_000_000, left % 1024, true)
  }
  queue.onBioEnd = next
  for (let i = 0; i < 16; i++) next()
  sim.run()
  if (device.counters.completed !== requests) throw new Error("the benchmark lost requests")
}

const CODEC = 5_000_000
const DRIVER = 300_000
codec(CODEC / 10)
driver(DRIVER / 10)
const codecSeconds = cpuSeconds(() => codec(CODEC))
const driverSeconds = cpuSeconds(() => driver(DRIVER))
console.log(JSON.stringify({
  bench: "nbd requests",
  opsPerCpuSecond: Math.round(DRIVER / driverSeconds),
  codecOpsPerCpuSecond: Math.round(CODEC / codecSeconds)
}))
