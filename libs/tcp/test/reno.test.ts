// Reno segment by segment, with a peer that the test plays.
import { NO_SKB } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, NEWRENO, Script } from "./script.ts"

const MSS = 1448
const OPEN = 0
const DISORDER = 1
const RECOVERY = 3
const LOSS = 4

describe("Reno", () => {
  it("three repeated ACKs: the head again with half the window; partial ACKs the next holes; then it goes on", () => {
    const script = new Script({ sysctls: NEWRENO })
    const { client } = script
    script.segment()
    script.send(40 * MSS)
    expect(script.data()).toHaveLength(10)
    expect([client.cwnd, client.packetsOut]).toEqual([10, 10])
    script.segment({ ack: 0 })
    script.segment({ ack: 0 })
    // limited transmit: for each that has arrived a new one leaves
    expect([client.caState, client.sackedOut, script.data()]).toEqual([DISORDER, 2, [[10 * MSS, MSS], [11 * MSS, MSS]]])
    script.segment({ ack: 0 })
    expect([client.caState, client.cwnd, client.ssthresh, client.highSeq]).toEqual([RECOVERY, 9, 5, 12 * MSS])
    expect(script.data()).toEqual([[0, MSS]])
    // segment 4 is missing, too
    for (let i = 0; i < 4; i++) script.segment({ ack: 0 })
    const early = script.data()
    // with that as much is in flight as the window is to be: the hole waits for one more to arrive
    script.segment({ ack: 4 * MSS })
    expect([client.caState, script.data()]).toEqual([RECOVERY, []])
    script.segment({ ack: 4 * MSS })
    expect(script.data()).toEqual([[4 * MSS, MSS]])
    // for each two that have arrived one leaves
    expect(early).toEqual([[12 * MSS, MSS], [13 * MSS, MSS]])
    script.segment({ ack: 12 * MSS })
    expect([client.caState, client.sackedOut]).toEqual([RECOVERY, 0])
    script.segment({ ack: 13 * MSS })
    expect([client.caState, client.cwnd, client.sackedOut, client.lostOut, client.retransOut]).toEqual([
      OPEN,
      5,
      0,
      0,
      0
    ])
    expect([client.mib.TCPRenoRecovery, client.timeouts]).toEqual([1, 0])
  })

  it("a repeated ACK with data or with another window is none", () => {
    const script = new Script({ sysctls: NEWRENO })
    script.send(20 * MSS)
    for (let i = 0; i < 6; i++) script.segment({ ack: 0, len: 10 })
    for (let i = 1; i < 6; i++) script.segment({ ack: 0, wnd: (1 << 20) + i })
    expect([script.client.sackedOut, script.client.mib.TCPRenoRecovery]).toEqual([0, 0])
  })

  it("after a time-out one segment, then two, and the window grows again", () => {
    const script = new Script({ sysctls: NEWRENO })
    const { client } = script
    script.send(40 * MSS)
    script.take()
    script.pass(1100 * MS)
    expect([client.caState, client.cwnd, client.ssthresh, client.lostOut]).toEqual([LOSS, 1, 5, 10])
    expect(script.data()).toEqual([[0, MSS]])
    script.segment({ ack: MSS })
    expect(client.cwnd).toBe(2)
    expect(script.data()).toEqual([[MSS, MSS], [2 * MSS, MSS]])
    script.segment({ ack: 3 * MSS })
    expect(client.cwnd).toBe(3)
    expect(script.data()).toHaveLength(3)
    script.segment({ ack: 10 * MSS })
    expect([client.caState, client.lostOut, client.retransOut]).toEqual([LOSS, 0, 0])
    script.segment({ ack: 11 * MSS })
    expect(client.caState).toBe(OPEN)
  })

  it.each([
    { cwnd: 10, ssthresh: 1 << 20, acks: 10, after: 20 },
    { cwnd: 10, ssthresh: 10, acks: 1, after: 11 },
    { cwnd: 10, ssthresh: 9, acks: 10, after: 10 },
    { cwnd: 10, ssthresh: 9, acks: 11, after: 11 },
    { cwnd: 4, ssthresh: 2, acks: 10, after: 5 },
    { cwnd: 4, ssthresh: 2, acks: 11, after: 6 }
  ])("cwnd $cwnd, ssthresh $ssthresh: $acks ACKs later $after", ({ acks, after, cwnd, ssthresh }) => {
    const script = new Script({ sysctls: NEWRENO })
    const { client } = script
    Object.assign(client, { cwnd, ssthresh })
    script.send(200 * MSS)
    for (let i = 1; i <= acks; i++) script.segment({ ack: i * MSS })
    expect(client.cwnd).toBe(after)
  })

  it.each([
    { cwnd: 40, idle: 1.5, window: 20 },
    { cwnd: 40, idle: 2.5, window: 10 },
    { cwnd: 40, idle: 9, window: 10 },
    { cwnd: 4, idle: 9, window: 4 }
  ])("cwnd $cwnd is $window after $idle idle time-outs, and ssthresh three quarters", ({ cwnd, idle, window }) => {
    const script = new Script({ sysctls: NEWRENO })
    const { client } = script
    script.segment()
    script.send(MSS)
    script.segment({ ack: MSS })
    Object.assign(client, { cwnd, ssthresh: 2 })
    script.pass(idle * client.rto)
    script.send(MSS)
    expect([client.cwnd, client.ssthresh]).toEqual([window, (cwnd >> 1) + (cwnd >> 2)])
  })
})

describe("a time-out long after another", () => {
  /** A loss, an idle time of 2000 s, and another loss. */
  const twice = (sysctls: object): Script["client"] => {
    const script = new Script({ sysctls: { ...NEWRENO, ...sysctls } })
    script.send(MSS)
    script.pass(1100 * MS)
    script.segment({ ack: MSS })
    script.pass(2_000_000 * MS)
    script.send(MSS)
    script.pass(5000 * MS)
    return script.client
  }

  it("does not end a connection with SACK", () => {
    const { error, retransmits } = twice({ "net.ipv4.tcp_sack": 1 })
    expect([error, retransmits > 1]).toEqual([0, true])
  })

  // retrans_stamp is kept until something beyond high_seq is acknowledged, and the second time-out counts from it
  it("ends one without, as in 3.5 and 3.6", () => expect(twice({}).error).toBe(110))
})

describe("a long segment", () => {
  it("is shortened by ACKs within it, wherever they cut", () => {
    for (const bytes of [2 * MSS, 9 * MSS, 12_000]) {
      const script = new Script({ sysctls: NEWRENO })
      const { client } = script
      script.send(bytes)
      script.data()
      const step = 1448
      for (let ack = step; ack < Math.min(bytes, 10 * MSS); ack += step) {
        script.segment({ ack })
        expect(client.sndUna).toBe(ack)
      }
      script.segment({ ack: client.sndNxt })
      expect(client.packetsOut).toBe(0)
      script.segment({ ack: client.writeSeq })
      expect(client.wmemQueued).toBe(client.writeHead === NO_SKB ? 0 : client.wmemQueued)
    }
  })
})
