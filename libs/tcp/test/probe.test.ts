// Window probes and the timer of ACKs: what they do when they expire; each rule at its limits.
import { delackTimer, writeTimer } from "#src/timer.ts"
import { TCPHDR_FIN } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, near, PROMPT, Script, Stingy } from "./script.ts"

const MSS = 1448
const SEC = 1000 * MS
const RETRANS = 1
const PROBE = 2
const ETIMEDOUT = 110

/** The timer of probes expires. Returns when it will expire again. */
const fire = (script: Script, what: number): number => {
  const { client } = script
  client.writeTimer.cancel()
  client.writePending = what
  writeTimer(client)
  return client.writeTimer.deadline - script.now
}

describe("a window probe", () => {
  const closed = (state: object = {}, memory = new Stingy()) => {
    const script = new Script({ nic: PROMPT, memory })
    script.segment({ wnd: 0 })
    script.send(3 * MSS)
    Object.assign(script.client, { rto: 300 * MS, ...state })
    return script
  }

  it.each([
    { backoff: 0, wait: 600, then: 1 },
    { backoff: 3, wait: 4800, then: 4 },
    { backoff: 9, wait: 120_000, then: 10 },
    { backoff: 14, wait: 120_000, then: 15 },
    { backoff: 15, wait: 120_000, then: 15 }
  ])("after $backoff doublings waits $wait ms", ({ backoff, then, wait }) => {
    const script = closed({ backoff, probesOut: 5 })
    near(fire(script, PROBE), wait)
    expect(script.client).toMatchObject({ backoff: then, probesOut: 6, writePending: PROBE })
    expect(script.take()).toMatchObject([{ seq: -1, len: 0 }])
  })

  it("doubles at the fifteenth, too", () => {
    const script = closed({ backoff: 14, rto: 1000 })
    near(fire(script, PROBE), (1000 * 2 ** 15) / MS)
    const last = closed({ backoff: 15, rto: 1000 })
    near(fire(last, PROBE), (1000 * 2 ** 15) / MS)
  })

  it.each([{ probesOut: 15, dies: false }, { probesOut: 16, dies: true }])(
    "that stayed without an answer $probesOut times is the last: $dies",
    ({ dies, probesOut }) => {
      const script = closed({ probesOut })
      fire(script, PROBE)
      expect([script.client.error, script.take().length]).toEqual(dies ? [ETIMEDOUT, 0] : [0, 1])
    }
  )

  // tcp_orphan_retries: eight while less than two minutes pass between two probes, none after that
  it.each([
    { backoff: 0, probesOut: 8, dies: false },
    { backoff: 0, probesOut: 9, dies: true },
    { backoff: 8, probesOut: 8, dies: false },
    { backoff: 9, probesOut: 0, dies: false },
    { backoff: 9, probesOut: 1, dies: true }
  ])(
    "of an orphan, doubled $backoff times, that stayed without an answer $probesOut times is the last: $dies",
    (row) => {
      const { backoff, dies, probesOut } = row
      const script = closed({ orphan: true, backoff, probesOut })
      fire(script, PROBE)
      expect([script.client.error, script.take().length]).toEqual(dies ? [ETIMEDOUT, 0] : [0, 1])
    }
  )

  it.each([
    { backoff: 0, probesOut: 0, wait: 300, counted: 1 },
    { backoff: 3, probesOut: 4, wait: 500, counted: 4 }
  ])("dropped by the device comes again after $wait ms", ({ backoff, counted, probesOut, wait }) => {
    const script = closed({ backoff, probesOut })
    script.drop()
    near(fire(script, PROBE), wait)
    expect(script.client).toMatchObject({ backoff, probesOut: counted })
  })

  it("that carries data ends the probing", () => {
    const script = closed({ backoff: 3, probesOut: 4, sndWnd: 100 })
    near(fire(script, PROBE), 300)
    expect(script.client).toMatchObject({ backoff: 0, probesOut: 0, packetsOut: 1, writePending: RETRANS })
    expect(script.data()).toEqual([[0, 100]])
  })

  it("sends a FIN that found no memory first", () => {
    const script = closed({ finPending: true, probesOut: 16 })
    fire(script, PROBE)
    expect(script.client).toMatchObject({ finPending: false, error: 0, probesOut: 16 })
    const { flags } = script.net.a.stack.skbs
    expect(flags[script.client.writeTail] & TCPHDR_FIN).toBe(TCPHDR_FIN)
  })
})

describe("the timer of ACKs", () => {
  const due = (state: object = {}, memory = new Stingy()) => {
    const script = new Script({ nic: PROMPT, memory })
    script.pass(SEC)
    Object.assign(script.client, { ackScheduled: true, ato: 60 * MS, rto: 300 * MS, ...state })
    delackTimer(script.client)
    return script
  }

  it.each([
    { what: "a stream", state: {}, ato: 120, sent: 1 },
    { what: "a short time-out", state: { rto: 100 * MS }, ato: 100, sent: 1 },
    { what: "a conversation", state: { pingpong: true }, ato: 40, sent: 1 },
    { what: "nothing due", state: { ackScheduled: false }, ato: 60, sent: 0 },
    {
      what: "nothing due in a conversation",
      state: { ackScheduled: false, pingpong: true },
      ato: 60,
      sent: 0,
      pingpong: true
    },
    { what: "a dead connection", state: { error: 5 }, ato: 60, sent: 0 }
  ])("$what: $sent sent, estimate $ato ms", ({ ato, pingpong = false, sent, state }) => {
    const { client } = due(state)
    expect(client).toMatchObject({ acksSent: sent, ato: ato * MS, pingpong })
    expect(client.delackTimer.armed).toBe(false)
  })

  it("of a socket that a task owns comes again after 40 ms, and then the ACK is not put off", () => {
    const script = due({ owned: true })
    expect(script.client).toMatchObject({ acksSent: 0, ackBlocked: true })
    expect(script.client.delackTimer.deadline - script.now).toBe(40 * MS)
  })

  it("gives memory back that is not used, before and after the ACK while memory is short", () => {
    const granted = { forwardAlloc: 9000, memory: { allocated: 50, pressure: false, limit: [10, 20, 30] } }
    expect(due(granted).client).toMatchObject({ forwardAlloc: 808, memory: { allocated: 48 } })
    for (const pressure of [false, true]) {
      const script = new Script()
      script.pass(SEC)
      const memory = { allocated: 50, pressure, limit: [10, 20, 30] }
      let reclaims = 0
      Object.assign(script.client, { memory, memReclaim: () => ++reclaims })
      delackTimer(script.client)
      expect(reclaims).toBe(pressure ? 2 : 1)
    }
  })
})
