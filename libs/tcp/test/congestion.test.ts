// The arithmetic of the congestion window, each rule at its limits.
import { cwndRestart, enterCwr } from "#src/congestion.ts"
import { RENO } from "#src/reno.ts"
import { inFlight } from "#src/scoreboard.ts"
import { describe, expect, it } from "vitest"
import { NEWRENO, Script } from "./script.ts"

const OPEN = 0
const RECOVERY = 3
const LOSS = 4

describe("segments in flight", () => {
  it.each([
    { packetsOut: 10, sackedOut: 0, lostOut: 0, retransOut: 0, flight: 10 },
    { packetsOut: 10, sackedOut: 3, lostOut: 0, retransOut: 0, flight: 7 },
    { packetsOut: 10, sackedOut: 0, lostOut: 4, retransOut: 0, flight: 6 },
    { packetsOut: 10, sackedOut: 2, lostOut: 4, retransOut: 1, flight: 5 }
  ])("$packetsOut out, $sackedOut there, $lostOut lost, $retransOut again: $flight", ({ flight, ...counts }) => {
    const { client } = new Script({ sysctls: NEWRENO })
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
    { cwnd: 1000, flight: 955, grows: true },
    { cwnd: 1000, flight: 954, grows: false }
  ])("cwnd $cwnd, $flight in flight, TSO $tso: grows $grows", ({ cwnd, flight, grows, tso = true }) => {
    const { client } = new Script({ sysctls: NEWRENO, tcp: { tso } })
    Object.assign(client, { cwnd })
    RENO.congAvoid(client, flight)
    expect([client.cwnd, client.cwndCnt]).toEqual([cwnd + (grows ? 1 : 0), 0])
  })

  it.each([
    { cwnd: 10, ssthresh: 11, cwndCnt: 0, after: [11, 0] },
    { cwnd: 10, ssthresh: 10, cwndCnt: 0, after: [11, 0] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 0, after: [10, 1] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 8, after: [10, 9] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 9, after: [10, 10] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 10, after: [11, 0] },
    { cwnd: 10, ssthresh: 9, cwndCnt: 14, after: [11, 0] }
  ])("cwnd $cwnd, ssthresh $ssthresh, counted $cwndCnt: $after", ({ after, ...state }) => {
    const { client } = new Script({ sysctls: NEWRENO })
    Object.assign(client, state)
    RENO.congAvoid(client, state.cwnd)
    expect([client.cwnd, client.cwndCnt]).toEqual(after)
  })
})

describe("a cut window", () => {
  it.each([[1, 2], [2, 2], [3, 2], [4, 2], [5, 2], [6, 3], [7, 3], [100, 50]])(
    "of %i segments: threshold %i",
    (cwnd, to) => {
      const { client } = new Script({ sysctls: NEWRENO })
      client.cwnd = cwnd
      expect(RENO.ssthresh(client)).toBe(to)
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
    const { client } = new Script({ sysctls: NEWRENO })
    Object.assign(client, { caState: state, cwnd: 10, cwndCnt: 7, packetsOut, ssthresh: 99 })
    enterCwr(client, true)
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
    const { client } = new Script({ sysctls: NEWRENO })
    Object.assign(client, { cwnd, cwndCnt: 3, cwndUsed: 5, rto: 1000, ssthresh })
    cwndRestart(client, idle)
    expect([client.cwnd, client.ssthresh, client.cwndCnt, client.cwndUsed]).toEqual([...after, 3, 0])
  })
})
