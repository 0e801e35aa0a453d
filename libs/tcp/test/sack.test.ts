// SACK as the receiver does it: what its ACKs say of what has arrived behind a hole, and of what has arrived twice.
import { NO_SKB, SACK_STRIDE, TCP_HEADER_BYTES, TCPHDR_ACK, TCPHDR_FIN } from "@swaplab/net-skb"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { at, type Script, type Segment } from "./script.ts"

type Block = readonly [start: number, end: number]

/** A socket that knows SACK and has received 1000 bytes, and the blocks of its ACKs since the last call. */
const sacking = (sysctls: object = {}) => {
  const script = at({ sackOk: true, rcvWnd: 40_000, rcvSsthresh: 40_000 }, { sysctls })
  const { packets } = script.net
  const acks: Array<{ readonly bytes: number; readonly blocks: ReadonlyArray<Block> }> = []
  const seen = script.net.ab.onFrame
  script.net.ab.onFrame = (frame) => {
    const blocks = Array.from({ length: packets.sackBlocks[frame] }, (_, i): Block => [
      packets.sackSeq[frame * SACK_STRIDE + 2 * i],
      packets.sackSeq[frame * SACK_STRIDE + 2 * i + 1]
    ])
    acks.push({ bytes: packets.bytes[frame], blocks })
    return seen?.(frame) ?? true
  }
  const blocks = (segments: ReadonlyArray<Segment>) => {
    for (const segment of segments) script.segment(segment)
    return acks.splice(0).map((ack) => ack.blocks)
  }
  return { acks, blocks, script }
}

const data = (seq: number, end: number): Segment => ({ seq, len: end - seq })

describe("an ACK of a socket with SACK", () => {
  it("names the block of the last segment first, and grows by 4 and 8 bytes for each", () => {
    const { acks, script } = sacking()
    for (const segment of [data(1100, 1200), data(1300, 1400), data(1500, 1600)]) script.segment(segment)
    expect(acks).toEqual([
      { bytes: TCP_HEADER_BYTES + 12, blocks: [[1100, 1200]] },
      { bytes: TCP_HEADER_BYTES + 20, blocks: [[1300, 1400], [1100, 1200]] },
      { bytes: TCP_HEADER_BYTES + 28, blocks: [[1500, 1600], [1300, 1400], [1100, 1200]] }
    ])
  })

  it("has room for three of the four blocks that the receiver remembers, which forgets a fifth", () => {
    const { blocks, script } = sacking()
    const many = [1100, 1300, 1500, 1700, 1900].map((seq) => data(seq, seq + 100))
    expect(blocks(many).at(-1)).toEqual([[1900, 2000], [1700, 1800], [1500, 1600]])
    expect(script.client.numSacks).toBe(4)
    // what was forgotten comes back with the next segment that touches it
    expect(blocks([data(1200, 1250)])).toEqual([[[1200, 1250], [1900, 2000], [1700, 1800]]])
  })

  it.each([
    { what: "grows at its end", then: data(1200, 1250), first: [1100, 1250] },
    { what: "grows at its beginning", then: data(1050, 1100), first: [1050, 1200] },
    { what: "is joined to the next when the hole between them is filled", then: data(1200, 1300), first: [1100, 1400] }
  ])("a block $what", ({ first, then }) => {
    const { blocks } = sacking()
    expect(blocks([data(1300, 1400), data(1100, 1200), then]).at(-1)?.[0]).toEqual(first)
  })

  it("an older block that grows becomes the first one", () => {
    const { blocks } = sacking()
    expect(blocks([data(1100, 1200), data(1300, 1400), data(1500, 1600), data(1200, 1210)]).at(-1))
      .toEqual([[1100, 1210], [1500, 1600], [1300, 1400]])
  })

  it("forgets blocks when the hole before them is filled", () => {
    const { blocks } = sacking()
    expect(blocks([data(1100, 1200), data(1300, 1400), data(1000, 1100)]).at(-1)).toEqual([[1300, 1400]])
    expect(blocks([data(1200, 1300)]).at(-1)).toEqual([])
  })

  it("forgets everything with a FIN", () => {
    const { blocks, script } = sacking()
    const fin = { seq: 1000, len: 100, flags: TCPHDR_ACK | TCPHDR_FIN }
    blocks([data(1300, 1400), fin])
    expect(script.client).toMatchObject({ numSacks: 0, oooHead: NO_SKB, rcvNxt: 1101 })
  })

  it("names nothing when the peer does not know SACK", () => {
    const { blocks, script } = sacking()
    script.client.sackOk = false
    expect(blocks([data(1100, 1200), data(1100, 1200)])).toEqual([[], []])
  })
})

describe("D-SACK", () => {
  it.each([
    { what: "all of it, in order", before: [data(1000, 1100)], again: data(1000, 1100), first: [1000, 1100] },
    { what: "below the window", before: [data(1000, 1100)], again: data(900, 950), first: [900, 950] },
    { what: "a part of it, in order", before: [data(1000, 1100)], again: data(1050, 1200), first: [1050, 1100] },
    { what: "all of it, behind a hole", before: [data(1100, 1200)], again: data(1120, 1180), first: [1120, 1180] },
    { what: "a part of it, behind a hole", before: [data(1100, 1200)], again: data(1150, 1250), first: [1150, 1200] },
    { what: "what a longer one covers", before: [data(1200, 1300)], again: data(1100, 1400), first: [1200, 1300] },
    { what: "the beginning of the next", before: [data(1200, 1300)], again: data(1100, 1250), first: [1200, 1250] },
    { what: "what was kept behind the hole", before: [data(1100, 1200)], again: data(1000, 1150), first: [1100, 1150] }
  ])("tells first and once what has arrived twice: $what", ({ again, before, first }) => {
    const { blocks, script } = sacking()
    blocks(before)
    expect(blocks([again]).at(-1)?.[0]).toEqual(first)
    const { TCPDSACKOfoSent, TCPDSACKOldSent } = script.client.mib
    const behind = script.client.rcvNxt < first[1]
    expect([TCPDSACKOldSent, TCPDSACKOfoSent]).toEqual(behind ? [0, 1] : [1, 0])
    expect(blocks([data(2000, 2100)]).at(-1)?.[0]).toEqual([2000, 2100])
  })

  it("is told before the block that contains it", () => {
    const { blocks } = sacking()
    expect(blocks([data(1100, 1200), data(1100, 1200)]).at(-1)).toEqual([[1100, 1200], [1100, 1200]])
  })

  it("is told by nobody whose tcp_dsack is 0", () => {
    const { blocks } = sacking({ "net.ipv4.tcp_dsack": 0 })
    expect(blocks([data(1100, 1200), data(1100, 1200)]).at(-1)).toEqual([[1100, 1200]])
  })
})

/** What the out-of-order queue holds, as ranges that do not touch, by position. */
const ranges = ({ client, net }: Script): ReadonlyArray<Block> => {
  const { endSeq, next, seq } = net.a.stack.skbs
  const found: Array<[number, number]> = []
  for (let skb = client.oooHead; skb !== NO_SKB; skb = next[skb]) {
    const last = found.at(-1)
    if (last !== undefined && seq[skb] <= last[1]) last[1] = Math.max(last[1], endSeq[skb])
    else found.push([seq[skb], endSeq[skb]])
  }
  return found
}

describe("against a set of what has arrived", () => {
  it("blocks are ranges of the out-of-order queue, each once, and all of them when there are up to four", () => {
    const piece = fc.record({ from: fc.nat(30), n: fc.integer({ min: 1, max: 4 }) })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 30 }), (pieces) => {
        const { script } = sacking()
        const arrived = new Set<number>()
        let forgot = false
        for (const { from, n } of pieces) {
          script.segment(data(1000 + from * 100, 1000 + (from + n) * 100))
          for (let i = from; i < from + n; i++) arrived.add(i)
          let next = 0
          while (arrived.has(next)) next++
          const { client } = script
          expect(client.rcvNxt).toBe(1000 + next * 100)
          const behind = [...arrived].filter((i) => i > next).toSorted((a, b) => a - b)
          expect(
            ranges(script).flatMap(([a, b]) => Array.from({ length: (b - a) / 100 }, (_, i) => (a - 1000) / 100 + i))
          ).toEqual(behind)
          const blocks = Array.from({ length: client.numSacks }, (_, i): Block => [
            client.selectiveAcks[2 * i],
            client.selectiveAcks[2 * i + 1]
          ])
          forgot ||= ranges(script).length > 4
          // a block that was forgotten may come back as a part of its range only
          const whole = ranges(script).map(([a, b]) => `${a} ${b}`)
          if (!forgot) expect(blocks.map(([a, b]) => `${a} ${b}`).toSorted()).toEqual(whole.toSorted())
          for (const [a, b] of blocks) {
            expect(ranges(script).some(([start, end]) => start <= a && b <= end)).toBe(true)
          }
          expect(blocks.some(([a, b], i) => blocks.some(([c, d], j) => i !== j && a <= d && c <= b))).toBe(false)
        }
      }),
      { seed: 2018, numRuns: 150 }
    )
  })
})
