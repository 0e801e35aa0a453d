// recvmsg: what a reader gets, and what it waits for; each rule at its limits.
import { recvBytes, recvPage, tryRecv } from "#src/recv.ts"
import { NO_SKB, TCPHDR_ACK, TCPHDR_FIN, TCPHDR_RST } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script } from "./script.ts"

const NOTHING = -99

/** A reader of `bytes`, or of a page. `result` is NOTHING while it waits. */
const reader = (script: Script, bytes: number | "page") => {
  const into = new Uint8Array(bytes === "page" ? 0 : bytes)
  const page = { tokenWriter: -1, tokenVersion: -1 }
  const state = { result: NOTHING, into, page }
  const { client, net } = script
  const task = net.spawn("reader", function*(self) {
    state.result = bytes === "page" ? yield* recvPage(client, self, page) : yield* recvBytes(client, self, into)
  })
  script.pass(MS / 2)
  return { state, task }
}

/** A stream of bytes 0, 1, 2, …, then a page. */
const stream = (bytes = 20): Script => {
  const script = new Script({ nic: PROMPT })
  script.net.server.sent.appendBytes(Uint8Array.from({ length: bytes }, (_, i) => i))
  script.net.server.sent.appendPage(7, 8)
  return script
}

describe("a reader of bytes", () => {
  it("gets them in the pieces in which they come", () => {
    const script = stream()
    const { state, task } = reader(script, 12)
    const seen = [5, 5, 5].map((len) => {
      script.segment({ len })
      return [state.result, script.client.copiedSeq, script.client.readerWaiting]
    })
    expect(seen).toEqual([[NOTHING, 5, true], [NOTHING, 10, true], [12, 12, false]])
    expect([...state.into]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect([script.client.readable, script.client.prequeueHead]).toEqual([3, NO_SKB])
    expect(task.ns).toBeGreaterThan(script.net.a.stack.costs.syscallNs)
  })

  it.each([
    { what: "the end of the stream", flags: TCPHDR_FIN | TCPHDR_ACK, len: 0, result: 0 },
    { what: "the last bytes, and the end", flags: TCPHDR_FIN | TCPHDR_ACK, len: 5, result: 5 },
    // an error is told once, then the stream has ended
    { what: "a reset", flags: TCPHDR_RST, len: 0, result: -104 }
  ])("$what: $result", ({ flags, len, result }) => {
    const script = stream()
    const { state } = reader(script, 12)
    script.segment({ flags, len })
    expect([state.result, script.client.readable]).toEqual([result, 0])
    // and again
    expect(reader(script, 12).state.result).toBe(0)
  })

  it("reads what is there after the end, and also after an error", () => {
    const script = stream()
    script.segment({ len: 12, flags: TCPHDR_FIN | TCPHDR_ACK })
    expect(reader(script, 10).state.result).toBe(10)
    expect(reader(script, 10).state.result).toBe(2)
    const other = stream()
    other.segment({ len: 12 })
    other.client.die(other.ctx, 110)
    expect(reader(other, 10).state.result).toBe(10)
    expect(reader(other, 10).state.result).toBe(-110)
  })

  it("that is killed gets EINTR", () => {
    const script = stream()
    const { state, task } = reader(script, 12)
    script.segment({ len: 5 })
    task.process.killed = true
    script.client.receiveData.wakeAll()
    script.pass(MS)
    expect([state.result, script.client.copiedSeq]).toEqual([-4, 5])
  })

  it("waits for its turn while another task owns the socket", () => {
    const script = stream()
    script.segment({ len: 12 })
    script.client.owned = true
    const { state } = reader(script, 12)
    expect([state.result, script.client.lockQueue.waiters]).toEqual([NOTHING, 1])
    script.client.releaseSock(script.ctx)
    script.pass(MS)
    expect(state.result).toBe(12)
  })

  it("handles itself what came while it slept", () => {
    const script = stream()
    const { state, task } = reader(script, 12)
    const before = task.ns
    script.segment({ len: 12 })
    expect([state.result, script.client.prequeueMemory, script.client.ackScheduled]).toEqual([12, 0, false])
    // the ACK that the reader sent is on its account
    expect(task.ns - before).toBeGreaterThanOrEqual(script.net.a.stack.costs.txSkbNs)
  })
})

describe("a reader of a page", () => {
  it("gets its token with its last byte", () => {
    const script = stream(4)
    script.segment({ len: 4 })
    expect(reader(script, 4).state.result).toBe(4)
    const { state } = reader(script, "page")
    const seen = [1448, 1448, 1199, 1].map((len) => {
      script.segment({ len })
      return [state.result, state.page.tokenVersion, script.client.received.read]
    })
    expect(seen).toEqual([[NOTHING, -1, 4], [NOTHING, -1, 4], [NOTHING, -1, 4], [4096, 8, 4100]])
    expect(state.page).toEqual({ tokenWriter: 7, tokenVersion: 8 })
    expect(script.client).toMatchObject({ rmemAlloc: 0, copiedSeq: 4100 })
  })

  it.each([
    { what: "ends at once", flags: TCPHDR_FIN | TCPHDR_ACK, len: 0, result: 0 },
    { what: "ends in the middle", flags: TCPHDR_FIN | TCPHDR_ACK, len: 1000, result: 1000 },
    { what: "is reset", flags: TCPHDR_RST, len: 0, result: -104 }
  ])("of a stream that $what: $result", ({ flags, len, result }) => {
    const script = stream(0)
    const { state } = reader(script, "page")
    script.segment({ flags, len })
    expect([state.result, state.page.tokenVersion]).toEqual([result, -1])
  })

  it("pays for the call and the bytes", () => {
    const script = stream(0)
    for (const len of [1448, 1448, 1200]) script.segment({ len })
    script.client.ackScheduled = false
    const { state, task } = reader(script, "page")
    const { copyPerKiBNs, syscallNs } = script.net.a.stack.costs
    expect([state.result, task.ns]).toEqual([4096, syscallNs + 4 * copyPerKiBNs])
  })

  it("waits for its turn while another task owns the socket", () => {
    const script = stream(0)
    for (const len of [1448, 1448, 1200]) script.segment({ len })
    script.client.owned = true
    const { state } = reader(script, "page")
    expect([state.result, script.client.lockQueue.waiters]).toEqual([NOTHING, 1])
    script.client.releaseSock(script.ctx)
    script.pass(MS)
    expect(state.result).toBe(4096)
  })
})

describe("taking bytes off the queue", () => {
  it.each([{ n: 0, count: 0 }, { n: 9, count: 9 }, { n: 12, count: 12 }, { n: 13, count: 12 }])(
    "$n asked for: $count",
    ({ count, n }) => {
      const script = stream()
      script.segment({ len: 12 })
      script.client.spaceTime = -1
      expect(tryRecv(script.client, script.ctx, n)).toBe(count)
      expect([script.client.copiedSeq, script.client.rcvHead === NO_SKB]).toEqual([count, count === 12])
      // a look at the reader's speed
      expect(script.client.spaceTime >= 0).toBe(count > 0)
    }
  )
})
