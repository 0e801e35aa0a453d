import { ALL_SWITCHES, CARDS, HostMemory, type NetSwitches, type NetSysctls, type NicOptions } from "@swaplab/net-skb"
import {
  __GFP_MEMALLOC,
  __GFP_NOMEMALLOC,
  __GFP_WAIT,
  type Context,
  GFP_ATOMIC,
  GFP_NOIO,
  PF_MEMALLOC,
  type Task
} from "@swaplab/page-alloc"
import { type Sleeps, WaitQueue } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { NEWRENO } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

const MS = 1_000_000

/** A machine without free memory above the reserve, when `short`: only those entitled get any; others may have to sleep. */
class ShortMemory extends HostMemory {
  short = false
  /** Even the reserve is empty. */
  empty = false
  /** Masks of allocations that were refused. */
  refused: Array<number> = []
  sleepNs = 0
  queue: WaitQueue | null = null

  #verdict(ctx: Context, gfp: number): number {
    if (!this.short) return 0
    if (!this.empty && this.gfpPfmemallocAllowed(ctx, gfp)) return 0
    if ((gfp & __GFP_WAIT) !== 0 && (ctx.flags & PF_MEMALLOC) === 0) return -2
    this.refused.push(gfp)
    return -1
  }

  override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
    const verdict = this.#verdict(ctx, gfp)
    return verdict < 0 ? verdict : super.tryHead(ctx, gfp, fclone)
  }

  override tryData(ctx: Context, bytes: number, gfp: number): number {
    const verdict = this.#verdict(ctx, gfp)
    return verdict < 0 ? verdict : super.tryData(ctx, bytes, gfp)
  }

  override tryPage(ctx: Context, gfp: number): number {
    const verdict = this.#verdict(ctx, gfp)
    return verdict < 0 ? verdict : super.tryPage(ctx, gfp)
  }

  override *head(task: Task, gfp: number, fclone: boolean): Sleeps<number> {
    while (this.tryHead(task, gfp, fclone) === -2) {
      yield* (this.queue as WaitQueue).sleepTimeout(task.process, this.sleepNs)
      if (!this.short) return super.tryHead(task, gfp, fclone)
    }
    return 0
  }

  override gfpPfmemallocAllowed(ctx: Context, gfp: number): boolean {
    if ((gfp & __GFP_NOMEMALLOC) !== 0) return false
    if ((gfp & __GFP_MEMALLOC) !== 0) return true
    return (ctx.flags & PF_MEMALLOC) !== 0 && (ctx.servingSoftirq || !ctx.inInterrupt)
  }
}

const network = (
  switches: NetSwitches = ALL_SWITCHES,
  nic: NicOptions = CARDS.e1000,
  sysctls: Partial<NetSysctls> = {}
): { net: ToyNetwork; memory: ShortMemory } => {
  const memory = new ShortMemory()
  const net = new ToyNetwork({ memory, switches, nic, serverNic: { ...CARDS.e1000, gro: false }, sysctls })
  memory.queue = new WaitQueue(net.sim, "direct reclaim")
  memory.sleepNs = 50 * MS
  return { net, memory }
}

describe("a sender without memory", () => {
  it("with PF_MEMALLOC it never sleeps in the allocator: it retries after 2 … HZ/5 + 1 ticks, with a smaller buffer", () => {
    const { net, memory } = network()
    memory.short = true
    memory.empty = true
    const tries: Array<number> = []
    const tryHead = memory.tryHead.bind(memory)
    memory.tryHead = (ctx, gfp, fclone) => {
      if (fclone) tries.push(net.sim.now / MS)
      return tryHead(ctx, gfp, fclone)
    }
    net.client.skAllocation = GFP_NOIO
    net.client.setMemalloc()
    let sent = 0
    net.spawn("sender", function*(task) {
      task.flags |= PF_MEMALLOC
      sent = yield* net.client.sendPage(task, 1, 1, false)
    })
    net.sim.run(2_000 * MS)
    expect(sent).toBe(0)
    expect(net.client.vmWaits).toBeGreaterThanOrEqual(9)
    expect(net.client.sndbuf).toBe(2048)
    expect(net.client.memory.pressure).toBe(true)
    const gaps = tries.slice(1).map((at, i) => at - tries[i])
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(201)
    // it takes a while to use the whole range
    expect(new Set(gaps).size).toBeGreaterThan(3)
    expect(net.client.owned).toBe(false)
    memory.empty = false
    net.sim.run(3_000 * MS)
    expect(sent).toBe(4096)
  })

  it("without it it sleeps in reclaim and owns the socket: packets wait in the backlog, the reader for the lock", () => {
    const { net, memory } = network()
    net.client.skAllocation = GFP_NOIO
    const log: Array<string> = []
    net.spawn("peer", function*(task) {
      yield* task.process.hold(10 * MS)
      yield* net.server.sendBytes(task, new Uint8Array(16), false)
    })
    net.sim.run(1 * MS)
    // receive buffers are in the ring; from here on nothing can be allocated
    memory.short = true
    net.spawn("sender", function*(task) {
      log.push(`sent ${yield* net.client.sendPage(task, 1, 1, false)} at ${Math.round(net.sim.now / MS)}`)
    })
    net.sim.run(5 * MS)
    expect(net.client.owned).toBe(true)
    net.spawn("reader", function*(task) {
      log.push(`read ${yield* net.client.recvBytes(task, new Uint8Array(16))} at ${Math.round(net.sim.now / MS)}`)
    })
    net.sim.run(40 * MS)
    expect(net.client.backlogLen).toBeGreaterThan(0)
    expect(net.client.lockQueue.waiters).toBe(1)
    expect(net.client.readable).toBe(0)
    memory.short = false
    net.sim.run(200 * MS)
    expect(log).toEqual(["sent 4096 at 51", "read 16 at 51"])
    expect(net.client.backlogLen).toBe(0)
    net.close()
    expect(memory.heads).toBe(0)
    expect(memory.pages).toBe(0)
  })

  it("a page of the stream that could not be queued at once is not torn", () => {
    const { net, memory } = network()
    net.client.setMemalloc()
    net.client.skAllocation = GFP_NOIO | __GFP_MEMALLOC
    let received = 0
    net.spawn("sender", function*(task) {
      task.flags |= PF_MEMALLOC
      for (let i = 0; i < 40; i++) yield* net.client.sendPage(task, 3, i, false)
    })
    net.spawn("flicker", function*(task) {
      for (let i = 0; i < 200; i++) {
        memory.short = i % 3 !== 0
        memory.empty = i % 3 === 1
        yield* task.process.hold(3 * MS)
      }
      memory.short = false
    })
    net.spawn("receiver", function*(task) {
      const page = { tokenWriter: 0, tokenVersion: 0 }
      for (let i = 0; i < 40; i++) {
        yield* net.server.recvPage(task, page)
        expect(page).toEqual({ tokenWriter: 3, tokenVersion: i })
        received++
      }
    })
    net.sim.run(100_000 * MS)
    expect(received).toBe(40)
    net.client.checkInvariants()
    net.close()
    expect(memory.heads).toBe(0)
    expect(memory.pages).toBe(0)
  })
})

describe("what Linux does with plain GFP_ATOMIC, or without looking at the socket", () => {
  it("a retransmission without memory backs off: only a drop by the device does not", () => {
    const { net, memory } = network()
    net.client.setMemalloc()
    net.ab.cut = true
    net.spawn("sender", function*(task) {
      yield* net.client.sendPage(task, 1, 1, false)
    })
    net.sim.run(MS)
    // one skb of three segments: it has to be cut, and cutting takes an skb, from the reserve for nobody
    memory.short = true
    memory.refused = []
    net.sim.run(16_000 * MS)
    expect(net.client.timeouts).toBe(4)
    expect(net.client.rto).toBe(16_000 * MS)
    expect(net.client.retransmitted).toBe(0)
    expect(memory.refused).toContain(GFP_ATOMIC)
  })

  it.each([
    { how: "a fast retransmit", sack: 0, recoveries: 1 },
    // the SACKs themselves cannot be noted, so that no recovery begins
    { how: "SACK", sack: 1, recoveries: 0 }
  ])("$how that has to cut a segment gets nothing from the reserve", ({ recoveries, sack }) => {
    const { net, memory } = network(ALL_SWITCHES, CARDS.e1000, { ...NEWRENO, "net.ipv4.tcp_sack": sack })
    net.client.setMemalloc()
    let lost = false
    net.ab.onFrame = (frame) => lost || net.packets.len[frame] === 0 || !(lost = true)
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 5; i++) yield* net.client.sendPage(task, 1, i, true)
    })
    net.sim.run(20_000)
    memory.short = true
    net.sim.run(5 * MS)
    expect(net.client.mib).toMatchObject({ TCPSackRecovery: 0, TCPRenoRecovery: recoveries })
    expect([net.client.retransmitted, net.client.sackedOut > 0]).toEqual([0, sack === 0])
  })

  it("a copy of a segment in the device is as large as its bytes need", () => {
    const { net } = network()
    net.ab.cut = true
    net.spawn("sender", function*(task) {
      yield* net.client.sendBytes(task, new Uint8Array(28), false)
    })
    net.sim.run(10 * MS)
    const { skbs } = net.a.stack
    // as if the clone had not left the device yet
    skbs.twinBusy[net.client.writeHead] = 1
    const sizes: Array<number> = []
    const transmit = net.a.nic.transmit.bind(net.a.nic)
    net.a.nic.transmit = (ctx, skb) => {
      sizes.push(skbs.truesize[skb])
      return transmit(ctx, skb)
    }
    net.sim.run(1_500 * MS)
    // kmalloc-1024, where the segment itself has kmalloc-2048
    expect(sizes).toEqual([1280])
  })

  it("a sender that waits for memory is not woken by packets that free nothing", () => {
    const { net, memory } = network()
    // no fast clone pairs; ACKs can be had
    const tryHead = memory.tryHead.bind(memory)
    memory.tryHead = (ctx, gfp, fclone) => fclone ? -1 : tryHead(ctx, gfp, fclone)
    net.spawn("sender", function*(task) {
      yield* net.client.sendPage(task, 1, 1, false)
    })
    net.spawn("peer", function*(task) {
      for (let i = 0; i < 150; i++) {
        yield* net.server.sendBytes(task, new Uint8Array(16), false)
        yield* task.process.hold(MS)
      }
    })
    net.sim.run(150 * MS)
    expect(net.client.readable).toBeGreaterThan(1000)
    expect(net.client.vmWaits).toBeLessThan(20)
  })

  it("a send buffer of fixed size is not cut", () => {
    const memory = new ShortMemory()
    const net = new ToyNetwork({ memory, tcp: { sndbuf: 65536 } })
    memory.short = true
    memory.empty = true
    net.spawn("sender", function*(task) {
      task.flags |= PF_MEMALLOC
      yield* net.client.sendPage(task, 1, 1, false)
    })
    net.sim.run(500 * MS)
    expect(net.client.txFailures).toBeGreaterThan(0)
    expect(net.client.sndbuf).toBe(65536)
  })
})

describe("an ACK at the bottom of memory", () => {
  it.each([{ gfpSocket: true, acks: true }, { gfpSocket: false, acks: false }])(
    "sk_gfp_atomic $gfpSocket: sent $acks",
    ({ gfpSocket, acks }) => {
      // patch 12 would grant the reserve in any case
      const { net, memory } = network({ ...ALL_SWITCHES, gfpSocket, pfmemallocReceive: false })
      net.client.setMemalloc()
      net.spawn("sender", function*(task) {
        yield* net.server.sendBytes(task, new Uint8Array(3000), false)
      })
      net.sim.run(1000)
      memory.short = true
      net.sim.run(10 * MS)
      expect(net.client.acksSent > 0).toBe(acks)
      expect(net.client.ackFailures > 0).toBe(!acks)
    }
  )
})

describe("packets made of the reserve", () => {
  const receive = (memalloc: boolean, waiting: boolean) => {
    const { net, memory } = network(ALL_SWITCHES, CARDS.kmalloc)
    // somebody else is a memalloc socket, so the NIC may fill its ring from the reserve
    if (!memalloc) net.a.stack.memallocSocks.count = 1
    else net.client.setMemalloc()
    memory.short = true
    net.a.nic.rx.drain(net.a.softirq.ctx)
    net.a.nic.rx.fill(net.a.softirq.ctx)
    let got = 0
    if (waiting) {
      net.spawn("reader", function*(task) {
        got = yield* net.client.recvBytes(task, new Uint8Array(100))
      })
    }
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.sim.run(10 * MS)
    return { net, memory, got }
  }

  it("reach the memalloc socket, through the prequeue too", () => {
    expect(receive(true, false).net.client.readable).toBe(100)
    expect(receive(true, true).got).toBe(100)
  })

  it("are discarded by any other socket, and come again by its peer's time-out", () => {
    const { net, memory } = receive(false, false)
    expect(net.client.readable).toBe(0)
    expect(net.client.pfmemallocDrops).toBe(1)
    memory.short = false
    // the ring is full of reserve buffers: 256 packets have to pass first
    net.a.nic.rx.drain(net.a.softirq.ctx)
    net.a.nic.rx.fill(net.a.softirq.ctx)
    net.sim.run(3_000 * MS)
    expect(net.client.readable).toBe(100)
    expect(net.server.timeouts).toBeGreaterThan(0)
  })
})
