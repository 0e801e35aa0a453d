// Bulk transfer of page replies (16 bytes and a page) from a server to a client over a toy wire, memory not emulated:
// NIC, ring, NAPI, skbs, TCP on both ends and the tasks that send and receive.
// Prints pages per CPU second, packets (data and ACK frames) per CPU second, and the cost of a bare event for comparison.
import { Sim } from "@swaplab/sim"
import { ToyNetwork } from "../test/toy.ts"

const cpu = (): number => {
  const usage = process.cpuUsage()
  return (usage.user + usage.system) / 1e6
}

const bareEvents = (): number => {
  const sim = new Sim({ seed: 1 })
  const kind = sim.queue.register(() => {
    if (sim.queue.fired < 3_000_000) sim.queue.after(100, kind, 0)
  })
  for (let i = 0; i < 64; i++) sim.queue.after(i, kind, 0)
  const start = cpu()
  sim.run()
  return sim.queue.fired / (cpu() - start)
}

const run = (count: number): { pages: number; packets: number; seconds: number; server: ToyNetwork } => {
  const net = new ToyNetwork()
  const header = new Uint8Array(16)
  net.spawn("sender", function*(task) {
    for (let i = 0; i < count; i++) {
      yield* net.server.sendBytes(task, header, true)
      yield* net.server.sendPage(task, 7, i, false)
    }
  })
  let received = 0
  net.spawn("receiver", function*(task) {
    const bytes = new Uint8Array(16)
    const page = { tokenWriter: 0, tokenVersion: 0 }
    for (let i = 0; i < count; i++) {
      yield* net.client.recvBytes(task, bytes)
      yield* net.client.recvPage(task, page)
      received++
    }
  })
  const start = cpu()
  net.sim.run(1000e9)
  const seconds = cpu() - start
  return { pages: received, packets: net.packets.allocated, seconds, server: net }
}

run(20_000)
const best = [run(100_000), run(100_000), run(100_000)].reduce((a, b) => (b.seconds < a.seconds ? b : a))
const pagesPerCpuSecond = best.pages / best.seconds
const packetsPerCpuSecond = best.packets / best.seconds
console.log(
  JSON.stringify({
    bench: "tcp bulk transfer",
    opsPerCpuSecond: Math.round(packetsPerCpuSecond),
    pagesPerCpuSecond: Math.round(pagesPerCpuSecond),
    microsecondsPerPacket: Number((1e6 / packetsPerCpuSecond).toFixed(3)),
    packetsPerPage: Number((best.packets / best.pages).toFixed(2)),
    ratioToBareHeap: Number((packetsPerCpuSecond / bareEvents()).toFixed(3))
  })
)
