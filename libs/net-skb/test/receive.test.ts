import { ETH_P_ARP } from "#src/packets.ts"
import { ProtoMemory } from "#src/sock.ts"
import { CARDS, DatagramSocket, ETH_P_LLDP, type NetSwitches, Socket } from "@swaplab/net-skb"
import { __GFP_MEMALLOC, type Context, GFP_ATOMIC, NO_PAGE, PF_MEMALLOC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { Toy } from "./toy.ts"

/** Looks at what arrives, and tries a plain atomic allocation while it is being received. */
class Probe extends Socket {
  got = 0
  marked = 0
  allocated = 0
  pfMemalloc = 0
  readonly #toy: Toy

  constructor(toy: Toy) {
    super(toy.stack, toy.stack.udpMemory, 1e6, 1e6)
    this.#toy = toy
  }

  override rcv(ctx: Context, skb: number): void {
    const { skbs } = this.stack
    if (!this.filter(skb)) {
      skbs.kfree(ctx, skb)
      return
    }
    this.got++
    if (skbs.pfmemalloc[skb] !== 0) this.marked++
    if ((ctx.flags & PF_MEMALLOC) !== 0) this.pfMemalloc++
    const pfn = this.#toy.pages.tryAlloc(ctx, GFP_ATOMIC, 0)
    if (pfn !== NO_PAGE) {
      this.allocated++
      this.#toy.pages.free(ctx, pfn, 0)
    }
    skbs.kfree(ctx, skb)
  }
}

const merged: Partial<NetSwitches> = {
  gfpSocket: true,
  memallocSockets: true,
  skbReserve: true,
  pageToSkb: true,
  skbAllocPage: true,
  pfmemallocReceive: true
}

/** One packet for a memalloc socket and one for an ordinary one, at 12 free pages, on a NIC that allocates by kmalloc. */
const atTheBottom = (switches: Partial<NetSwitches>) => {
  const toy = new Toy({ switches, nic: { ...CARDS["tg3-kmalloc"], copyBreak: 0 } })
  const nbd = new Probe(toy)
  const ordinary = new Probe(toy)
  nbd.setMemalloc()
  toy.nic.open(toy.ctx)
  const taps: Array<number> = []
  toy.stack.tap = { frame: (frame) => taps.push(toy.packets.proto[frame]) }
  toy.exhaust(12)
  // the ring holds old buffers: two rounds bring those made of the reserve to the front
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 200; i++) {
      const last = round === 1 && i >= 198
      toy.arrive(last ? (i === 198 ? nbd.port : ordinary.port) : 99, 500)
      toy.pass(100_000)
    }
  }
  return { toy, nbd, ordinary, taps }
}

describe("patches 7 to 12, each by what it changes", () => {
  it("8: a memalloc socket counts in the key and carries __GFP_MEMALLOC", () => {
    for (const memallocSockets of [false, true]) {
      const toy = new Toy({ switches: { memallocSockets, gfpSocket: true } })
      const socket = new Probe(toy)
      socket.setMemalloc()
      socket.setMemalloc()
      expect(toy.memallocSocks.count).toBe(memallocSockets ? 2 : 0)
      expect(socket.gfpAtomic() & __GFP_MEMALLOC).toBe(memallocSockets ? __GFP_MEMALLOC : 0)
    }
  })

  it("7: without sk_gfp_atomic the socket's right does not reach atomic allocations", () => {
    const toy = new Toy({ switches: { memallocSockets: true } })
    const socket = new Probe(toy)
    socket.setMemalloc()
    expect(socket.gfpAtomic()).toBe(GFP_ATOMIC)
  })

  it("9: at the bottom packets for the nbd socket arrive and others are discarded without a counter", () => {
    const { toy, nbd, ordinary } = atTheBottom(merged)
    expect(nbd.got).toBe(1)
    expect(nbd.marked).toBe(1)
    expect(ordinary.got).toBe(0)
    expect(ordinary.pfmemallocDrops).toBe(1)
    expect(toy.nic.rxDroppedTotal).toBe(0)
  })

  it("9: before, both are lost at the refill", () => {
    const { toy, nbd, ordinary } = atTheBottom({})
    expect(nbd.got + ordinary.got).toBe(0)
    expect(toy.nic.rxDroppedTotal).toBe(400)
  })

  it("12: a marked packet lends its receiver PF_MEMALLOC, and it is given back", () => {
    const { toy, nbd } = atTheBottom(merged)
    expect(nbd.pfMemalloc).toBe(1)
    expect(nbd.allocated).toBe(1)
    expect(toy.ctx.flags).toBe(0)
    const without = atTheBottom({ ...merged, pfmemallocReceive: false })
    expect(without.nbd.got).toBe(1)
    expect(without.nbd.pfMemalloc).toBe(0)
    expect(without.nbd.allocated).toBe(0)
  })

  it("12: marked packets of other protocols are dropped, and no tap sees marked packets", () => {
    const { toy, taps } = atTheBottom(merged)
    const dropped = toy.nic.rxDropped
    const seen = taps.length
    for (let i = 0; i < 200; i++) {
      toy.arrive(0, 100, i % 2 === 0 ? ETH_P_LLDP : ETH_P_ARP)
      toy.pass(100_000)
    }
    expect(toy.nic.rxDropped - dropped).toBeGreaterThanOrEqual(99)
    // two unmarked ones at most were still in the ring
    expect(taps.length - seen).toBeLessThanOrEqual(2)
    const without = atTheBottom({ ...merged, pfmemallocReceive: false })
    const before = without.taps.length
    without.toy.arrive(0, 100, ETH_P_LLDP)
    without.toy.pass(100_000)
    expect(without.toy.nic.rxDropped).toBe(0)
    expect(without.taps.length).toBe(before + 1)
  })

  it("10, 11: igb's half pages may come from the reserve and mark their packet", () => {
    for (const skbAllocPage of [false, true]) {
      const toy = new Toy({
        switches: { ...merged, skbAllocPage, netdevFragRecycle: true },
        nic: { ...CARDS.igb, ring: 17 }
      })
      const nbd = new Probe(toy)
      nbd.setMemalloc()
      toy.nic.open(toy.ctx)
      const held: Array<number> = []
      // heads and header fragments are plain GFP_ATOMIC: leave room for them, not for pages
      for (;;) {
        const pfn = toy.pages.tryAlloc(toy.ctx, GFP_ATOMIC, 0)
        if (pfn === NO_PAGE) break
        held.push(pfn)
      }
      const skb = toy.stack.netdev.skb({ ...toy.task, flags: PF_MEMALLOC }, 512)
      const page = toy.stack.netdev.pageForSkb(toy.ctx, skb)
      expect(page >= 0).toBe(skbAllocPage)
      expect(toy.stack.skbs.pfmemalloc[skb]).toBe(skbAllocPage ? 1 : 0)
    }
  })

  it("+1: above the limit of protocol memory a marked packet is still accepted", () => {
    for (const rmemExemption of [false, true]) {
      const toy = new Toy({ switches: { rmemExemption }, tcpMem: [1, 2, 3] })
      const socket = new Probe(toy)
      socket.rmemAlloc = 1e6
      expect(socket.rmemSchedule(100_000, false)).toBe(false)
      expect(socket.rmemSchedule(100_000, true)).toBe(rmemExemption)
      socket.rmemAlloc = 0
    }
  })
})

describe("datagrams that nobody reads", () => {
  it("fill the receive buffer, then are dropped", () => {
    const toy = new Toy()
    const socket = new DatagramSocket(toy.stack, toy.stack.udpMemory)
    toy.nic.open(toy.ctx)
    for (let i = 0; i < 300; i++) {
      toy.arrive(socket.port, 100)
      toy.pass(100_000)
    }
    // 2176 bytes of truesize each, the last one may exceed 212 992
    expect(socket.queued).toBe(98)
    expect(socket.drops).toBe(202)
    expect(socket.drain(toy.ctx)).toBe(98)
    expect(socket.rmemAlloc).toBe(0)
    expect(toy.stack.udpMemory.allocated).toBe(0)
  })
})

describe("protocol memory", () => {
  it("grants below the first limit, enters pressure above the second, refuses above the third", () => {
    const toy = new Toy()
    const memory = new ProtoMemory([10, 20, 30])
    const socket = new (class extends Socket {
      override rcv(): void {}
    })(toy.stack, memory, 1e6, 1e6)
    const take = (pages: number): boolean => {
      const ok = socket.rmemSchedule(pages * 4096, false)
      if (ok) {
        socket.memCharge(pages * 4096)
        socket.rmemAlloc += pages * 4096
      }
      return ok
    }
    expect(take(10)).toBe(true)
    expect(memory.pressure).toBe(false)
    expect(take(11)).toBe(true)
    expect(memory.pressure).toBe(true)
    // a single socket may have all of the hard limit while it is the only one
    expect(take(5)).toBe(true)
    expect(take(10)).toBe(false)
    expect(memory.allocated).toBe(26)
    socket.memUncharge(26 * 4096)
    socket.rmemAlloc = 0
    socket.memReclaim()
    expect(memory.allocated).toBe(0)
    expect(memory.pressure).toBe(false)
  })

  it("a failed send cuts the buffer to half of what is queued, not below 2048", () => {
    const toy = new Toy()
    const socket = new DatagramSocket(toy.stack, toy.stack.udpMemory)
    socket.sndbuf = 100_000
    socket.wmemQueued = 50_000
    socket.moderateSndbuf()
    expect(socket.sndbuf).toBe(25_000)
    socket.wmemQueued = 100
    socket.moderateSndbuf()
    expect(socket.sndbuf).toBe(2048)
  })
})
