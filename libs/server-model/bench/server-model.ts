// Requests of one page, half of them reads, of 16 connections without delay through the workers of the emulated server:
// everything in memory, and a page cache of a quarter of the pages before an NVMe disk. One line of JSON.
import { Command, decodeSimpleReply, encodeRequest, Reply, REQUEST_BYTES, SIMPLE_REPLY_BYTES } from "@swaplab/nbd"
import { bootContext, PAGE_SIZE, type PageToken, type Task } from "@swaplab/page-alloc"
import { Disk, DISKS, PageCache, serveConnection, SwapServer, type WorkerSocket } from "@swaplab/server-model"
import { Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"

const CONNECTIONS = 16
const EXPORT_PAGES = 8192

const cpuSeconds = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
}

/** A socket without delay: what one end sends the other can read at once. Pages are a number: their version. */
class Loopback implements WorkerSocket {
  peer: Loopback = this
  readonly #pieces: Array<Uint8Array | number> = []
  readonly #readable: WaitQueue

  constructor(sim: Sim, name: string) {
    this.#readable = new WaitQueue(sim, name)
  }

  *sendBytes(_task: Task, bytes: Uint8Array): Sleeps<number> {
    this.peer.#put(bytes.slice())
    return bytes.length
  }

  *sendPage(_task: Task, _writer: number, version: number): Sleeps<number> {
    this.peer.#put(version)
    return PAGE_SIZE
  }

  *recvBytes(task: Task, into: Uint8Array): Sleeps<number> {
    into.set((yield* this.#take(task)) as Uint8Array)
    return into.length
  }

  *recvPage(task: Task, out: PageToken): Sleeps<number> {
    out.tokenVersion = (yield* this.#take(task)) as number
    return PAGE_SIZE
  }

  shutdown(): void {}

  #put(piece: Uint8Array | number): void {
    this.#pieces.push(piece)
    this.#readable.wakeAll()
  }

  *#take(task: Task): Sleeps<Uint8Array | number> {
    while (this.#pieces.length === 0) yield* this.#readable.sleep(task.process)
    return this.#pieces.shift() ?? 0
  }
}

const run = (requests: number, cached: boolean): void => {
  const sim = new Sim({ seed: 1 })
  const start = (name: string, body: (task: Task) => Sleeps<void>): void => {
    const process = new Process(sim, name)
    process.daemon = name !== "client"
    const task: Task = { ...bootContext(), process, *condResched() {} }
    sim.spawn(process, process.program(() => body(task)))
  }
  const disk = new Disk(sim, "nvme0n1", DISKS.nvme)
  const capacityBytes = CONNECTIONS * EXPORT_PAGES * PAGE_SIZE / 4
  const cache = cached ? new PageCache(sim, "server", disk, { capacityBytes }) : null
  if (cache !== null) start("flusher", (task) => cache.flusher(task))
  const server = new SwapServer(sim, { *use() {} }, cache)
  for (let i = 0; i < CONNECTIONS; i++) {
    const [here, there] = [new Loopback(sim, "client"), new Loopback(sim, "server")]
    here.peer = there
    there.peer = here
    const served = server.addExport(`swap ${i}`, EXPORT_PAGES * PAGE_SIZE)
    start("worker", (task) => serveConnection(task, there, served))
    start("client", function*(task) {
      const random = sim.stream("places", String(i))
      const header = new Uint8Array(REQUEST_BYTES)
      const bytes = new Uint8Array(SIMPLE_REPLY_BYTES)
      const reply = new Reply()
      const token: PageToken = { tokenWriter: 0, tokenVersion: 0 }
      for (let done = 0; done < requests / CONNECTIONS; done++) {
        const type = done % 2 === 0 ? Command.Write : Command.Read
        encodeRequest(header, 0, 0, type, 0, done, random.below(EXPORT_PAGES) * PAGE_SIZE, PAGE_SIZE)
        yield* here.sendBytes(task, header)
        if (type === Command.Write) yield* here.sendPage(task, i, done)
        yield* here.recvBytes(task, bytes)
        if (!decodeSimpleReply(bytes, 0, reply) || reply.error !== 0) throw new Error("the server refused a request")
        if (type === Command.Read) yield* here.recvPage(task, token)
      }
    })
  }
  sim.run()
  if (server.stats.reads + server.stats.writes !== requests) throw new Error("the benchmark lost requests")
}

const REQUESTS = 320_000
run(REQUESTS / 10, false)
run(REQUESTS / 10, true)
const seconds = cpuSeconds(() => run(REQUESTS, false))
const cachedSeconds = cpuSeconds(() => run(REQUESTS, true))
console.log(JSON.stringify({
  bench: "server-model requests",
  opsPerCpuSecond: Math.round(REQUESTS / seconds),
  cachedOpsPerCpuSecond: Math.round(REQUESTS / cachedSeconds)
}))
