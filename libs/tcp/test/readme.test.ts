import { HostMemory, NetStack, Nic, Packets, Softirq, tcpMem, wireBytes } from "@swaplab/net-skb"
import { Process, Sim } from "@swaplab/sim"
import { connectTcp, TcpSocket } from "@swaplab/tcp"
import { Effect } from "effect"
import { expect, it } from "vitest"

it("the example of the README", () => {
  const sim = new Sim({ seed: 1 })
  const packets = new Packets()

  // a machine on a gigabit wire with 20 µs of latency
  const nics: Array<Nic> = []
  const machine = (host: number): NetStack => {
    const stack = new NetStack(sim, { host, memory: new HostMemory(), packets, tcpMem: tcpMem(500_000) })
    const softirq = new Softirq(sim, { stealCpu: () => {}, wakeKsoftirqd: () => {} })
    const arrive = sim.queue.register((frame) => nics[1 - host].receive(frame))
    let free = 0
    const transmit = (frame: number): number => {
      free = Math.max(sim.now, free) + wireBytes(packets.bytes[frame]) * 8
      sim.queue.at(free + 20_000, arrive, frame)
      return free
    }
    nics[host] = new Nic(stack, { transmit }, softirq)
    nics[host].open(softirq.ctx)
    return stack
  }
  const client = new TcpSocket(machine(0), { name: "client nbd0", freeBufferPages: 500_000, noDelay: true })
  const server = new TcpSocket(machine(1), { name: "server", freeBufferPages: 500_000, noDelay: true })
  connectTcp(client, server)

  const task = (name: string) => ({
    flags: 0,
    memdie: false,
    inInterrupt: false,
    servingSoftirq: false,
    cpu: 0,
    ns: 0,
    process: new Process(sim, name),
    *condResched() {}
  })
  const sender = task("sender")
  sim.spawn(
    sender.process,
    Effect.gen(function*() {
      yield* server.sendBytes(sender, new Uint8Array(16), true)
      yield* server.sendPage(sender, 7, 42, false)
    })
  )
  const reader = task("reader")
  const page = { tokenWriter: 0, tokenVersion: 0 }
  let doneAt = 0
  sim.spawn(
    reader.process,
    Effect.gen(function*() {
      yield* client.recvBytes(reader, new Uint8Array(16))
      yield* client.recvPage(reader, page)
      doneAt = sim.now
    })
  )
  sim.run()
  expect(page).toEqual({ tokenWriter: 7, tokenVersion: 42 })
  expect(doneAt).toBe(87_304)
})
