import { CARDS, DatagramSocket, HostMemory, NetStack, Nic, Packets, Softirq, tcpMem } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"
import { expect, it } from "vitest"

it("the example of the README", () => {
  const sim = new Sim({ seed: 1 })
  const packets = new Packets() // all frames of the cluster
  const stack = new NetStack(sim, { host: 0, memory: new HostMemory(), packets, tcpMem: tcpMem(500_000) })
  const softirq = new Softirq(sim, { stealCpu: () => {}, wakeKsoftirqd: () => {} })
  const nic = new Nic(stack, { transmit: () => sim.now }, softirq, CARDS.e1000)
  nic.open(softirq.ctx)

  // nobody reads this socket: background packets fill its buffer, then are dropped
  const socket = new DatagramSocket(stack, stack.udpMemory)
  for (let i = 0; i < 300; i++) {
    nic.receive(packets.datagram(1, 0, socket.port, 100))
    sim.run(sim.now + 100_000)
  }
  expect([socket.queued, socket.drops, nic.interrupts, nic.rxMissed]).toEqual([98, 202, 300, 0])
})
