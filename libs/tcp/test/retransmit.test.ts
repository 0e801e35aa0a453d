// Segments that are sent again, and the timer for them; each rule at its limits.
import { rearmRto, resetWriteTimer, retransmitSkb, xmitRetransmitQueue } from "#src/retransmit.ts"
import { NO_SKB } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, NEWRENO, PROMPT, Script, Stingy } from "./script.ts"

const MSS = 1448
const SEC = 1000 * MS

describe("segments that are sent again", () => {
  const R = 0x82
  const L = 4

  /** Five segments of one skb each in flight, and one more that was not sent; tags of the first. */
  const lost = (marks: ReadonlyArray<number>, state: object = {}, memory = new Stingy()) => {
    const script = new Script({ nic: PROMPT, memory, sysctls: NEWRENO, tcp: { tso: false } })
    script.pass(SEC)
    script.segment()
    for (let i = 0; i < 5; i++) script.send(MSS)
    script.queue([MSS])
    script.take()
    const { next, sacked } = script.net.a.stack.skbs
    let skb = script.client.writeHead
    for (const mark of marks) {
      sacked[skb] = mark
      skb = next[skb]
    }
    const lostOut = marks.filter((mark) => (mark & L) !== 0).length
    const retransOut = marks.filter((mark) => (mark & 2) !== 0).length
    Object.assign(script.client, { lostOut, retransOut, retransmitHigh: 5 * MSS, cwnd: 99, rto: 300 * MS, ...state })
    return script
  }
  const sentAgain = (script: Script) => {
    xmitRetransmitQueue(script.client, script.ctx)
    return script.data().map(([seq]) => seq / MSS)
  }

  it.each([
    { marks: [0, 0, 0, 0, 0], cwnd: 99, sent: [] },
    { marks: [L, L, L, L, L], cwnd: 99, sent: [0, 1, 2, 3, 4] },
    { marks: [L, L, L, L, L], retransmitHigh: 2 * MSS, cwnd: 99, sent: [0, 1] },
    { marks: [L | R, L, 0, L | R, L], cwnd: 99, sent: [1, 4] },
    { marks: [R, 0x80, L | 0x80, L | R, R], cwnd: 99, sent: [2] },
    { marks: [L, L, L, L, L], cwnd: 0, sent: [] },
    { marks: [L, L, L, L, L], cwnd: 2, sent: [0, 1] },
    { marks: [L | R, L, L, L, L], cwnd: 2, sent: [1] },
    { marks: [L, L, 0, 0, 0], cwnd: 4, sent: [0] }
  ])("of $marks within cwnd $cwnd: $sent", ({ marks, sent, ...state }) => {
    const script = lost(marks, state)
    const { retransOut } = script.client
    expect(sentAgain(script)).toEqual(sent)
    expect(script.client).toMatchObject({ retransmitted: sent.length, retransOut: retransOut + sent.length })
  })

  it("put the time-out off when the first of all is among them", () => {
    for (const [marks, moved] of [[[L, L, 0, 0, 0], true], [[0, L, L, 0, 0], false]] as const) {
      const script = lost(marks)
      script.pass(100 * MS)
      const { deadline } = script.client.writeTimer
      sentAgain(script)
      expect(script.client.writeTimer.deadline !== deadline).toBe(moved)
    }
  })

  it("end with the queue when all of it was sent", () => {
    const script = new Script({ nic: PROMPT, tcp: { tso: false } })
    script.segment()
    for (let i = 0; i < 3; i++) script.send(MSS)
    script.take()
    expect(script.client.sendHead).toBe(NO_SKB)
    expect(sentAgain(script)).toEqual([])
  })

  it("stop at the first that fails", () => {
    const script = lost([L, L, L, 0, 0])
    script.drop()
    expect(sentAgain(script)).toEqual([])
    expect(script.client).toMatchObject({ txFailures: 1, retransOut: 0, retransmitted: 0 })
  })

  it("the first of all is noted; each notes what had been sent when it left", () => {
    const script = lost([L, L, 0, 0, 0], { retransStamp: -1 })
    const { client } = script
    const { ackSeq, next, sacked } = script.net.a.stack.skbs
    const at = script.now
    expect(retransmitSkb(client, script.ctx, client.writeHead)).toBe(0)
    expect(client).toMatchObject({ retransmitted: 1, retransOut: 1, undoRetrans: 1, retransStamp: at })
    script.pass(MS)
    expect(retransmitSkb(client, script.ctx, next[client.writeHead])).toBe(0)
    expect(client).toMatchObject({ retransmitted: 2, retransOut: 2, undoRetrans: 2, retransStamp: at })
    expect([sacked[client.writeHead], ackSeq[client.writeHead]]).toEqual([L | R, 5 * MSS])
    expect(() => retransmitSkb(client, script.ctx, client.writeHead)).toThrow("under way already")
  })

  it("of one that is acknowledged in part only the rest goes", () => {
    const script = lost([L, 0, 0, 0, 0])
    script.client.sndUna = 100
    expect(retransmitSkb(script.client, script.ctx, script.client.writeHead)).toBe(0)
    expect(script.data()).toEqual([[100, MSS - 100]])
  })

  it("a long one is cut, which takes memory", () => {
    const memory = new Stingy()
    const script = new Script({ nic: PROMPT, memory })
    script.segment()
    script.send(4 * MSS)
    script.take()
    memory.leftPairs = 0
    expect(retransmitSkb(script.client, script.ctx, script.client.writeHead)).toBe(-12)
    memory.leftPairs = 9
    expect(retransmitSkb(script.client, script.ctx, script.client.writeHead)).toBe(0)
    expect(script.queues()[0]).toEqual([MSS, 3 * MSS])
    expect(script.client).toMatchObject({ packetsOut: 4, retransOut: 1 })
    expect(script.data()).toEqual([[0, MSS]])
  })

  it.each([
    { packetsOut: 1, finPending: false, pending: 1, delay: 300 },
    { packetsOut: 1, finPending: true, pending: 1, delay: 300 },
    { packetsOut: 0, finPending: false, pending: 0, delay: Infinity },
    { packetsOut: 0, finPending: true, pending: 2, delay: 300 }
  ])(
    "the time-out with $packetsOut in flight, FIN to come $finPending: $pending after $delay ms",
    ({ delay, pending, ...state }) => {
      const script = new Script()
      script.pass(SEC)
      Object.assign(script.client, { rto: 300 * MS, ...state })
      resetWriteTimer(script.client, 1, 50 * MS)
      expect([script.client.writePending, script.client.writeTimer.deadline]).toEqual([1, SEC + 50 * MS])
      rearmRto(script.client)
      expect([script.client.writePending, (script.client.writeTimer.deadline - SEC) / MS]).toEqual([pending, delay])
    }
  )
})
