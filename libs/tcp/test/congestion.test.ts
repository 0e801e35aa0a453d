// The arithmetic of round trips and of the congestion window, each rule at its limits.
import { congAvoid, cwndRestart, enterCwr, inFlight, renoSsthresh, rttEstimator } from "#src/congestion.ts"
import { describe, expect, it } from "vitest"
import { MS, Script } from "./script.ts"

const OPEN = 0
const RECOVERY = 1
const LOSS = 2

describe("a measured round trip", () => {
  it.each([
    { srtt: 0, mdev: 0, sample: -5, after: [1, 0, 200 * MS + 1] },
    { srtt: 0, mdev: 0, sample: 1, after: [1, 0, 200 * MS + 1] },
    { srtt: 0, mdev: 0, sample: 3, after: [3, 1, 200 * MS + 3] },
    { srtt: 0, mdev: 7, sample: 10 * MS, after: [10 * MS, 5 * MS, 210 * MS] },
    // an eighth and a quarter, towards zero
    { srtt: 100, mdev: 20, sample: 115, after: [101, 19, 200 * MS + 101] },
    { srtt: 100, mdev: 20, sample: 85, after: [99, 19, 200 * MS + 99] },
    { srtt: 100, mdev: 20, sample: 140, after: [105, 25, 200 * MS + 105] },
    { srtt: 100, mdev: 20, sample: 60, after: [95, 25, 200 * MS + 95] },
    { srtt: 100, mdev: 20, sample: 100, after: [100, 15, 200 * MS + 100] },
    // four deviations, at least 200 ms and with the round trip at most 120 s
    { srtt: 80 * MS, mdev: 50 * MS, sample: 130 * MS, after: [86.25 * MS, 50 * MS, 286.25 * MS] },
    { srtt: 80 * MS, mdev: 52 * MS, sample: 132 * MS, after: [86.5 * MS, 52 * MS, 294.5 * MS] },
    { srtt: 110_000 * MS, mdev: 2500 * MS, sample: 110_000 * MS, after: [110_000 * MS, 1875 * MS, 117_500 * MS] },
    { srtt: 110_000 * MS, mdev: 9000 * MS, sample: 110_000 * MS, after: [110_000 * MS, 6750 * MS, 120_000 * MS] }
  ])("srtt $srtt, mdev $mdev, sample $sample: $after", ({ after, mdev, sample, srtt }) => {
    const { client } = new Script()
    Object.assign(client, { srtt, mdev, backoff: 3 })
    rttEstimator(client, sample)
    expect([client.srtt, client.mdev, client.rto]).toEqual(after)
    expect(client.backoff).toBe(0)
  })
})

describe("segments in flight", () => {
  it.each([
    { packetsOut: 10, sackedOut: 0, lostOut: 0, retransOut: 0, flight: 10 },
    { packetsOut: 10, sackedOut: 3, lostOut: 0, retransOut: 0, flight: 7 },
    { packetsOut: 10, sackedOut: 0, lostOut: 4, retransOut: 0, flight: 6 },
    { packetsOut: 10, sackedOut: 2, lostOut: 4, retransOut: 1, flight: 5 }
  ])("$packetsOut out, $sackedOut there, $lostOut lost, $retransOut again: $flight", ({ flight, ...counts }) => {
    const { client } = new Script()
    Object.assign(client, counts)
    expect(inFlight(client)).toBe(flight)
  })
})

describe("the window of slow start", () => {
  it.each([
    { cwnd: 10, flight: 12, grows: true },
    { cwnd: 10, flight: 10, grows: true },
    { cwnd: 10, flight: 7, grows: true },
    { cwnd: 10, flight: 6, grows: false },
    { cwnd: 10, flight: 0, grows: false },
    // a device that cuts segments: less than a third of the window is free, and less than it takes at once
    { cwnd: 30, flight: 21, grows: true },
    { cwnd: 30, flight: 20, grows: false },
    { cwnd: 30, flight: 21, tso: false, grows: false },
    { cwnd: 30, flight: 27, tso: false, grows: true },
    { cwnd: 1000, flight: 956, grows: true },
    { cwnd: 1000, flight: 955, grows: false }
  ])("cwnd $cwnd, $flight in flight, TSO $tso: grows $grows", ({ cwnd, flight, grows, tso = true }) => {
    const { client } = new Script({ tcp: { tso } })
    Object.assign(client, { cwnd })
    congAvoid(client, flight)
    expect([client.cwnd, client.cwndCnt]).toEqual([cwnd + (grows ? 1 : 0), 0])
  })

  it.each([
    { cwnd: 10, ssthresh: 11, cwndCnt: 0, after: [11, 0] },
    { cwnd: 10, ssthresh: 10, cwndCnt: 0, after: [11, 0] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 0, after: [10, 1] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 8, after: [10, 9] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 9, after: [11, 0] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 14, after: [11, 0] }
  ])("cwnd $cwnd, ssthresh $ssthresh, counted $cwndCnt: $after", ({ after, ...state }) => {
    const { client } = new Script()
    Object.assign(client, state)
    congAvoid(client, state.cwnd)
    expect([client.cwnd, client.cwndCnt]).toEqual(after)
  })
})

describe("a cut window", () => {
  it.each([[1, 2], [2, 2], [3, 2], [4, 2], [5, 2], [6, 3], [7, 3], [100, 50]])(
    "of %i segments: threshold %i",
    (cwnd, to) => {
      const { client } = new Script()
      client.cwnd = cwnd
      expect(renoSsthresh(client)).toBe(to)
    }
  )

  it.each([
    { packetsOut: 0, state: OPEN, after: [1, 5, 0] },
    { packetsOut: 4, state: OPEN, after: [5, 5, 0] },
    { packetsOut: 9, state: OPEN, after: [10, 5, 0] },
    { packetsOut: 20, state: OPEN, after: [10, 5, 0] },
    { packetsOut: 4, state: RECOVERY, after: [10, 99, 7] },
    { packetsOut: 4, state: LOSS, after: [10, 99, 7] }
  ])("own drop with $packetsOut in flight, state $state: $after", ({ after, packetsOut, state }) => {
    const { client } = new Script()
    Object.assign(client, { caState: state, cwnd: 10, cwndCnt: 7, packetsOut, ssthresh: 99 })
    enterCwr(client)
    expect([client.cwnd, client.ssthresh, client.cwndCnt]).toEqual(after)
  })

  it.each([
    { cwnd: 80, ssthresh: 5, idle: 1000, after: [80, 60] },
    { cwnd: 80, ssthresh: 5, idle: 1001, after: [40, 60] },
    { cwnd: 80, ssthresh: 5, idle: 2000, after: [40, 60] },
    { cwnd: 80, ssthresh: 5, idle: 2001, after: [20, 60] },
    { cwnd: 80, ssthresh: 5, idle: 3001, after: [10, 60] },
    { cwnd: 80, ssthresh: 5, idle: 9000, after: [10, 60] },
    { cwnd: 15, ssthresh: 5, idle: 9000, after: [10, 10] },
    { cwnd: 11, ssthresh: 100, idle: 1001, after: [10, 100] },
    { cwnd: 10, ssthresh: 7, idle: 9000, after: [10, 7] },
    { cwnd: 7, ssthresh: 2, idle: 9000, after: [7, 4] }
  ])("cwnd $cwnd, ssthresh $ssthresh after $idle of 1000: $after", ({ after, cwnd, idle, ssthresh }) => {
    const { client } = new Script()
    Object.assign(client, { cwnd, cwndCnt: 3, rto: 1000, ssthresh })
    cwndRestart(client, idle)
    expect([client.cwnd, client.ssthresh, client.cwndCnt]).toEqual([...after, 0])
  })
})
