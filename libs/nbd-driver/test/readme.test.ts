import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import { NbdDevice, type Transport } from "@swaplab/nbd-driver"
import { bootContext, Frames, type Task } from "@swaplab/page-alloc"
import { Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

it("the example of the README does what it says", () => {
  const output: Array<string> = []
  const console = { log: (line: string) => output.push(line) }

  const sim = new Sim({ seed: 1 })
  const hex = (data: Uint8Array) => Array.from(data, (b) => b.toString(16).padStart(2, "0")).join("")
  const memory: BlkMemory = {
    tryAlloc: () => 0,
    *alloc() {
      return 0
    },
    free: () => {}
  }
  const frames = new Frames(16)
  const queue = new BlockQueue(sim, "nbd0", memory, memory)
  queue.onBioEnd = (_, page, write, error) => console.log(`page ${page} ${write ? "written" : "read"}, error ${error}`)
  const device = new NbdDevice(sim, queue, frames, { memallocXmit: true, appendSent: true })

  // a socket that shows what it sends; its server answers 100 µs after the last page
  const replies = new WaitQueue(sim, "sock receive")
  let cookie: Uint8Array | null = null
  const socket: Transport = {
    skAllocation: 0,
    memalloc: false,
    setMemalloc: () => {},
    *sendBytes(_, bytes) {
      console.log(hex(bytes))
      cookie = bytes.slice(8, 16)
      return bytes.length
    },
    *sendPage(task, writer, version, more) {
      console.log(`page of ${writer}, version ${version}`)
      if (!more) yield* task.process.hold(100_000)
      if (!more) replies.wakeAll()
      return 4096
    },
    *recvBytes(task, into) {
      while (cookie === null) yield* replies.sleep(task.process)
      into.set([0x67, 0x44, 0x66, 0x98, 0, 0, 0, 0, ...cookie])
      cookie = null
      return 16
    },
    *recvPage() {
      return 0
    },
    shutdown: () => {}
  }
  const start = (name: string, body: (task: Task) => Sleeps<void>) => {
    const process = new Process(sim, name)
    process.daemon = true
    const task: Task = { ...bootContext(), process, *condResched() {} }
    sim.spawn(process, process.program(() => body(task)))
    return task
  }
  device.connect(socket)
  start("nbd0", (task) => device.sender(task))
  start("nbd-client", function*(task) {
    yield* device.doIt(task)
  })
  frames.tokenWriter[5] = 1
  frames.tokenVersion[5] = 7
  start("user", function*(task) {
    queue.trySubmitPage(task, true, 64, 5, false)
  })
  sim.run()
  console.log(`${device.counters.completed} request completed at ${sim.now} ns`)

  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  expect(readme).toContain("```text\n" + output.join("\n") + "\n```")
})
