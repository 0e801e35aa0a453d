// The time-out of a retransmission: what it does when it expires, and when it comes back; each rule at its limits.
import { retransmitsTimedOutNs, writeTimer } from "#src/timer.ts"
import { NO_SKB } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, near, NEWRENO, PROMPT, Script, Stingy } from "./script.ts"

const MSS = 1448
const SEC = 1000 * MS
const OPEN = 0
const RECOVERY = 3
const LOSS = 4
const NONE = 0
const RETRANS = 1
const PROBE = 2
const ETIMEDOUT = 110
/** 15 retransmissions take as long. */
const R2 = 924.6 * SEC

/** A socket with four segments in flight, two seconds after the start. */
const flying = (state: object = {}, memory = new Stingy()): Script => {
  const script = new Script({ nic: PROMPT, memory, sysctls: NEWRENO, tcp: { tso: false } })
  script.segment()
  script.pass(SEC)
  for (let i = 0; i < 4; i++) script.send(MSS)
  script.take()
  script.client.rto = 300 * MS
  Object.assign(script.client, state)
  return script
}

const fire = (script: Script, what = RETRANS): number => {
  const { client } = script
  client.writeTimer.cancel()
  client.writePending = what
  writeTimer(client)
  return client.writeTimer.deadline - script.now
}

describe("the write timer", () => {
  it.each([RETRANS, PROBE])("of a socket that a task owns comes again after 50 ms, for %i", (what) => {
    const script = flying({ owned: true })
    near(fire(script, what), 50)
    expect(script.client).toMatchObject({ writePending: what, timeouts: 0 })
  })

  it("of a dead connection does nothing", () => {
    const script = flying({ error: 5 })
    expect(fire(script)).toBe(Infinity)
    expect(script.client).toMatchObject({ writePending: NONE, timeouts: 0 })
  })

  it("that stands for nothing does nothing, and gives back what is not used", () => {
    const script = flying()
    script.client.memCharge(-8192)
    const { allocated } = script.client.memory
    script.client.memory.allocated += 2
    expect(fire(script, NONE)).toBe(Infinity)
    expect(script.client.timeouts).toBe(0)
    expect(script.client.forwardAlloc).toBeLessThan(4096)
    expect(script.client.memory.allocated).toBeLessThanOrEqual(allocated)
  })
})

describe("a retransmission time-out", () => {
  it("sends the first segment again, and all in flight counts as lost", () => {
    const script = flying({ sackedOut: 2, cwnd: 9, cwndCnt: 4 })
    near(fire(script), 600)
    expect(script.data()).toEqual([[0, MSS]])
    expect(script.client).toMatchObject({
      timeouts: 1,
      retransmitted: 1,
      retransmits: 1,
      backoff: 1,
      rto: 600 * MS,
      writePending: RETRANS,
      caState: LOSS,
      cwnd: 1,
      cwndCnt: 0,
      ssthresh: 4,
      lostOut: 4,
      retransOut: 1,
      sackedOut: 0,
      packetsOut: 4,
      highSeq: 4 * MSS
    })
    const { next, sacked } = script.net.a.stack.skbs
    const marks: Array<number> = []
    for (let skb = script.client.writeHead; skb !== NO_SKB; skb = next[skb]) marks.push(sacked[skb])
    expect(marks).toEqual([0x86, 4, 4, 4])
  })

  it("marks no segment that was not sent", () => {
    const script = flying({ cwnd: 4 })
    script.send(MSS)
    fire(script)
    const { sacked } = script.net.a.stack.skbs
    expect([sacked[script.client.sendHead], script.client.lostOut]).toEqual([0, 4])
  })

  it.each([
    { state: { caState: OPEN }, ssthresh: 4 },
    { state: { caState: RECOVERY, highSeq: 4 * MSS }, ssthresh: 77 },
    { state: { caState: RECOVERY, highSeq: 0 }, ssthresh: 4 },
    { state: { caState: LOSS, highSeq: 4 * MSS, retransmits: 0 }, ssthresh: 4 },
    { state: { caState: LOSS, highSeq: 4 * MSS, retransmits: 1 }, ssthresh: 77 },
    { state: { caState: RECOVERY, highSeq: 4 * MSS, retransmits: 0 }, ssthresh: 77 }
  ])("cuts the window once for each that was lost, $state: $ssthresh", ({ ssthresh, state }) => {
    const script = flying({ cwnd: 9, ssthresh: 77, ...state })
    fire(script)
    expect(script.client).toMatchObject({ ssthresh, cwnd: 1, caState: LOSS })
  })

  it("with nothing in flight does nothing", () => {
    const script = new Script()
    expect(fire(script)).toBe(Infinity)
    expect(script.client).toMatchObject({ timeouts: 0, caState: OPEN, backoff: 0 })
  })

  it.each([{ rto: 59_999, then: 119_998 }, { rto: 60_001, then: 120_000 }, { rto: 120_000, then: 120_000 }])(
    "doubles $rto ms to $then ms",
    ({ rto, then }) => {
      const script = flying({ rto: rto * MS })
      near(fire(script), then)
      expect(script.client.rto).toBe(then * MS)
    }
  )

  it.each([
    { retransmits: 0, since: R2 + SEC, dies: false },
    { retransmits: 1, since: R2 - 1, dies: false },
    { retransmits: 1, since: R2, dies: true },
    { retransmits: 15, since: R2, dies: true }
  ])("after $retransmits retransmissions in $since ns ends the connection: $dies", ({ dies, retransmits, since }) => {
    const script = flying({ retransmits, caState: LOSS })
    script.client.writeTimer.cancel()
    script.pass(1000 * SEC)
    script.client.retransStamp = script.now - since
    const delay = fire(script)
    expect([script.client.error, script.client.timeouts]).toEqual(dies ? [ETIMEDOUT, 0] : [0, 1])
    if (dies) expect([delay, script.client.wmemQueued]).toEqual([Infinity, 0])
  })

  it("counts from the last try while no retransmission has left, and from the instant 0 too", () => {
    for (const [retransStamp, dies] of [[-1, true], [0, true], [950 * SEC, false]] as const) {
      const script = flying({ retransmits: 1, retransStamp })
      script.client.writeTimer.cancel()
      script.pass(1000 * SEC)
      fire(script)
      expect(script.client.error !== 0).toBe(dies)
    }
  })

  it.each([
    { rto: 300, retransmits: 0, then: 300, counted: 1 },
    { rto: 700, retransmits: 0, then: 500, counted: 1 },
    { rto: 300, retransmits: 4, then: 300, counted: 4 }
  ])("dropped by the device comes again without backoff: $rto ms, $then ms", ({ counted, retransmits, rto, then }) => {
    const script = flying({ rto: rto * MS, retransmits })
    script.drop()
    near(fire(script), then)
    expect(script.client).toMatchObject({
      rto: rto * MS,
      backoff: 0,
      retransmits: counted,
      txFailures: 1,
      writePending: RETRANS
    })
  })

  it("without memory for a copy backs off, and no segment counts as sent again", () => {
    const memory = new Stingy()
    const script = flying({}, memory)
    script.net.a.stack.skbs.twinBusy[script.client.writeHead] = 1
    memory.left = 0
    near(fire(script), 600)
    expect(script.client).toMatchObject({
      rto: 600 * MS,
      backoff: 1,
      retransmits: 1,
      retransmitted: 0,
      retransOut: 0,
      txFailures: 1
    })
  })

  it.each([
    { silent: 120_000, dies: false },
    { silent: 120_000 + 1e-6, dies: true }
  ])("at a window that the peer has closed probes with data, for $silent ms: ends $dies", ({ dies, silent }) => {
    const script = flying({ sndWnd: 0 })
    script.client.writeTimer.cancel()
    script.pass(200 * SEC)
    script.client.rcvTstamp = script.now - silent * MS
    const delay = fire(script)
    if (dies) expect([script.client.error, delay, script.data()]).toEqual([ETIMEDOUT, Infinity, []])
    else {
      near(delay, 600)
      expect(script.client).toMatchObject({
        error: 0,
        caState: LOSS,
        rto: 600 * MS,
        timeouts: 0,
        retransmits: 0,
        backoff: 0
      })
      expect(script.data()).toEqual([[0, MSS]])
    }
  })

  it.each([
    { orphan: false, rto: 300 * MS, error: 0 },
    { orphan: true, rto: 300 * MS, silent: 102.1, error: 0 },
    { orphan: true, rto: 300 * MS, silent: 102.3, error: ETIMEDOUT },
    { orphan: true, rto: 120 * SEC, silent: 0.1, error: 0 },
    { orphan: true, rto: 120 * SEC, silent: 0.3, error: ETIMEDOUT }
  ])("an orphan at a window that the peer has closed does not probe: %o", ({ error, orphan, rto, silent = 110 }) => {
    const script = flying({ sndWnd: 0, orphan, rto, retransmits: 1 })
    script.client.writeTimer.cancel()
    script.pass(200 * SEC)
    script.client.retransStamp = script.now - silent * SEC
    script.client.rcvTstamp = script.now - 110 * SEC
    fire(script)
    expect(script.client).toMatchObject({ error, timeouts: orphan && error === 0 ? 1 : 0 })
  })

  it.each([
    [0, 0.2],
    [8, 102.2],
    [9, 204.6],
    [10, 324.6],
    [15, 924.6]
  ])("%i retransmissions take %d s", (boundary, seconds) => {
    expect(retransmitsTimedOutNs(boundary) / SEC).toBeCloseTo(seconds, 9)
  })
})

describe("a segment is not sent again", () => {
  const again = (state: object) => {
    const script = flying(state)
    fire(script)
    return script.client.retransmitted
  }
  it.each([
    { what: "nothing is below the stack", state: { wmemAlloc: 0 }, sent: 1 },
    { what: "a quarter more than is queued", state: { wmemAlloc: 1250, wmemQueued: 1000 }, sent: 1 },
    { what: "more than a quarter", state: { wmemAlloc: 1251, wmemQueued: 1000 }, sent: 0 },
    { what: "as much as the buffer", state: { wmemAlloc: 900, wmemQueued: 1000, sndbuf: 900 }, sent: 1 },
    { what: "more than the buffer", state: { wmemAlloc: 901, wmemQueued: 1000, sndbuf: 900 }, sent: 0 }
  ])("while it may be below the stack: $what, $sent", ({ sent, state }) => expect(again(state)).toBe(sent))

  it("outside the window, unless it is the first", () => {
    for (const [sndUna, sndWnd, sent] of [[0, MSS, 1], [-1, 1, 0], [-1, 2, 1], [0, 0, 1]] as const) {
      expect(again({ sndUna, sndWnd, rcvTstamp: 2 * SEC })).toBe(sent)
    }
  })
})
