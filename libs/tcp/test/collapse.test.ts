// Memory of what has been received: segments that are joined when they come, and copied into fewer when room is short. What is
// received is the same whatever happens to its memory.
import { CARDS, NO_SKB, skbTruesize, TCPHDR_ACK, TCPHDR_FIN } from "@swaplab/net-skb"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MS, Script, Stingy } from "./script.ts"

const MSS = 1448

/** The queues of a script's client: bytes of each segment. */
const queues = ({ client, net }: Script) => {
  const { len, next } = net.a.stack.skbs
  const lengths = (head: number): ReadonlyArray<number> => {
    const found: Array<number> = []
    for (let skb = head; skb !== NO_SKB; skb = next[skb]) found.push(len[skb])
    return found
  }
  return { received: lengths(client.rcvHead), ooo: lengths(client.oooHead) }
}

const script = (nic: keyof typeof CARDS, options: object = {}): Script => {
  const made = new Script({ nic: CARDS[nic], ...options })
  made.client.rcvWnd = 1 << 20
  return made
}

describe("a segment behind another", () => {
  it("is copied into the free end of the other's buffer: it costs nothing", () => {
    const s = script("kmalloc")
    s.segment({ len: 16 })
    const { rmemAlloc } = s.client
    for (let i = 0; i < 3; i++) s.segment({ len: 16 })
    expect([queues(s).received, s.client.rmemAlloc, s.client.mib.TCPRcvCoalesce]).toEqual([[64], rmemAlloc, 3])
    s.close()
  })

  it("gives its page to the other: it costs all but its head object", () => {
    const s = script("e1000")
    s.segment({ len: MSS })
    const each = s.client.rmemAlloc
    for (let i = 0; i < 2; i++) s.segment({ len: MSS })
    expect([queues(s).received, s.client.rmemAlloc]).toEqual([[3 * MSS], 3 * each - 2 * 256])
    s.client.copiedSeq = s.client.rcvNxt
    s.close()
  })

  it("stays by itself when its buffer is no page", () => {
    const s = script("kmalloc")
    for (let i = 0; i < 3; i++) s.segment({ len: MSS })
    expect([queues(s).received, s.client.mib.TCPRcvCoalesce]).toEqual([[MSS, MSS, MSS], 0])
  })

  it("of seventeen fragments takes no more", () => {
    const s = script("e1000")
    for (let i = 0; i < 20; i++) s.segment({ len: MSS })
    // its own linear part, and 17 pages
    expect(queues(s).received).toEqual([18 * MSS, 2 * MSS])
  })

  it("with a FIN stays by itself, and so does one that repeats something", () => {
    const s = script("kmalloc")
    s.segment({ len: 16 })
    s.segment({ seq: 8, len: 16 })
    s.segment({ len: 16, flags: TCPHDR_ACK | TCPHDR_FIN })
    expect(queues(s).received).toEqual([16, 16, 16])
  })

  it("is joined behind a hole, too, at the end of the queue only", () => {
    const s = script("kmalloc")
    for (const seq of [100, 116, 200, 132]) s.segment({ seq, len: 16 })
    expect(queues(s).ooo).toEqual([32, 16, 16])
    s.close()
  })
})

describe("queues that need more room than there is", () => {
  it("are copied into pages: those in order, when they fill less than half of their memory", () => {
    const s = script("igb")
    // half a page each
    for (let i = 0; i < 11; i++) s.segment({ len: 700 })
    const before = queues(s).received
    const held = s.client.rmemAlloc
    Object.assign(s.client, { rcvbuf: held - 1, fixedRcvbuf: true })
    s.segment({ len: 700 })
    // 3646 bytes of data in a page: headers and skb_shared_info take the rest
    const { received } = queues(s)
    expect([before.length, received.slice(0, 2), s.client.mib.TCPRcvCollapsed]).toEqual([1, [3646, 3646], 1])
    expect([received.reduce((a, b) => a + b, 0), s.client.rmemAlloc < held]).toEqual([12 * 700, true])
    s.client.copiedSeq = s.client.rcvNxt
    s.close()
  })

  it("stay as they are when they fill more than half of it", () => {
    const s = script("kmalloc")
    // two in each buffer of 1728 bytes
    for (let i = 0; i < 12; i++) s.segment({ len: 700 })
    const before = queues(s).received
    Object.assign(s.client, { rcvbuf: s.client.rmemAlloc - 1, fixedRcvbuf: true })
    s.segment({ len: 700 })
    expect([before, queues(s).received]).toEqual([Array.from({ length: 6 }, () => 1400), before])
    expect([s.client.mib.RcvPruned, s.client.rcvbufDrops]).toEqual([1, 1])
  })

  it("are left as they are without memory for a copy, and what lies behind the hole is thrown away", () => {
    const memory = new Stingy()
    const s = script("kmalloc", { memory })
    const seqs = Array.from({ length: 6 }, (_, i) => i * 700)
    for (const seq of seqs) s.segment({ seq: 5000 + 2 * seq, len: 700 })
    for (const seq of seqs) s.segment({ seq, len: 700 })
    const { ooo, received } = queues(s)
    Object.assign(s.client, { rcvbuf: s.client.rmemAlloc - 1, fixedRcvbuf: true })
    // the card's buffers were allocated before
    memory.left = 0
    s.segment({ len: 16 })
    expect([ooo.length, queues(s).ooo]).toEqual([6, []])
    expect(queues(s).received.slice(0, received.length - 1)).toEqual(received.slice(0, -1))
    expect([s.client.mib.OfoPruned, s.client.mib.TCPRcvCollapsed]).toEqual([1, 0])
  })

  it("a copy is charged what its buffer takes", () => {
    const s = script("kmalloc")
    for (let i = 0; i < 6; i++) s.segment({ seq: 5000 + 300 * i, len: 300 })
    Object.assign(s.client, { rcvbuf: 0, fixedRcvbuf: true })
    s.segment({ seq: 50_000, len: 1 })
    s.client.checkInvariants()
    expect(s.client.rmemAlloc).toBeLessThanOrEqual(skbTruesize(4096))
  })
})

describe("whatever arrives in whatever order", () => {
  const segment = fc.record({
    from: fc.nat(60),
    n: fc.integer({ min: 1, max: 9 }),
    read: fc.nat(400),
    refuse: fc.boolean()
  })
  const cards = fc.constantFrom("e1000", "kmalloc", "igb") as fc.Arbitrary<keyof typeof CARDS>

  it("is delivered once and in order, and its memory adds up", () => {
    fc.assert(
      fc.property(
        cards,
        fc.integer({ min: 5000, max: 30_000 }),
        fc.array(segment, { minLength: 1, maxLength: 40 }),
        (nic, rcvbuf, segments) => {
          const memory = new Stingy()
          const s = script(nic, { memory, tcp: { rcvbuf } })
          const { client, net } = s
          const stream = Uint8Array.from({ length: 7000 }, (_, i) => (i * 7 + (i >> 8)) & 255)
          net.server.sent.appendBytes(stream)
          const task = net.spawn("reader", function*() {})
          let read = 0
          const take = (n: number): void => {
            const into = new Uint8Array(n)
            const count = client.tryRecvBytes(task, into, 0, n)
            expect([...into.subarray(0, count)]).toEqual([...stream.subarray(read, read + count)])
            read += count
            client.checkInvariants()
          }
          for (const { from, n, read: wanted, refuse } of segments) {
            // without memory now and then: neither an ACK nor a copy of a queue
            memory.left = refuse ? 0 : Number.POSITIVE_INFINITY
            // memory adds up and queues are in order after each: `pass` looks
            s.segment({ seq: from * 100, len: n * 100 })
            memory.left = Number.POSITIVE_INFINITY
            take(wanted)
          }
          // the peer sends again what has not been acknowledged
          for (let i = 0; i < 40 && client.rcvNxt < 7000; i++) {
            s.segment({ seq: client.rcvNxt, len: Math.min(1000, 7000 - client.rcvNxt) })
            take(7000)
            s.pass(MS)
          }
          expect([read, client.rcvNxt, client.bytesReceived]).toEqual([7000, 7000, 7000])
          expect([client.rmemAlloc, queues(s).ooo]).toEqual([0, []])
          s.close()
        }
      ),
      { seed: 35, numRuns: 120 }
    )
  })
})
