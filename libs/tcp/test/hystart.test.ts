// HyStart: slow start ends before anything is lost, by either of its two signs.
import type { Cubic } from "#src/cubic.ts"
import type { NetSysctls } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, Script } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

const DAY = 86_400_000 * MS
const CUBIC = { "net.ipv4.tcp_congestion_control": "cubic" } as const
const ENDLESS = 0x7fff_ffff

const start = (sysctls: Partial<NetSysctls> = {}, cwnd = 40): Script => {
  const script = new Script({ hz: 250, sysctls: { ...CUBIC, ...sysctls }, uptimeNs: DAY })
  script.pass(1000 * MS)
  Object.assign(script.client, { cwnd, sndUna: 0 })
  return script
}

/** An ACK of a segment that was sent so many ms ago, `after` ms after the one before. */
const ack = (script: Script, roundTripMs: number, after: number): void => {
  script.pass(after * MS)
  const { client } = script
  client.congestion.pktsAcked(client, 1, script.now - roundTripMs * MS)
}

describe("a train of ACKs", () => {
  it.each([
    // half of the shortest round trip is passed by the first millisecond after it
    { gap: 1, roundTrip: 10, acks: 5, found: 0 },
    { gap: 1, roundTrip: 10, acks: 6, found: 1 },
    { gap: 2, roundTrip: 10, acks: 3, found: 1 },
    // too far apart: no train
    { gap: 3, roundTrip: 10, acks: 7, found: 0 },
    { gap: 3, roundTrip: 10, acks: 7, delta: 3, found: 1 },
    { gap: 1, roundTrip: 10, acks: 6, detect: 2, found: 1, goesOn: true },
    { gap: 1, roundTrip: 10, acks: 6, cwnd: 15, found: 0 },
    { gap: 1, roundTrip: 10, acks: 6, cwnd: 16, found: 1 }
  ])(
    "gaps of $gap ms, round trip $roundTrip ms, $acks ACKs, window $cwnd: found $found",
    ({ acks, cwnd, delta = 2, detect = 3, found, gap, goesOn, roundTrip }) => {
      const script = start({ "tcp_cubic.hystart_ack_delta": delta, "tcp_cubic.hystart_detect": detect }, cwnd)
      const { client } = script
      const cubic = client.congestion as Cubic
      cubic.hystart.reset(client)
      for (let i = 0; i < acks; i++) ack(script, roundTrip, gap)
      expect(cubic.hystart.found & 1).toBe(found)
      expect(client.ssthresh).toBe(found === 1 && goesOn !== true ? client.cwnd : ENDLESS)
    }
  )
})

describe("round trips that grow", () => {
  it.each([
    // at least 4 ms more than the shortest, or a sixteenth of it, at most 16 ms
    { shortest: 10, now: 14, found: 0 },
    { shortest: 10, now: 15, found: 2 },
    { shortest: 160, now: 170, found: 0 },
    { shortest: 160, now: 171, found: 2 },
    { shortest: 800, now: 816, found: 0 },
    { shortest: 800, now: 817, found: 2 }
  ])("from $shortest ms to $now ms: found $found", ({ found, now, shortest }) => {
    const script = start({ "tcp_cubic.hystart_detect": 2 })
    const { client } = script
    const cubic = client.congestion as Cubic
    ack(script, shortest, 5)
    cubic.hystart.reset(client)
    // 8 samples of a round, and the ACK that judges them
    for (let i = 0; i < 8; i++) ack(script, now, 5)
    expect(cubic.hystart.found & 2).toBe(0)
    ack(script, now, 5)
    expect(cubic.hystart.found & 2).toBe(found)
    expect(client.ssthresh).toBe(found === 2 ? client.cwnd : ENDLESS)
  })
})

describe("a round", () => {
  it("ends when what was sent at its beginning is acknowledged", () => {
    const script = start({ "tcp_cubic.hystart_detect": 2 })
    const { client } = script
    const cubic = client.congestion as Cubic
    ack(script, 10, 5)
    Object.assign(client, { sndNxt: 5000, writeSeq: 5000 })
    cubic.hystart.reset(client)
    for (let i = 0; i < 8; i++) ack(script, 40, 5)
    // a new round forgets them
    Object.assign(client, { sndNxt: 5001, sndUna: 5001, writeSeq: 5001 })
    cubic.congAvoid(client, client.cwnd)
    ack(script, 40, 5)
    expect(cubic.hystart.found).toBe(0)
  })
})

describe("a time-out", () => {
  it("begins a round", () => {
    const script = start({ "tcp_cubic.hystart_detect": 1 })
    const { client } = script
    const cubic = client.congestion as Cubic
    script.pass(50 * MS)
    cubic.enterLoss(client)
    for (let i = 0; i < 6; i++) ack(script, 10, 1)
    expect(cubic.hystart.found).toBe(1)
  })
})

describe("a transfer through a slow link with a deep queue", () => {
  const transfer = (sysctls: Partial<NetSysctls>, uptimeNs: number): ToyNetwork => {
    const net = new ToyNetwork({
      hz: 250,
      gigabit: 0.1,
      latencyNs: 10 * MS,
      sysctls: { ...CUBIC, ...sysctls },
      uptimeNs
    })
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 600; i++) yield* net.client.sendPage(task, 1, i, true)
    })
    const page = { tokenWriter: 0, tokenVersion: 0 }
    net.spawn("reader", function*(task) {
      for (let i = 0; i < 600; i++) yield* net.server.recvPage(task, page)
    })
    net.sim.run()
    return net
  }

  it("leaves slow start without a loss", () => {
    const net = transfer({}, DAY)
    expect([net.client.retransmitted, net.client.timeouts]).toEqual([0, 0])
    expect(net.client.ssthresh).toBeLessThan(400)
    expect(net.client.ssthresh).toBeGreaterThanOrEqual(16)
    net.close()
  })

  it("does not with hystart off, nor during the first five minutes after boot", () => {
    for (const net of [transfer({ "tcp_cubic.hystart": 0 }, DAY), transfer({}, 0)]) {
      expect(net.client.ssthresh).toBe(ENDLESS)
      net.close()
    }
  })

  it("with hystart off begins at a threshold that was given", () => {
    const net = transfer({ "tcp_cubic.hystart": 0, "tcp_cubic.initial_ssthresh": 77 }, DAY)
    expect(net.client.ssthresh).toBe(77)
    net.close()
  })
})
