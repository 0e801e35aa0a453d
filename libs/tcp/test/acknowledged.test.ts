// What an ACK does to the sender: every field, after each kind of ACK.
import { checkSpace } from "#src/acknowledged.ts"
import { MAX_SKB_FRAGS, NO_SKB } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, NEWRENO, PROMPT, Script } from "./script.ts"

const MSS = 1448
const OPEN = 0
const RECOVERY = 3
const LOSS = 4
const WND = 1 << 20

/** `n` segments of one skb each are in flight. */
const flight = (n: number, state: object = {}): Script => {
  const script = new Script({ nic: PROMPT, sysctls: NEWRENO, tcp: { tso: false } })
  script.segment()
  script.client.cwnd = 50
  for (let i = 0; i < n; i++) script.send(MSS)
  script.take()
  Object.assign(script.client, state)
  return script
}

const recovery = ({ client }: Script) => ({
  state: client.caState,
  packetsOut: client.packetsOut,
  sackedOut: client.sackedOut,
  lostOut: client.lostOut,
  retransOut: client.retransOut
})

describe("an ACK", () => {
  it("moves the left edge, counts bytes, and is a sign of life", () => {
    const script = flight(4, { probesOut: 4 })
    const { client } = script
    const rcvTstamp = client.rcvTstamp
    script.segment({ ack: MSS })
    expect(client).toMatchObject({ sndUna: MSS, bytesAcked: MSS, probesOut: 0 })
    expect(client.rcvTstamp).toBeGreaterThan(rcvTstamp)
    script.segment({ ack: 3 * MSS })
    expect(client).toMatchObject({ sndUna: 3 * MSS, bytesAcked: 3 * MSS, packetsOut: 1 })
    expect(client.rto).toBeGreaterThanOrEqual(200 * MS)
  })

  it("that moves nothing leaves the time-out alone", () => {
    const script = flight(4, { probesOut: 4 })
    const { deadline } = script.client.writeTimer
    script.segment({ ack: 0 })
    expect(script.client).toMatchObject({ bytesAcked: 0, probesOut: 0, sackedOut: 1 })
    expect(script.client.writeTimer.deadline).toBe(deadline)
  })

  it.each([-1, 4 * MSS + 1])("of %i, beyond what was sent or before what is known, says nothing", (ack) => {
    const script = flight(4, { sndWnd: 777 })
    script.segment({ ack, wnd: 5 })
    expect(script.client).toMatchObject({ sndUna: 0, sndWnd: 777, packetsOut: 4, sackedOut: 0 })
  })

  it.each([0, 4 * MSS])("of %i, at the limit, counts", (ack) => {
    const script = flight(4)
    script.segment({ ack, wnd: 2 << 20 })
    expect(script.client).toMatchObject({ sndUna: ack, sndWnd: 2 << 20 })
  })

  it.each([
    { what: "a larger one", wnd: 1001, taken: true },
    { what: "the same", wnd: 1000, taken: false },
    { what: "a smaller one", wnd: 999, taken: false },
    { what: "a smaller one, with something acknowledged", wnd: 999, ack: MSS, taken: true },
    { what: "a smaller one, of a later segment", wnd: 999, seq: 501, taken: true },
    { what: "a larger one, of an earlier segment", wnd: 1001, seq: 499, taken: false },
    {
      what: "a larger one, of an earlier segment that acknowledges something",
      wnd: 1001,
      seq: 499,
      ack: MSS,
      taken: true
    }
  ])("brings the window: $what: taken $taken", ({ ack = 0, seq = 500, taken, wnd }) => {
    const script = flight(2, { sndWnd: 1000, maxWindow: 1000, sndWl1: 500, rcvNxt: 501, rcvWup: 490, copiedSeq: 501 })
    script.segment({ ack, seq, wnd })
    expect(script.client).toMatchObject({
      sndWnd: taken ? wnd : 1000,
      sndWl1: taken ? seq : 500,
      maxWindow: Math.max(1000, taken ? wnd : 0)
    })
  })

  it("of all ends the time-out; of a part moves it", () => {
    const script = flight(2)
    const { client } = script
    script.pass(50 * MS)
    const { deadline } = client.writeTimer
    script.segment({ ack: MSS })
    expect([client.writePending, client.writeTimer.deadline !== deadline]).toEqual([1, true])
    script.segment({ ack: 2 * MSS })
    expect([client.writePending, client.writeTimer.armed]).toEqual([0, false])
    expect([client.writeHead, client.writeTail, client.sendHead, client.wmemQueued]).toEqual([
      NO_SKB,
      NO_SKB,
      NO_SKB,
      0
    ])
  })

  it("within a single segment frees nothing, and measures nothing", () => {
    const script = flight(2)
    const { client } = script
    script.pass(50 * MS)
    const { deadline } = client.writeTimer
    client.srtt = 0
    script.segment({ ack: 100 })
    const { skbs } = script.net.a.stack
    expect([client.packetsOut, skbs.len[client.writeHead], skbs.seq[client.writeHead]]).toEqual([2, MSS, 0])
    expect([client.srtt, client.writeTimer.deadline]).toEqual([0, deadline])
  })

  it("within a long segment uncounts what it covers, also of lost ones", () => {
    const script = new Script({ sysctls: NEWRENO })
    const { client, net } = script
    script.segment()
    script.send(8 * MSS)
    const { skbs } = net.a.stack
    const head = client.writeHead
    skbs.sacked[head] = 0x86
    const lost = { lostOut: 8, retransmitHigh: 8 * MSS, retransOut: 8, undoRetrans: 8 }
    Object.assign(client, { caState: LOSS, highSeq: 8 * MSS, cwnd: 1, ...lost })
    const before = [skbs.truesize[head], client.wmemQueued]
    script.segment({ ack: 3 * MSS })
    expect(recovery(script)).toMatchObject({ packetsOut: 5, lostOut: 5, retransOut: 5 })
    expect([skbs.truesize[head], client.wmemQueued]).toEqual(before.map((bytes) => bytes - 3 * MSS))
    expect([skbs.seq[head], skbs.len[head]]).toEqual([3 * MSS, 5 * MSS])
  })
})

describe("repeated ACKs", () => {
  // all but one there, and fewer than four in flight: early retransmit, at once because nothing was measured
  it.each([
    { n: 1, seen: [[0, 0], [0, 0], [0, 0]] },
    { n: 2, seen: [[1, 3], [1, 3], [1, 3]] },
    { n: 3, seen: [[1, 1], [2, 3], [2, 3]] },
    { n: 4, seen: [[1, 1], [2, 1], [3, 3]] },
    { n: 9, seen: [[1, 1], [2, 1], [3, 3]] }
  ])("with $n in flight count up to all but one, and start a recovery: $seen", ({ n, seen }) => {
    const script = flight(n)
    expect(seen.map(() => {
      script.segment({ ack: 0 })
      return [script.client.sackedOut, script.client.caState]
    })).toEqual(seen)
  })

  it("are forgotten with one that moves forward", () => {
    const script = flight(4)
    script.segment({ ack: 0 })
    script.segment({ ack: 0 })
    script.segment({ ack: MSS })
    expect(recovery(script)).toEqual({ state: OPEN, packetsOut: 3, sackedOut: 0, lostOut: 0, retransOut: 0 })
  })

  it("that carry data or a larger window are none", () => {
    const script = flight(4)
    script.segment({ ack: 0, len: 10 })
    script.segment({ ack: 0, wnd: WND + 1 })
    expect(script.client.sackedOut).toBe(0)
    script.segment({ ack: 0, wnd: WND + 1 })
    expect(script.client.sackedOut).toBe(1)
  })
})

describe("a recovery", () => {
  const lost = (n = 10) => {
    const script = flight(n, { cwnd: n, cwndCnt: 3, ssthresh: 999 })
    for (let i = 0; i < 3; i++) script.segment({ ack: 0 })
    return script
  }

  it("begins with the first segment, and the window on its way to half", () => {
    const script = lost()
    expect(script.client).toMatchObject({ cwnd: 7, cwndCnt: 0, ssthresh: 5, priorCwnd: 10, highSeq: 10 * MSS })
    expect(script.client.mib).toMatchObject({ TCPRenoRecovery: 1, TCPFastRetrans: 1 })
    expect(script.data()).toEqual([[0, MSS]])
    expect(recovery(script)).toEqual({ state: RECOVERY, packetsOut: 10, sackedOut: 3, lostOut: 1, retransOut: 1 })
    expect(script.client.retransmitted).toBe(1)
  })

  it("puts the time-out off when it sends the first segment again", () => {
    const script = flight(10, { cwnd: 10 })
    script.pass(100 * MS)
    const { deadline } = script.client.writeTimer
    for (let i = 0; i < 3; i++) script.segment({ ack: 0 })
    expect(script.client.writeTimer.deadline).toBeGreaterThan(deadline)
  })

  it.each([
    { acked: 1, sackedOut: 3, more: 1 },
    { acked: 3, sackedOut: 1, more: 1 },
    { acked: 4, sackedOut: 0, more: 1 },
    { acked: 6, sackedOut: 0, more: 0 }
  ])(
    "goes on when $acked of 10 are there: the next hole, as soon as less than ssthresh is in flight",
    ({ acked, more, sackedOut }) => {
      const script = lost()
      script.take()
      script.segment({ ack: acked * MSS })
      expect(recovery(script)).toMatchObject({ state: RECOVERY, packetsOut: 10 - acked, sackedOut, lostOut: 1 })
      expect(script.data()).toHaveLength(1 - more)
      for (let i = 0; i < more; i++) script.segment({ ack: acked * MSS })
      expect([script.client.retransOut, script.client.mib.TCPFastRetrans]).toEqual([1, 2])
    }
  )

  it("ends beyond what was sent when it began, with the window that it had cut to", () => {
    const script = lost()
    script.client.cwnd = 99
    script.send(MSS)
    script.take()
    script.segment({ ack: 10 * MSS })
    expect(recovery(script)).toEqual({ state: RECOVERY, packetsOut: 1, sackedOut: 0, lostOut: 0, retransOut: 0 })
    expect(script.data()).toEqual([])
    // the same again begins none
    for (let i = 0; i < 4; i++) script.segment({ ack: 10 * MSS })
    expect([script.client.mib.TCPRenoRecovery, script.data()]).toEqual([1, []])
    script.segment({ ack: 11 * MSS })
    expect(recovery(script)).toEqual({ state: OPEN, packetsOut: 0, sackedOut: 0, lostOut: 0, retransOut: 0 })
    expect(script.client).toMatchObject({ cwnd: 5, ssthresh: 5 })
  })

  it("does not end with nothing in flight", () => {
    const script = lost()
    script.segment({ ack: 10 * MSS })
    expect(recovery(script)).toEqual({ state: RECOVERY, packetsOut: 0, sackedOut: 0, lostOut: 0, retransOut: 0 })
    script.send(MSS)
    script.segment({ ack: 11 * MSS })
    expect(script.client).toMatchObject({ caState: OPEN, cwnd: 5 })
  })

  it("counts duplicates up to the segments that are not lost", () => {
    const script = lost(4)
    script.client.cwnd = 4
    for (let i = 0; i < 3; i++) script.segment({ ack: 0 })
    expect(recovery(script)).toEqual({ state: RECOVERY, packetsOut: 4, sackedOut: 3, lostOut: 1, retransOut: 1 })
    expect(script.client.mib.TCPRenoReorder).toBe(1)
  })
})

describe("after a time-out", () => {
  it("the window grows with each ACK, the lost ones follow, and it is over at what was sent before", () => {
    const script = flight(6)
    script.pass(1100 * MS)
    expect(recovery(script)).toEqual({ state: LOSS, packetsOut: 6, sackedOut: 0, lostOut: 6, retransOut: 1 })
    expect(script.client).toMatchObject({ cwnd: 1, ssthresh: 25, highSeq: 6 * MSS, timeouts: 1 })
    script.take()
    script.segment({ ack: MSS })
    expect(recovery(script)).toEqual({ state: LOSS, packetsOut: 5, sackedOut: 0, lostOut: 5, retransOut: 2 })
    expect(script.data()).toEqual([[MSS, MSS], [2 * MSS, MSS]])
    // an ACK that moves nothing lets nothing out
    script.segment({ ack: MSS })
    expect([script.client.cwnd, script.data()]).toEqual([2, []])
    script.segment({ ack: 5 * MSS })
    expect(recovery(script)).toEqual({ state: LOSS, packetsOut: 1, sackedOut: 0, lostOut: 1, retransOut: 1 })
    script.segment({ ack: 6 * MSS })
    // without SACK the state is held until something beyond is acknowledged
    expect(recovery(script)).toEqual({ state: LOSS, packetsOut: 0, sackedOut: 0, lostOut: 0, retransOut: 0 })
    script.send(MSS)
    script.segment({ ack: 7 * MSS })
    expect(script.client).toMatchObject({ caState: OPEN, retransmitted: 4, retransmits: 0, retransStamp: -1 })
  })
})

describe("an ACK with nothing in flight", () => {
  const stuck = (bytes: number) => {
    const script = new Script({ nic: PROMPT })
    script.segment({ wnd: 0 })
    script.send(bytes)
    expect([script.client.writePending, script.data()]).toEqual([2, []])
    Object.assign(script.client, { backoff: 2 })
    return script
  }

  it.each([
    { bytes: 100, wnd: 99, opens: false },
    { bytes: 100, wnd: 100, opens: true },
    { bytes: 3 * MSS, wnd: MSS - 1, opens: false },
    { bytes: 3 * MSS, wnd: MSS, opens: true }
  ])("and $bytes bytes to send, a window of $wnd: opens $opens", ({ bytes, opens, wnd }) => {
    const script = stuck(bytes)
    script.segment({ wnd })
    expect(script.client.backoff).toBe(opens ? 0 : 2)
    expect(script.client.writePending).toBe(opens ? 1 : 2)
    expect(script.data().length).toBe(opens ? 1 : 0)
  })

  it.each([
    { backoff: 0, rto: 300, wait: 300 },
    { backoff: 2, rto: 300, wait: 1200 },
    { backoff: 9, rto: 300, wait: 120_000 }
  ])("puts the next probe off by $rto ms, doubled $backoff times: $wait ms", ({ backoff, rto, wait }) => {
    const script = stuck(100)
    Object.assign(script.client, { backoff, rto: rto * MS })
    const before = script.now
    script.segment({ wnd: 0 })
    const delay = script.client.writeTimer.deadline - before
    expect(delay).toBeGreaterThanOrEqual(wait * MS)
    expect(delay).toBeLessThan((wait + 2) * MS)
  })

  it("and nothing to send changes no timer", () => {
    const script = new Script()
    script.client.backoff = 3
    script.segment({ wnd: 0 })
    expect(script.client).toMatchObject({ backoff: 3, writePending: 0, sndWnd: 0 })
  })
})

describe("room for senders", () => {
  const memory = (pressure: boolean, allocated: number) => ({ memory: { allocated, pressure, limit: [100, 200, 300] } })
  const WAITS = { queueShrunk: true, noSpace: true, wmemQueued: 0, sndbuf: 9000, cwnd: 10, packetsOut: 3 }
  const GROWN = 2308 * 2 * 10

  it.each([
    { what: "nothing was freed", state: { queueShrunk: false }, sndbuf: 9000, wakes: false },
    { what: "nobody waits", state: { noSpace: false }, sndbuf: 9000, wakes: false },
    { what: "twice the window", state: {}, sndbuf: GROWN, wakes: true },
    { what: "a small window", state: { cwnd: 3, packetsOut: 2 }, sndbuf: 2308 * 8, wakes: true },
    { what: "five segments", state: { cwnd: 5 }, sndbuf: 2308 * 10, wakes: true },
    { what: "a larger buffer", state: { sndbuf: GROWN + 1 }, sndbuf: GROWN + 1, wakes: true },
    { what: "the largest buffer", state: { wmemMax: 20_000 }, sndbuf: 20_000, wakes: true },
    { what: "a fixed buffer", state: { fixedSndbuf: true }, sndbuf: 9000, wakes: true },
    { what: "pressure", state: memory(true, 0), sndbuf: 9000, wakes: true },
    { what: "little memory left", state: memory(false, 100), sndbuf: 9000, wakes: true },
    { what: "enough memory left", state: memory(false, 99), sndbuf: GROWN, wakes: true },
    { what: "a full window", state: { packetsOut: 10 }, sndbuf: 9000, wakes: true },
    { what: "a third is free", state: { packetsOut: 10, wmemQueued: 6000 }, sndbuf: 9000, wakes: true },
    { what: "less than a third", state: { packetsOut: 10, wmemQueued: 6002 }, sndbuf: 9000, wakes: false }
  ])("$what: buffer $sndbuf, wakes $wakes", ({ sndbuf, state, wakes }) => {
    const { client } = new Script()
    Object.assign(client, WAITS, state)
    let woken = 0
    client.sendSpace.wakeAll = () => ++woken
    const before = client.noSpace
    checkSpace(client)
    expect([client.sndbuf, woken, client.queueShrunk]).toEqual([sndbuf, wakes ? 1 : 0, false])
    expect(client.noSpace).toBe(before && !wakes)
  })
})

describe("fragments of a long segment", () => {
  it("go back with the bytes that are acknowledged", () => {
    const script = new Script()
    script.segment()
    script.send(8 * MSS)
    const { client, net } = script
    const { pages, nrFrags, fragPage } = net.a.stack.skbs
    const first = client.writeHead * MAX_SKB_FRAGS
    const rows = [0, 1, 2].map((i) => fragPage[first + i])
    const refs = () => rows.map((page) => pages.refs[page])
    expect([nrFrags[client.writeHead], refs()]).toEqual([3, [1, 1, 2]])
    script.segment({ ack: 1456 + 4096 })
    expect([nrFrags[client.writeHead], refs()]).toEqual([2, [0, 1, 2]])
    script.segment({ ack: 8 * MSS })
    script.close()
  })
})
