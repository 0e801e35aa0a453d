// Loss with a peer that SACKs, which the test plays: what is believed of each segment, and what is sent again.
import { NO_SKB } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script, type Segment, Stingy } from "./script.ts"

const MSS = 1448
const OPEN = 0
const DISORDER = 1
const RECOVERY = 3
const LOSS = 4

interface Options {
  readonly cwnd?: number
  readonly sysctls?: object
  readonly tso?: boolean
  readonly memory?: Stingy
}

/** `n` segments are in flight, in one skb each or in one for all; more are waiting. The round trip is known to be short. */
const flight = (n: number, { cwnd = n, memory = new Stingy(), sysctls = {}, tso = false }: Options = {}): Script => {
  const script = new Script({
    nic: PROMPT,
    memory,
    sysctls: { "net.ipv4.tcp_congestion_control": "reno", ...sysctls },
    tcp: { sndbuf: 4 << 20, tso }
  })
  script.segment()
  script.pass(10 * MS)
  Object.assign(script.client, { cwnd, ssthresh: n })
  for (let i = 0; i < (tso ? 1 : n); i++) script.send(tso ? n * MSS : MSS)
  script.take()
  expect(script.client.packetsOut).toBe(n)
  return script
}

/** An ACK of `ack` segments with blocks [from, to) of segments, and what leaves because of it, in segments. */
const answer = (
  script: Script,
  ack: number,
  sack: ReadonlyArray<readonly [number, number]> = [],
  more: Segment = {}
): ReadonlyArray<number> => {
  script.segment({ ack: ack * MSS, sack: sack.map(([from, to]) => [from * MSS, to * MSS] as const), ...more })
  return script.data().map(([seq]) => seq / MSS)
}

/** The tags of the segments in flight: S, L, R, and small r for what was once sent again. */
const tags = ({ client, net }: Script): string => {
  const { next, sacked } = net.a.stack.skbs
  const seen: Array<string> = []
  for (let skb = client.writeHead; skb !== NO_SKB && skb !== client.sendHead; skb = next[skb]) {
    const tag = sacked[skb]
    seen.push(
      ((tag & 1) !== 0 ? "S" : "") + ((tag & 4) !== 0 ? "L" : "") +
        ((tag & 2) !== 0 ? "R" : (tag & 0x80) !== 0 ? "r" : "")
    )
  }
  return seen.map((tag) => tag || "-").join(" ")
}

const counts = ({ client: { caState, facketsOut, lostOut, packetsOut, retransOut, sackedOut } }: Script) => ({
  state: caState,
  out: packetsOut,
  sacked: sackedOut,
  fackets: facketsOut,
  lost: lostOut,
  retrans: retransOut
})

describe("SACK blocks", () => {
  it("tag what they cover, in any order, once", () => {
    const script = flight(10)
    // three segments below the highest is lost; half of the window is in flight already, so that one may leave
    expect(answer(script, 0, [[6, 7], [2, 3]])).toEqual([0])
    expect(tags(script)).toBe("LR L S L - - S - - -")
    expect(counts(script)).toEqual({ state: RECOVERY, out: 10, sacked: 2, fackets: 7, lost: 3, retrans: 1 })
    answer(script, 0, [[6, 7], [2, 3]])
    expect(counts(script)).toMatchObject({ sacked: 2, fackets: 7, lost: 3 })
  })

  it.each([
    { what: "that ends beyond what was sent", block: [8, 11] },
    { what: "that begins beyond", block: [10, 11] },
    { what: "that is empty", block: [4, 4] },
    { what: "that is turned round", block: [5, 4] },
    { what: "at the left edge, which should have been acknowledged", block: [0, 1] }
  ])("one $what is dropped", ({ block: [from, to] }) => {
    const script = flight(10)
    answer(script, 0, [[from, to]])
    expect(counts(script)).toMatchObject({ sacked: 0, fackets: 0 })
    expect(script.client.mib.TCPSACKDiscard).toBe(1)
  })

  it("of an old ACK count, if they are not older than what is acknowledged", () => {
    const script = flight(10)
    answer(script, 2)
    answer(script, 1, [[4, 5]])
    expect(counts(script)).toMatchObject({ state: DISORDER, sacked: 1, fackets: 3 })
    answer(script, 0, [[1, 2]])
    expect(script.client.mib).toMatchObject({ TCPSACKDiscard: 0 })
    expect(counts(script)).toMatchObject({ sacked: 1 })
  })

  it.each([
    { block: [2, 4], cut: [2, 2, 6] },
    { block: [2, 4.5], cut: [2, 2, 6] },
    { block: [2.5, 5], cut: [3, 2, 5] },
    { block: [2, 10], cut: [2, 8] },
    { block: [2.2, 2.8], cut: [3, 7] },
    { block: [9.5, 10], cut: [10] }
  ])("cut a long skb at whole segments: $block into $cut", ({ block: [from, to], cut }) => {
    const script = flight(10, { tso: true })
    const sacked = cut.length > 1 ? (cut[1] ?? 0) : 0
    answer(script, 0, [[from, to]])
    const lengths = script.queues()[0].map((len) => len / MSS)
    const whole = Math.floor(to) - Math.ceil(from)
    expect(lengths.slice(0, cut.length - 1).reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(0)
    expect(script.client.sackedOut).toBe(Math.max(0, whole))
    if (whole > 0) expect(lengths).toContain(sacked)
  })

  it("cannot be noted without memory to cut, and are the next time", () => {
    const memory = new Stingy()
    const script = flight(10, { tso: true, memory })
    memory.leftPairs = 0
    expect(answer(script, 0, [[5, 9]])).toEqual([])
    expect(counts(script)).toMatchObject({ state: OPEN, sacked: 0 })
    memory.leftPairs = 9
    answer(script, 0, [[5, 9]])
    expect(counts(script)).toMatchObject({ state: RECOVERY, sacked: 4 })
  })
})

describe("a recovery with SACK", () => {
  it("begins when the highest block is more than three segments up (FACK), with all holes below it", () => {
    const script = flight(20)
    expect(answer(script, 0, [[1, 2]])).toEqual([])
    expect(answer(script, 0, [[1, 3]])).toEqual([])
    expect(counts(script)).toMatchObject({ state: DISORDER, fackets: 3 })
    expect(answer(script, 0, [[5, 6], [1, 3]])).toEqual([0])
    // 3 segments below the highest is lost, what is nearer may be late
    expect(tags(script).slice(0, 15)).toBe("LR S S - - S - ")
    answer(script, 0, [[7, 8], [5, 6], [1, 3]])
    expect(tags(script).slice(0, 17)).toBe("LR S S L L S - S ")
    expect(script.client.mib.TCPSackRecovery).toBe(1)
  })

  it("without FACK only what has three SACKed segments above it is lost (RFC 3517)", () => {
    const script = flight(20, { sysctls: { "net.ipv4.tcp_fack": 0 } })
    expect(answer(script, 0, [[5, 6], [1, 2]])).toEqual([])
    expect(answer(script, 0, [[5, 7], [1, 2]])).toEqual([0])
    expect(tags(script).slice(0, 15)).toBe("LR S - - - S S ")
    expect(answer(script, 0, [[5, 8], [1, 2]])).toEqual([])
    expect(tags(script).slice(0, 19)).toBe("LR S L L L S S S - ")
    expect(answer(script, 0, [[5, 9], [1, 2]])).toEqual([2])
  })

  it("sends nothing twice, and new segments when no hole is left", () => {
    const script = flight(12)
    script.send(4 * MSS)
    script.take()
    expect(answer(script, 0, [[2, 8]])).toEqual([0, 1])
    expect(answer(script, 0, [[2, 9]])).toEqual([12])
    expect(answer(script, 0, [[2, 10]])).toEqual([13])
    expect(answer(script, 9, [[10, 11]])).not.toContain(0)
  })

  it("ends at what had been sent when it began, with half the window", () => {
    const script = flight(10)
    answer(script, 0, [[1, 8]])
    expect(script.client).toMatchObject({ caState: RECOVERY, highSeq: 10 * MSS, ssthresh: 5, priorCwnd: 10 })
    script.pass(5 * MS)
    answer(script, 8)
    expect(script.client.caState).toBe(RECOVERY)
    answer(script, 10)
    expect(script.client).toMatchObject({ caState: OPEN, cwnd: 5, ssthresh: 5 })
  })

  it("spreads the cut over the segments that arrive: one leaves for each two (PRR)", () => {
    const script = flight(20)
    script.send(20 * MSS)
    script.take()
    const left: Array<number> = []
    left.push(answer(script, 0, [[1, 5]]).length)
    for (let i = 6; i <= 20; i++) left.push(answer(script, 0, [[1, i]]).length)
    // four have arrived with the first ACK; the last three leave one by one, because no more than ssthresh is in flight
    expect(left).toEqual([2, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1])
    const { cwnd, prrDelivered, prrOut } = script.client
    expect([prrDelivered, prrOut, cwnd]).toEqual([19, 10, 10])
  })

  it("in slow start up to ssthresh when more was lost than half (PRR-SSRB)", () => {
    const script = flight(20)
    script.send(20 * MSS)
    script.take()
    // 15 lost, 5 there, nothing in flight: one more may leave than has arrived
    expect(answer(script, 0, [[15, 20]]).length).toBe(6)
    expect(script.client).toMatchObject({ ssthresh: 10, lostOut: 15 })
    expect(answer(script, 1, [[15, 20]]).length).toBe(2)
    expect(answer(script, 2, [[15, 20]]).length).toBe(2)
  })

  it("with nothing new to send repeats what is below the highest block and not known to be lost (forward retransmits)", () => {
    const script = flight(8)
    expect(answer(script, 0, [[2, 3], [4, 5], [6, 7]])).toEqual([0, 1])
    expect(answer(script, 0, [[2, 3], [4, 5], [6, 8]])).toEqual([3])
    expect(tags(script)).toBe("LR LR S LR S - S S")
    expect(answer(script, 1, [[2, 3], [4, 5], [6, 8]])).toEqual([5])
    expect(script.client.mib).toMatchObject({ TCPFastRetrans: 3, TCPForwardRetrans: 1 })
  })
})

describe("what was sent again", () => {
  it("is lost again when something SACKed left later, with FACK", () => {
    const script = flight(10)
    script.send(10 * MSS)
    script.take()
    expect(answer(script, 0, [[1, 6]])).toEqual([0])
    expect(answer(script, 0, [[1, 7]])).toEqual([10])
    expect(answer(script, 0, [[1, 10]])).toEqual([11, 12, 13])
    expect(counts(script)).toMatchObject({ lost: 1, retrans: 1 })
    expect(answer(script, 0, [[10, 11], [1, 10]])).toContain(0)
    expect(script.client.mib).toMatchObject({ TCPLostRetransmit: 1, TCPFastRetrans: 2 })
  })
})

describe("segments that overtake each other", () => {
  it("a hole that is filled by what was sent once raises the metric, and ends FACK and early retransmit", () => {
    const script = flight(20)
    answer(script, 0, [[2, 3]])
    expect(script.client).toMatchObject({ reordering: 3, fack: true, doEarlyRetrans: true })
    script.client.reordering = 9
    answer(script, 0, [[2, 9]])
    answer(script, 0, [[1, 9]])
    // 8 places behind: within what is believed already
    expect(script.client).toMatchObject({ reordering: 9, fack: true, doEarlyRetrans: false, caState: DISORDER })
  })

  it("a hole that an ACK fills without its having been sent again does, too", () => {
    const script = flight(20)
    expect(answer(script, 0, [[5, 6]])).toEqual([0])
    answer(script, 6)
    expect(script.client.mib.TCPFACKReorder).toBe(1)
    expect(script.client).toMatchObject({ reordering: 5, fack: false, doEarlyRetrans: false })
  })

  it("is at most 127", () => {
    const script = flight(200)
    script.client.reordering = 126
    answer(script, 0, [[1, 120]])
    answer(script, 150, [[160, 170]])
    answer(script, 175)
    expect(script.client.reordering).toBeLessThanOrEqual(127)
  })
})

describe("a peer that throws away what it had SACKed", () => {
  it("everything is lost, and sent again from the head", () => {
    const script = flight(10)
    answer(script, 0, [[2, 4]])
    expect(answer(script, 2)).toEqual([2])
    expect(counts(script)).toEqual({ state: LOSS, out: 8, sacked: 0, fackets: 0, lost: 8, retrans: 1 })
    expect(script.client).toMatchObject({ cwnd: 1, retransmits: 1 })
    expect(script.client.mib.TCPSACKReneging).toBe(1)
  })
})

describe("a time-out with SACK", () => {
  it("without F-RTO loses what is not SACKed", () => {
    const script = flight(10, { sysctls: { "net.ipv4.tcp_frto": 0 } })
    answer(script, 0, [[2, 3]])
    script.pass(1100 * MS)
    expect(tags(script)).toMatch(/^LR L S( L){7}/)
    expect(counts(script)).toMatchObject({ state: LOSS, sacked: 1, retrans: 1 })
    expect(script.client.mib.TCPSackFailures).toBe(1)
  })
})
