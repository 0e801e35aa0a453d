// Segmentation in software: what a long skb becomes for a card that gathers fragments and cannot cut.
import { freeSegments, skbSegment } from "#src/tx-gso.ts"
import { CARDS, MAX_TCP_HEADER, MSS, Socket, TCPHDR_ACK, TCPHDR_FIN, TCPHDR_PSH } from "@swaplab/net-skb"
import { GFP_ATOMIC, PAGE_SIZE } from "@swaplab/page-alloc"
import fc from "fast-check"
import { expect, it } from "vitest"
import { Toy } from "./toy.ts"

/** Counts what comes back below the stack. */
class Sender extends Socket {
  returned: Array<number> = []
  override rcv(): void {}
  override skbFreed(_ctx: unknown, truesize: number): void {
    this.returned.push(truesize)
  }
}

/** A long skb: so many linear bytes, and fragments of the given lengths, each in a page of its own. */
const longSkb = (toy: Toy, linear: number, frags: ReadonlyArray<number>): number => {
  const { skbs } = toy.stack
  const skb = skbs.tryAllocSkb(toy.ctx, linear + MAX_TCP_HEADER, GFP_ATOMIC, 0)
  skbs.headLen[skb] = linear
  skbs.len[skb] = linear
  for (const bytes of frags) {
    const page = skbs.pages.adopt(skbs.memory.tryPage(toy.ctx, GFP_ATOMIC))
    skbs.fillPageDesc(skb, page, bytes)
    skbs.len[skb] += bytes
    skbs.truesize[skb] += bytes
  }
  return skb
}

it("whatever the parts of a long skb are, its segments have all its bytes in order, and share its pages", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1500 }),
      fc.array(fc.integer({ min: 1, max: PAGE_SIZE }), { minLength: 1, maxLength: 17 }),
      (linear, frags) => {
        const toy = new Toy()
        const { skbs } = toy.stack
        const skb = longSkb(toy, linear, frags)
        const first = skbSegment(skbs, toy.ctx, skb, MSS)
        // the bytes of the segments, as pieces of (page or −1 for linear, length), one behind the other
        const pieces: Array<[number, number]> = []
        let left = skbs.len[skb]
        for (let at = first; at >= 0; at = skbs.next[at]) {
          expect(skbs.len[at]).toBe(Math.min(MSS, left))
          left -= skbs.len[at]
          const parts: Array<[number, number]> = [[-1, skbs.headLen[at]]]
          for (let i = 0; i < skbs.nrFrags[at]; i++) parts.push([skbs.fragPage[at * 17 + i], skbs.fragLen[at * 17 + i]])
          expect(parts.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(skbs.len[at])
          for (const [page, bytes] of parts) {
            if (bytes === 0) continue
            const last = pieces.at(-1)
            if (last !== undefined && last[0] === page) last[1] += bytes
            else pieces.push([page, bytes])
          }
        }
        expect(left).toBe(0)
        expect(pieces.map(([, bytes]) => bytes)).toEqual([linear, ...frags].filter((bytes) => bytes > 0))
        skbs.kfree(toy.ctx, skb)
        freeSegments(skbs, toy.ctx, first)
        expect([skbs.inUse, skbs.pages.inUse, toy.objects.objects]).toEqual([0, 0, 0])
      }
    ),
    { numRuns: 60, seed: 3 }
  )
})

/** Sends 3.5 segments on a card, with so many pages free. */
const sent = (tso: boolean, pages: number | null) => {
  const toy = new Toy({ nic: { ...CARDS.e1000, tso } })
  toy.nic.open(toy.ctx)
  const socket = new Sender(toy.stack, toy.stack.tcpMemory, 1e6, 1e6)
  const skb = longSkb(toy, 100, [PAGE_SIZE, 3.5 * MSS - PAGE_SIZE - 100])
  const { skbs, tx } = toy.stack
  const truesize = skbs.truesize[skb]
  const inUse = skbs.inUse
  Object.assign(tx, { dst: 1, sport: socket.port, port: 5, seq: 1000, flags: TCPHDR_ACK | TCPHDR_PSH | TCPHDR_FIN })
  Object.assign(tx, { len: skbs.len[skb], mss: MSS })
  if (pages !== null) toy.exhaust(pages)
  const result = toy.nic.transmit(toy.ctx, skb)
  const before = { held: skbs.inUse - inUse, returned: [...socket.returned] }
  toy.nic.tx.checkInvariants()
  toy.pass(10_000_000)
  toy.nic.checkInvariants()
  return { before, inUse, result, socket, toy, truesize }
}

it("without TSO four skbs stand in the ring, and the socket has its memory back", () => {
  const { before, inUse, result, socket, toy, truesize } = sent(false, null)
  expect(result).toBe(0)
  // the long skb went, its four segments came
  expect(before).toEqual({ held: 3, returned: [truesize] })
  const { packets } = toy
  expect(toy.sentFrames.map((frame) => [packets.seq[frame], packets.len[frame], packets.flags[frame]])).toEqual([
    [1000, MSS, TCPHDR_ACK],
    [1000 + MSS, MSS, TCPHDR_ACK],
    [1000 + 2 * MSS, MSS, TCPHDR_ACK],
    [1000 + 3 * MSS, MSS / 2, TCPHDR_ACK | TCPHDR_PSH | TCPHDR_FIN]
  ])
  expect([toy.stack.skbs.inUse, socket.returned]).toEqual([inUse - 1, [truesize]])
})

it("with TSO the long skb itself is held until it has left, and the frames are the same", () => {
  const { before, socket, toy, truesize } = sent(true, null)
  expect(before).toEqual({ held: 0, returned: [] })
  expect([toy.sentFrames.length, socket.returned]).toEqual([4, [truesize]])
})

it("without memory for one segment all of them are lost, each counts, and the sender learns nothing", () => {
  // each skb is two pages here: three of the four can be had
  const { before, inUse, result, socket, toy, truesize } = sent(false, 7)
  expect([result, toy.sentFrames.length, toy.nic.tx.notSegmented, toy.nic.tx.dropped]).toEqual([0, 0, 4, 0])
  expect(before).toEqual({ held: -1, returned: [truesize] })
  expect([toy.stack.skbs.inUse, socket.returned]).toEqual([inUse - 1, [truesize]])
})
