// Reno segment by segment, with a peer that the test plays.
import { NO_SKB } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script } from "./script.ts"

const MSS = 1448
const OPEN = 0
const RECOVERY = 1
const LOSS = 2

describe("Reno", () => {
  it("three repeated ACKs: the head again with half the window; partial ACKs the next holes; then it goes on", () => {
    const script = new Script()
    const { client } = script
    script.segment()
    script.send(40 * MSS)
    expect(script.data()).toHaveLength(10)
    expect([client.cwnd, client.packetsOut]).toEqual([10, 10])
    script.segment({ ack: 0 })
    script.segment({ ack: 0 })
    expect([client.caState, client.sackedOut, script.data()]).toEqual([OPEN, 2, []])
    script.segment({ ack: 0 })
    expect([client.caState, client.cwnd, client.ssthresh, client.highSeq]).toEqual([RECOVERY, 5, 5, 10 * MSS])
    expect(script.data()).toEqual([[0, MSS]])
    // segment 4 is missing, too
    for (let i = 0; i < 4; i++) script.segment({ ack: 0 })
    const early = script.data()
    script.segment({ ack: 4 * MSS })
    expect(client.caState).toBe(RECOVERY)
    expect(script.data()).toContainEqual([4 * MSS, MSS])
    expect(early.every(([seq]) => seq >= 10 * MSS)).toBe(true)
    const sent = client.sndNxt
    script.segment({ ack: sent })
    expect([client.caState, client.cwnd, client.sackedOut, client.lostOut, client.retransOut]).toEqual([
      OPEN,
      5,
      0,
      0,
      0
    ])
    expect([client.fastRetransmits, client.timeouts]).toEqual([1, 0])
  })

  it("a repeated ACK with data or with another window is none", () => {
    const script = new Script()
    script.send(20 * MSS)
    for (let i = 0; i < 6; i++) script.segment({ ack: 0, len: 10 })
    for (let i = 1; i < 6; i++) script.segment({ ack: 0, wnd: (1 << 20) + i })
    expect([script.client.sackedOut, script.client.fastRetransmits]).toEqual([0, 0])
  })

  it("after a time-out one segment, then two, and the window grows again", () => {
    const script = new Script()
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
    expect([client.caState, client.lostOut, client.retransOut]).toEqual([OPEN, 0, 0])
  })

  it.each([
    { cwnd: 10, ssthresh: 1 << 20, acks: 10, after: 20 },
    { cwnd: 10, ssthresh: 10, acks: 1, after: 11 },
    { cwnd: 10, ssthresh: 9, acks: 9, after: 10 },
    { cwnd: 10, ssthresh: 9, acks: 10, after: 11 },
    { cwnd: 4, ssthresh: 2, acks: 9, after: 6 }
  ])("cwnd $cwnd, ssthresh $ssthresh: $acks ACKs later $after", ({ acks, after, cwnd, ssthresh }) => {
    const script = new Script()
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
    const script = new Script()
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

describe("round trips", () => {
  it.each([
    { samples: [0], srtt: 1e-6, rto: 200 + 1e-6 },
    { samples: [10], srtt: 10, rto: 210 },
    { samples: [10, 50], srtt: 15, rto: 215 },
    { samples: [10, 50, 500], srtt: 75.625, rto: 601.875 },
    { samples: [500], srtt: 500, rto: 1500 },
    { samples: [500, 500], srtt: 500, rto: 1250 },
    { samples: [80, 8], srtt: 71, rto: 271 }
  ])("of $samples ms: $srtt ms, time-out $rto ms", ({ rto, samples, srtt }) => {
    const script = new Script({ nic: PROMPT })
    const { client, net } = script
    script.pass(1000 * MS)
    samples.forEach((sample, i) => {
      script.send(MSS)
      script.segment({ ack: (i + 1) * MSS, echo: net.sim.now - sample * MS })
    })
    expect(Math.abs(client.srtt / MS - srtt)).toBeLessThan(0.01)
    expect(Math.abs(client.rto / MS - rto)).toBeLessThan(0.05)
  })

  it("a time-out late in a long life does not end it", () => {
    const script = new Script()
    script.send(MSS)
    script.pass(1100 * MS)
    script.segment({ ack: MSS })
    script.pass(2_000_000 * MS)
    script.send(MSS)
    script.pass(5000 * MS)
    expect([script.client.error, script.client.retransmits > 1]).toEqual([0, true])
  })
})

describe("a long segment", () => {
  it("is shortened by ACKs within it, wherever they cut", () => {
    for (const bytes of [2 * MSS, 9 * MSS, 12_000]) {
      const script = new Script()
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
