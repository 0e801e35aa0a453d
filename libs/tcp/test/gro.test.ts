// GRO below TCP: the stream is the same with and without it, whatever the network does to its frames.
import { ALL_SWITCHES, CARDS, HostMemory, hostMemoryIdle } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import fc from "fast-check"
import { expect, it } from "vitest"
import { ToyNetwork } from "./toy.ts"

/** Pages of each burst that is written, what the wire does, and the reader's card. */
interface Life {
  readonly pages: ReadonlyArray<number>
  readonly loss: number
  readonly reorder: number
  readonly buffers: "e1000" | "igb" | "tg3" | "kmalloc"
}

const PAGES = 400

/** Sends pages in bursts; returns what was read, and how many segments the reader's card has merged. */
const deliver = (life: Life, gro: boolean): { readonly read: ReadonlyArray<string>; readonly merged: number } => {
  const memory = new HostMemory()
  const net = new ToyNetwork({
    switches: ALL_SWITCHES,
    nic: { ...CARDS[life.buffers], gro },
    memory
  })
  net.ab.loss = net.ba.loss = life.loss
  net.ab.reorder = net.ba.reorder = life.reorder
  net.ab.lateNs = net.ba.lateNs = 300_000
  let left = PAGES
  net.spawn("sender", function*(task) {
    for (let i = 0; left > 0; i++) {
      const burst = Math.min(left, life.pages[i % life.pages.length])
      for (let at = 0; at < burst; at++, left--) yield* net.server.sendPage(task, 1, PAGES - left, at + 1 < burst)
    }
  })
  const read: Array<string> = []
  net.spawn("receiver", function*(task) {
    const page = { tokenWriter: 0, tokenVersion: 0 }
    while (read.length < PAGES) {
      expect(yield* net.client.recvPage(task, page)).toBe(PAGE_SIZE)
      read.push(`${page.tokenWriter}/${page.tokenVersion}`)
    }
  })
  net.sim.run(200e9)
  const { merged } = net.a.nic.rx.gro
  net.close()
  expect(net.packets.inUse).toBe(0)
  expect(hostMemoryIdle(memory)).toBe(true)
  return { read, merged }
}

it("whatever is written and lost, the reader gets the same with GRO and without", () => {
  fc.assert(
    fc.property(
      fc.record({
        pages: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        loss: fc.constantFrom(0, 0, 0.01, 0.05),
        reorder: fc.constantFrom(0, 0.02, 0.2),
        buffers: fc.constantFrom("e1000" as const, "igb" as const, "tg3" as const, "kmalloc" as const)
      }),
      (life) => {
        const on = deliver(life, true)
        const off = deliver(life, false)
        expect(on.read).toHaveLength(PAGES)
        expect(on.read).toEqual(off.read)
        expect(off.merged).toBe(0)
        if (life.loss === 0 && life.reorder === 0) expect(on.merged).toBeGreaterThan(PAGES)
      }
    ),
    { numRuns: 25, seed: 6 }
  )
})
