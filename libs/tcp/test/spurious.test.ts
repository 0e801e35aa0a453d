// Losses that were none: the window that was cut for them is restored.
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script, type Segment } from "./script.ts"

const MSS = 1448
const OPEN = 0
const DISORDER = 1
const CWR = 2
const RECOVERY = 3
const LOSS = 4

/** `n` segments are in flight, in one skb each, and 20 more are waiting. Round trips are 50 ms. */
const flight = (n: number, sysctls: object = {}, waiting = 20): Script => {
  const script = new Script({
    nic: PROMPT,
    sysctls: { "net.ipv4.tcp_congestion_control": "reno", ...sysctls },
    tcp: { sndbuf: 4 << 20, tso: false }
  })
  script.segment()
  script.pass(10 * MS)
  Object.assign(script.client, { cwnd: n, ssthresh: n, rto: 300 * MS })
  for (let i = 0; i < n + waiting; i++) script.send(MSS)
  script.take()
  expect(script.client.packetsOut).toBe(n)
  return script
}

const answer = (
  script: Script,
  ack: number,
  sack: ReadonlyArray<readonly [number, number]> = [],
  more: Segment = {}
): ReadonlyArray<number> => {
  script.segment({ ack: ack * MSS, sack: sack.map(([from, to]) => [from * MSS, to * MSS] as const), ...more })
  return script.data().map(([seq]) => seq / MSS)
}

describe("a recovery for nothing", () => {
  it("an ACK that echoes a stamp from before it ends it, with the window of before (Eifel)", () => {
    const script = flight(10)
    const before = script.now
    script.pass(50 * MS)
    answer(script, 0, [[1, 6]])
    expect(script.client).toMatchObject({ caState: RECOVERY, ssthresh: 5, priorSsthresh: 10 })
    // the head was late, and everything is there
    answer(script, 10, [], { echo: before })
    expect(script.client).toMatchObject({ caState: OPEN, ssthresh: 10, undoMarker: -Infinity })
    expect(script.client.cwnd).toBeGreaterThanOrEqual(10)
    expect(script.client.mib.TCPFullUndo).toBe(1)
  })

  it("with an ACK of a part it goes on, and holds back what it would have sent again", () => {
    const script = flight(20)
    const before = script.now
    script.pass(50 * MS)
    answer(script, 0, [[1, 8]])
    answer(script, 9, [[10, 12]], { echo: before })
    expect(script.client).toMatchObject({ caState: RECOVERY, lostOut: 0, retransStamp: -1 })
    expect(script.client.mib).toMatchObject({ TCPPartialUndo: 1, TCPTSReorder: 1 })
    expect(script.client.cwnd).toBeGreaterThan(10)
  })

  it("an echo from the same tick shows nothing", () => {
    const script = flight(10)
    script.pass(50 * MS)
    const at = Math.floor(script.now / MS) * MS
    answer(script, 0, [[1, 6]], { echo: at })
    answer(script, 10, [], { echo: script.client.retransStamp })
    expect(script.client).toMatchObject({ caState: OPEN, ssthresh: 5, cwnd: 5 })
    expect(script.client.mib.TCPFullUndo).toBe(0)
  })

  it("D-SACKs for all that was sent again end it, too, also after it is over", () => {
    const script = flight(10)
    answer(script, 0, [[1, 6]])
    expect(script.client.undoRetrans).toBe(1)
    answer(script, 10)
    expect(script.client).toMatchObject({ caState: OPEN, ssthresh: 5 })
    answer(script, 10, [[0, 1]])
    expect(script.client).toMatchObject({ ssthresh: 10, undoMarker: -Infinity })
    expect(script.client.mib).toMatchObject({ TCPDSACKRecv: 1, TCPDSACKUndo: 1 })
  })

  it("one D-SACK of two is not enough, nor one from before", () => {
    const script = flight(20)
    expect(answer(script, 0, [[1, 2], [3, 12]])).toContain(0)
    answer(script, 0, [[1, 2], [3, 14]])
    expect(script.client.undoRetrans).toBe(2)
    answer(script, 20)
    answer(script, 20, [[0, 1]])
    expect(script.client.mib.TCPDSACKUndo).toBe(0)
    answer(script, 20, [[2, 3]])
    expect(script.client.mib.TCPDSACKUndo).toBe(1)
    answer(script, 20, [[2, 3]])
    expect(script.client.mib).toMatchObject({ TCPDSACKRecv: 3, TCPDSACKIgnoredNoUndo: 1 })
  })

  it("a D-SACK of what was SACKed already is known by the second block", () => {
    const script = flight(10)
    answer(script, 0, [[4, 5], [3, 6]])
    expect(script.client.mib).toMatchObject({ TCPDSACKOfoRecv: 1, TCPDSACKRecv: 0 })
  })
})

describe("a time-out for nothing", () => {
  it.each([
    { response: 0, state: CWR, what: "the window falls to half in a round trip" },
    { response: 1, state: OPEN, what: "the window is half" },
    { response: 2, state: OPEN, what: "the window is restored" }
  ])("F-RTO, response $response: $what", ({ response, state }) => {
    const script = flight(10, { "net.ipv4.tcp_frto_response": response })
    const echo = script.now
    script.pass(310 * MS)
    expect(script.data()).toEqual([[0, MSS]])
    expect(script.client).toMatchObject({ caState: DISORDER, lostOut: 0, frtoCounter: 1, ssthresh: 5 })
    // nothing is marked lost: two new ones leave for the first ACK that moves forward
    expect(answer(script, 2, [], { echo })).toEqual([10, 11])
    expect(script.client.frtoCounter).toBe(3)
    answer(script, 4, [], { echo })
    expect(script.client).toMatchObject({ caState: state, frtoCounter: 0, lostOut: 0 })
    expect(script.client.mib.TCPSpuriousRTOs).toBe(1)
    if (response === 2) expect(script.client).toMatchObject({ ssthresh: 10, cwnd: expect.any(Number) })
    else expect(script.client.ssthresh).toBe(5)
    if (response === 1) expect(script.client.cwnd).toBeLessThanOrEqual(6)
  })

  it("with SACK a SACK of something sent before counts as forward, one of something new does not", () => {
    const forward = flight(10)
    forward.pass(310 * MS)
    answer(forward, 1)
    answer(forward, 1, [[3, 4]])
    expect([forward.client.mib.TCPSpuriousRTOs, forward.client.frtoCounter]).toEqual([1, 0])
    const other = flight(10)
    other.pass(310 * MS)
    other.take()
    answer(other, 1)
    expect(answer(other, 1, [[10, 11]])).toEqual([1, 2, 3])
    expect(other.client).toMatchObject({ caState: LOSS, frtoCounter: 0, sackedOut: 1 })
  })

  it.each([
    { what: "a repeated ACK", ack: 0, sack: 0, sent: 1 },
    { what: "an ACK of all", ack: 10, sack: 0, sent: 2 }
  ])("$what shows that it was right: what is not there is lost", ({ ack, sack, sent }) => {
    const script = flight(10, { "net.ipv4.tcp_sack": sack })
    script.pass(310 * MS)
    script.take()
    const left = answer(script, ack)
    expect(script.client).toMatchObject({ frtoCounter: 0 })
    expect(left.length).toBeLessThanOrEqual(sent)
    if (ack === 0) expect(script.client).toMatchObject({ caState: LOSS, lostOut: 10, retransOut: 1 })
  })

  it("without F-RTO the Eifel test finds it out", () => {
    const script = flight(10, { "net.ipv4.tcp_frto": 0 })
    const before = script.now
    script.pass(310 * MS)
    expect(script.client).toMatchObject({ caState: LOSS, lostOut: 10, cwnd: 1 })
    answer(script, 2, [], { echo: before })
    expect(script.client).toMatchObject({ caState: OPEN, lostOut: 0, ssthresh: 10, retransmits: 0 })
    expect(script.client.mib.TCPLossUndo).toBe(1)
  })
})

describe("fewer than four segments in flight", () => {
  it.each([
    { early: 0, n: 3, recovers: false },
    { early: 1, n: 2, recovers: true },
    { early: 1, n: 3, recovers: true },
    { early: 1, n: 4, recovers: false }
  ])("tcp_early_retrans $early, $n in flight, all but one SACKed: recovers $recovers", ({ early, n, recovers }) => {
    const script = flight(n, { "net.ipv4.tcp_early_retrans": early, "net.ipv4.tcp_fack": 0 }, 0)
    script.client.ssthresh = 100
    const left = answer(script, 0, [[1, n]])
    expect([script.client.caState === RECOVERY, left]).toEqual(recovers || n === 4 ? [true, [0]] : [false, []])
  })

  it("2: a quarter of a round trip later, at least 2 ms, unless the ACK comes", () => {
    for (const comes of [false, true]) {
      const script = flight(3, {}, 0)
      script.client.srtt = 100 << 3
      const at = script.now
      expect(answer(script, 0, [[1, 3]])).toEqual([])
      expect(script.client).toMatchObject({ caState: DISORDER, earlyRetransDelayed: true, writePending: 1 })
      expect(script.client.writeTimer.deadline - at).toBeLessThanOrEqual(26 * MS)
      if (comes) {
        answer(script, 3)
        expect(script.client).toMatchObject({ earlyRetransDelayed: false, writePending: 0 })
      }
      script.pass(30 * MS)
      expect(script.data()).toEqual(comes ? [] : [[0, MSS]])
      expect([script.client.caState, script.client.timeouts]).toEqual([comes ? OPEN : RECOVERY, 0])
    }
  })

  it("not when the time-out is nearer, and not where there is something to send", () => {
    const near = flight(3, {}, 0)
    near.client.srtt = 4000 << 3
    expect(answer(near, 0, [[1, 3]])).toEqual([0])
    const more = flight(3)
    more.client.srtt = 100 << 3
    expect(answer(more, 0, [[1, 3]])).toEqual([3, 4])
    expect(more.client).toMatchObject({ caState: DISORDER, earlyRetransDelayed: false })
  })
})

describe("CWR", () => {
  /** A drop by the own card has cut the window. */
  const cut = (congestion: string): Script => {
    const script = flight(20, { "net.ipv4.tcp_congestion_control": congestion })
    const { transmit } = script.net.a.nic
    script.drop()
    script.client.cwnd = 21
    script.send(MSS)
    script.net.a.nic.transmit = transmit
    expect(script.client.caState).toBe(CWR)
    return script
  }

  it("halves the rate: one segment less for every second ACK, until the window is at its least", () => {
    const script = cut("reno")
    const windows: Array<number> = []
    for (let i = 1; i <= 8; i++) {
      answer(script, i)
      windows.push(script.client.cwnd)
    }
    expect(script.client).toMatchObject({ caState: CWR, ssthresh: 10 })
    expect(windows).toEqual([20, 19, 19, 18, 18, 17, 17, 16])
  })

  it("ends with something beyond what was in flight", () => {
    const script = cut("cubic")
    const end = script.client.highSeq / MSS
    answer(script, end)
    expect(script.client.caState).toBe(CWR)
    script.pass(MS)
    answer(script, end + 1)
    expect(script.client.caState).toBe(OPEN)
  })
})
