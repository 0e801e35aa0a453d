// Requests through the block queue, the driver and a socket without delay to a server that answers at once. One line of JSON.
import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import { NbdDevice, type Transport } from "@swaplab/nbd-driver"
import {
  Command,
  decodeRequestHeader,
  encodeSimpleReply,
  Request,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES
} from "@swaplab/nbd/wire"
import { bootContext, Frames, PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import { Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"

const cpuSeconds = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
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
    return PAGE_SIZE
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
    return PAGE_SIZE
  }

  shutdown(): void {}
}

/** Answers each request at once. */
function* serve(task: Task, socket: Loopback): Sleeps<void> {
  const header = new Uint8Array(REQUEST_BYTES)
  const reply = new Uint8Array(SIMPLE_REPLY_BYTES)
  const request = new Request()
  const token: PageToken = { tokenWriter: 0, tokenVersion: 0 }
  while ((yield* socket.recvBytes(task, header)) > 0) {
    decodeRequestHeader(header, 0, false, request)
    const pages = request.length / PAGE_SIZE
    if (request.type === Command.Write) { for (let i = 0; i < pages; i++) yield* socket.recvPage(task, token) }
    encodeSimpleReply(reply, 0, 0, request.cookieHi, request.cookieLo)
    yield* socket.sendBytes(task, reply)
    if (request.type === Command.Read) { for (let i = 0; i < pages; i++) yield* socket.sendPage(task, 1, i) }
  }
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
    const task: Task = { ...bootContext(), process: new Process(sim, name), *condResched() {} }
    sim.spawn(
      task.process,
      task.process.program(function*() {
        yield* program(task)
      })
    )
    return task
  }
  const frames = new Frames(1024)
  const queue = new BlockQueue(sim, "nbd0", plenty, plenty)
  const device = new NbdDevice(sim, queue, frames, { memallocXmit: true, appendSent: true })
  const [here, there] = [new Loopback(sim, "client"), new Loopback(sim, "server")]
  here.peer = there
  there.peer = here
  device.connect(here)
  spawn("worker", (task) => serve(task, there))
  spawn("sender", (task) => device.sender(task))
  spawn("receiver", function*(task) {
    yield* device.doIt(task)
  })
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

const DRIVER = 300_000
driver(DRIVER / 10)
const seconds = cpuSeconds(() => driver(DRIVER))
console.log(JSON.stringify({ bench: "nbd-driver requests", opsPerCpuSecond: Math.round(DRIVER / seconds) }))
