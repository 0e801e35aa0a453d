import type { HostMemory } from "@swaplab/net-skb"
import { hostMemoryIdle } from "@swaplab/net-skb"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ToyNetwork } from "./toy.ts"

const header = (n: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => (n * 31 + i) & 255)

/** The server sends `count` replies of 16 bytes and a page; the client checks them. Returns when all were received. */
const transfer = (net: ToyNetwork, count: number, untilNs = 400e9): number => {
  let received = 0
  let doneAt = -1
  net.spawn("sender", function*(task) {
    for (let i = 0; i < count; i++) {
      expect(yield* net.server.sendBytes(task, header(i), true)).toBe(16)
      expect(yield* net.server.sendPage(task, 7, i, false)).toBe(4096)
    }
  })
  net.spawn("receiver", function*(task) {
    const bytes = new Uint8Array(16)
    const page = { tokenWriter: 0, tokenVersion: 0 }
    for (let i = 0; i < count; i++) {
      expect(yield* net.client.recvBytes(task, bytes)).toBe(16)
      expect([...bytes]).toEqual([...header(i)])
      expect(yield* net.client.recvPage(task, page)).toBe(4096)
      expect(page).toEqual({ tokenWriter: 7, tokenVersion: i })
      received++
    }
    doneAt = net.sim.now
  })
  net.sim.run(untilNs)
  net.client.checkInvariants()
  net.server.checkInvariants()
  expect(received).toBe(count)
  return doneAt
}

describe("bulk transfer", () => {
  it("fills a gigabit line and frees everything", () => {
    const net = new ToyNetwork()
    const ns = transfer(net, 5000)
    const pagesPerSecond = 5000 / (ns / 1e9)
    // 28.4 kpages/s are the ceiling of the line for 4112-byte records
    expect(pagesPerSecond).toBeGreaterThan(26_000)
    expect(pagesPerSecond).toBeLessThan(28_700)
    expect(net.server.retransmitted).toBe(0)
    net.close()
    expect(hostMemoryIdle(net.a.memory as HostMemory)).toBe(true)
    expect(hostMemoryIdle(net.b.memory as HostMemory)).toBe(true)
    expect(net.packets.inUse).toBe(0)
  })

  it("everything arrives in order, once, whatever the wire does", () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 1, max: 1e6 }),
          loss: fc.constantFrom(0, 0.001, 0.01, 0.1),
          reorder: fc.constantFrom(0, 0.05, 0.3),
          count: fc.integer({ min: 1, max: 150 }),
          late: fc.constantFrom(1_000, 50_000, 3_000_000)
        }),
        ({ seed, loss, reorder, count, late }) => {
          const net = new ToyNetwork({ seed })
          for (const wire of [net.ab, net.ba]) {
            wire.loss = loss
            wire.reorder = reorder
            wire.lateNs = late
          }
          transfer(net, count, 4000e9)
          net.close()
          expect(net.packets.inUse).toBe(0)
          expect(hostMemoryIdle(net.a.memory as HostMemory)).toBe(true)
          expect(hostMemoryIdle(net.b.memory as HostMemory)).toBe(true)
        }
      ),
      { seed: 20120731, numRuns: 60 }
    )
  })
})
