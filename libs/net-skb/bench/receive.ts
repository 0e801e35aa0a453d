// Packets received per CPU second: NIC arrival, ring, interrupt, NAPI, skb from a fragment page, socket, free.
// Memory is a plain host's, so the figure is the network's own cost; page and object allocators come on top.
import { ALL_SWITCHES, CARDS, HostMemory, NetStack, Nic, Packets, Socket, Softirq, tcpMem } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"

const cpu = (): number => {
  const usage = process.cpuUsage()
  return (usage.user + usage.system) / 1e6
}

class Sink extends Socket {
  received = 0
  override rcv(ctx: Context, skb: number): void {
    this.received++
    this.stack.skbs.kfree(ctx, skb)
  }
}

const COUNT = 3_000_000

const run = (): number => {
  const sim = new Sim({ seed: 1 })
  const packets = new Packets()
  const stack = new NetStack(sim, {
    host: 0,
    memory: new HostMemory(),
    packets,
    switches: ALL_SWITCHES,
    tcpMem: tcpMem(500_000)
  })
  const softirq = new Softirq(sim, { stealCpu: () => {}, wakeKsoftirqd: () => {} })
  const nic = new Nic(stack, { transmit: () => sim.now }, softirq, CARDS.e1000)
  nic.open(softirq.ctx)
  const sink = new Sink(stack, stack.udpMemory, 1e9, 1e9)
  let sent = 0
  // a full segment every 12.3 µs: a saturated gigabit
  const kind = sim.queue.register(() => {
    nic.receive(packets.datagram(1, 0, sink.port, 1448))
    if (++sent < COUNT) sim.queue.after(12_304, kind, 0)
  })
  sim.queue.after(0, kind, 0)
  const start = cpu()
  sim.run()
  const perSecond = sink.received / (cpu() - start)
  if (sink.received !== COUNT) throw new Error(`lost packets: ${sink.received}`)
  return perSecond
}

const bareHeap = (): number => {
  const sim = new Sim({ seed: 1 })
  let fired = 0
  const kind = sim.queue.register(() => {
    if (++fired < COUNT) sim.queue.after(12_304, kind, 0)
  })
  sim.queue.after(0, kind, 0)
  const start = cpu()
  sim.run()
  return fired / (cpu() - start)
}

run()
const packetsPerSecond = Math.max(run(), run(), run())
console.log(
  JSON.stringify({
    bench: "net-skb receive",
    opsPerCpuSecond: Math.round(packetsPerSecond),
    microsecondsPerPacket: Number((1e6 / packetsPerSecond).toFixed(3)),
    ratioToBareHeap: Number((packetsPerSecond / bareHeap()).toFixed(3))
  })
)
