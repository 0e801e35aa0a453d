// sendmsg: how bytes become segments, and what happens where there is no room; each rule at its limits.
import { MAX_SKB_FRAGS, NO_SKB, TCPHDR_PSH } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script } from "./script.ts"
import type { ToyOptions } from "./toy.ts"

const MSS = 1448
const LINEAR = 1456

/** A socket that queues and sends nothing, because the congestion window is closed. */
const queueing = (state: object = {}, options: ToyOptions = {}): Script => {
  const script = new Script({ nic: PROMPT, ...options })
  Object.assign(script.client, { cwnd: 0, maxWindow: 1 << 20, sndWnd: 1 << 20, ...state })
  return script
}
const shape = ({ client, net }: Script) => {
  const { fragLen, headLen, next, nrFrags } = net.a.stack.skbs
  const rows: Array<ReadonlyArray<number>> = []
  for (let skb = client.writeHead; skb !== NO_SKB; skb = next[skb]) {
    const first = skb * MAX_SKB_FRAGS
    rows.push([headLen[skb], ...fragLen.slice(first, first + nrFrags[skb])])
  }
  return rows
}
const pushed = ({ client, net }: Script) => {
  const { flags, next } = net.a.stack.skbs
  const rows: Array<boolean> = []
  for (let skb = client.writeHead; skb !== NO_SKB; skb = next[skb]) rows.push((flags[skb] & TCPHDR_PSH) !== 0)
  return rows
}

describe("the last segment of a send", () => {
  it.each([2 * MSS - 1, 2 * MSS])("of %d bytes is pushed, full or not", (bytes) => {
    const script = queueing({ cwnd: 10 }, { tcp: { tso: false } })
    script.send(bytes)
    expect(script.take().map(({ flags }) => flags & TCPHDR_PSH)).toEqual([0, TCPHDR_PSH])
  })
})

describe("the size of a segment", () => {
  it.each([
    { maxWindow: 0, tso: true, size: MSS },
    { maxWindow: 4 * MSS - 2, tso: true, size: MSS },
    { maxWindow: 4 * MSS, tso: true, size: 2 * MSS },
    { maxWindow: 5 * MSS, tso: true, size: 2 * MSS },
    { maxWindow: 90 * MSS, tso: true, size: 45 * MSS },
    { maxWindow: 900 * MSS, tso: true, size: 45 * MSS },
    { maxWindow: 900 * MSS, tso: false, size: MSS }
  ])("at a largest window of $maxWindow, TSO $tso: $size", ({ maxWindow, size, tso }) => {
    const script = queueing({ maxWindow, sndbuf: 1 << 20 }, { tcp: { tso } })
    script.send(size + 1)
    expect(script.queues()[1]).toEqual([size, 1])
    expect(script.client.writeSeq).toBe(size + 1)
  })

  it.each([
    { sends: [LINEAR], rows: [[LINEAR]] },
    { sends: [LINEAR + 1], rows: [[LINEAR, 1]] },
    { sends: [100, 1356, 1], rows: [[LINEAR, 1]] },
    { sends: [LINEAR + 4096, 1], rows: [[LINEAR, 4096, 1]] },
    { sends: [LINEAR + 4095, 2], rows: [[LINEAR, 4096, 1]] },
    { sends: [LINEAR + 10, 20, 4066, 1], rows: [[LINEAR, 4096, 1]] }
  ])("$sends bytes are kept as $rows", ({ rows, sends }) => {
    const script = queueing()
    for (const bytes of sends) script.send(bytes)
    expect(shape(script)).toEqual(rows)
    script.checkMemory()
    script.close()
  })

  it("without TSO is linear", () => {
    const script = queueing({}, { tcp: { tso: false } })
    script.send(2 * MSS + 7)
    expect(shape(script)).toEqual([[MSS], [MSS], [7]])
  })

  it("the page of the next fragment is shared by segments, and used again when nobody else holds it", () => {
    const script = queueing({ maxWindow: 4 * MSS, cwnd: 99 })
    const { client, net } = script
    script.send(2 * MSS)
    script.send(2 * MSS)
    const page = client.sndmsgPage
    const { refs } = net.a.stack.skbs.pages
    expect([shape(script), refs[page], client.sndmsgOffset]).toEqual([[[LINEAR, 1440], [LINEAR, 1440]], 3, 2880])
    script.segment({ ack: 4 * MSS })
    expect([refs[page], client.sndmsgOffset]).toEqual([1, 2880])
    script.send(LINEAR + 10)
    expect([client.sndmsgPage, refs[page], client.sndmsgOffset]).toEqual([page, 2, 10])
    script.close()
  })

  it.each([{ sndbuf: 1 << 20, waits: 0 }, { sndbuf: 1000, waits: 1 }])(
    "ends with the last fragment that it can have; the next one needs room: buffer $sndbuf, waits $waits",
    ({ sndbuf, waits }) => {
      const script = queueing()
      script.send(LINEAR + 10)
      const { skbs } = script.net.a.stack
      const skb = script.client.writeTail
      // all places taken, the last by another page
      skbs.nrFrags[skb] = MAX_SKB_FRAGS
      skbs.fragPage[skb * MAX_SKB_FRAGS + MAX_SKB_FRAGS - 1] = -7
      script.client.sndbuf = sndbuf
      script.net.spawn("sender", function*(self) {
        yield* script.client.sendBytes(self, new Uint8Array(20), true)
      })
      script.net.sim.run(script.now)
      skbs.nrFrags[skb] = 1
      const full = [LINEAR, 10]
      expect([shape(script), pushed(script)]).toEqual(waits > 0 ? [[full], [true]] : [[full, [20]], [true, false]])
      expect(script.client).toMatchObject({
        pushedSeq: LINEAR + 10,
        writeSeq: LINEAR + (waits > 0 ? 10 : 30),
        sendSpaceWaits: waits
      })
    }
  )
})

describe("a push", () => {
  it.each([
    { bytes: 100, more: false, flags: [true], pushedSeq: 100 },
    { bytes: 100, more: true, flags: [false], pushedSeq: 0 },
    // more than half of the largest window since the last one
    { bytes: 4000, more: true, flags: [false], pushedSeq: 0 },
    { bytes: 4001, more: true, flags: [true], pushedSeq: 4001 }
  ])("of $bytes bytes, more to come $more: $flags", ({ bytes, flags, more, pushedSeq }) => {
    const script = queueing({ maxWindow: 8000, sndWnd: 8000 }, { tcp: { mss: 4000 } })
    // the segment is not full
    script.client.maxWindow = 8001
    if (bytes === 4001) script.send(1, true)
    script.send(bytes === 4001 ? 4000 : bytes, more)
    const seen = pushed(script)
    expect([seen.slice(-1), script.client.pushedSeq]).toEqual([flags, pushedSeq])
  })

  it("of full segments, while the sender goes on: the first at once, later ones after half a window", () => {
    const script = queueing({ maxWindow: 8 * MSS, sndWnd: 1 << 20, cwnd: 99 }, { tcp: { tso: false } })
    script.send(7 * MSS, true)
    expect(pushed(script)).toEqual([false, false, false, false, true, false, false])
    expect(script.client).toMatchObject({ pushedSeq: 5 * MSS, sndNxt: 7 * MSS })
  })

  it.each([
    { more: true, noDelay: true, sent: 0 },
    { more: false, noDelay: true, sent: 1 },
    { more: true, noDelay: false, sent: 0 },
    { more: false, noDelay: false, sent: 0 }
  ])("of a short segment behind a short one: more $more, TCP_NODELAY $noDelay", ({ more, noDelay, sent }) => {
    const script = queueing({ cwnd: 9 }, { tcp: { noDelay } })
    script.send(10)
    script.take()
    script.send(10, more)
    expect(script.data()).toHaveLength(sent)
  })

  it("of nothing or of a dead connection is none", () => {
    const script = queueing({ cwnd: 9 })
    script.send(0)
    expect([script.take(), script.client.writeHead]).toEqual([[], NO_SKB])
  })
})

describe("a sender", () => {
  const send = (script: Script, bytes: number) => {
    const state = { result: Number.NaN, at: -1 }
    const task = script.net.spawn("sender", function*(self) {
      state.result = yield* script.client.sendBytes(self, new Uint8Array(bytes), false)
      state.at = script.net.sim.now
    })
    script.net.sim.run(script.now)
    return { state, task }
  }

  it.each([
    { state: { error: 104, pendingError: 104, shutdownSend: true }, result: -104 },
    { state: { error: 104, shutdownSend: true }, result: -32 },
    { state: { shutdownSend: true }, result: -32 }
  ])("of a socket that is over gets $result", ({ result, state }) => {
    const script = queueing(state)
    const { state: got, task } = send(script, 10)
    expect([got.result, script.client.writeSeq, script.client.sent.written, task.ns]).toEqual([result, 0, 0, 0])
    let page = 0
    script.net.spawn("sender of a page", function*(self) {
      page = yield* script.client.sendPage(self, 1, 1, false)
    })
    script.net.sim.run(script.now)
    // an error is told once
    expect([page, script.client.sent.written]).toEqual([-32, 0])
  })

  it("that was killed gets EINTR", () => {
    const script = queueing()
    let result = 0
    script.net.spawn("sender", function*(self) {
      self.process.killed = true
      result = yield* script.client.sendBytes(self, new Uint8Array(9), false)
    })
    script.net.sim.run(script.now)
    expect([result, script.client.writeSeq]).toEqual([-4, 0])
  })

  it.each([512, 1024, 3000])("pays for the call and for %i bytes", (bytes) => {
    const script = queueing()
    const { copyPerKiBNs, syscallNs } = script.net.a.stack.costs
    const { task } = send(script, bytes)
    expect(task.ns).toBe(syscallNs + Math.floor((copyPerKiBNs * bytes) / 1024))
  })

  it.each([{ below: 1, waits: 0 }, { below: 0, waits: 1 }])(
    "waits when as much is queued as the buffer holds, $below less: $waits",
    ({ below, waits }) => {
      const script = queueing({ maxWindow: 0 })
      script.send(MSS)
      script.client.sndbuf = script.client.wmemQueued + below
      const { state } = send(script, 10)
      expect([script.client.sendSpaceWaits, script.client.noSpace, Number.isNaN(state.result)]).toEqual([
        waits,
        waits > 0,
        waits > 0
      ])
      expect([script.client.vmWaits, script.client.owned]).toEqual([0, false])
    }
  )

  it("that waits for room goes on when a third is free, and pushes what it had", () => {
    const script = queueing({ cwnd: 99 }, { tcp: { sndbuf: 9000, tso: false } })
    const { state } = send(script, 40_000)
    script.pass(MS)
    expect([script.client.sendSpaceWaits, state.result]).toEqual([1, Number.NaN])
    const first = script.client.sndNxt
    expect(first).toBeGreaterThan(5000)
    expect(first).toBe(script.client.writeSeq)
    for (let i = 0; i < 40 && Number.isNaN(state.result); i++) script.segment({ ack: script.client.sndNxt })
    expect([state.result, script.client.writeSeq, script.client.noSpace]).toEqual([40_000, 40_000, false])
  })

  it.each([
    { what: "dies", result: -110, end: ({ client, ctx }: Script) => client.die(ctx, 110) },
    { what: "is shut down", result: -32, end: ({ client }: Script) => client.shutdown() }
  ])("that waits for room when the connection $what gets $result", ({ end, result }) => {
    const script = queueing({ cwnd: 99 }, { tcp: { sndbuf: 9000, tso: false } })
    const { state } = send(script, 40_000)
    end(script)
    script.net.sim.run(script.now + MS)
    expect([state.result, script.client.owned]).toEqual([result, false])
  })

  it("that waits for room and is killed gets EINTR", () => {
    const script = queueing({ cwnd: 99 }, { tcp: { sndbuf: 9000, tso: false } })
    const { state, task } = send(script, 40_000)
    task.process.killed = true
    script.client.sendSpace.wakeAll()
    script.net.sim.run(script.now + MS)
    expect(state.result).toBe(-4)
  })

  it("does not sleep for room when the connection was shut down meanwhile", () => {
    const script = queueing({ cwnd: 99 }, { tcp: { sndbuf: 9000, tso: false } })
    const { client } = script
    const release = client.releaseSock.bind(client)
    client.releaseSock = (ctx) => {
      release(ctx)
      client.shutdown()
    }
    expect(send(script, 40_000).state.result).toBe(-32)
  })

  it("that waited for room waits for its turn, too", () => {
    const script = queueing({ cwnd: 99 }, { tcp: { sndbuf: 9000, tso: false } })
    const { client } = script
    send(script, 40_000)
    const written = client.writeSeq
    client.owned = true
    Object.assign(client, { sndbuf: 1 << 20 })
    client.sendSpace.wakeAll()
    script.net.sim.run(script.now)
    expect([client.lockQueue.waiters, client.writeSeq]).toEqual([1, written])
    client.releaseSock(script.ctx)
    script.net.sim.run(script.now)
    expect(client.writeSeq).toBe(40_000)
  })

  it("waits for its turn while another task owns the socket", () => {
    const script = queueing({ cwnd: 99, owned: true })
    const { state } = send(script, 10)
    expect([script.client.lockQueue.waiters, script.client.writeSeq]).toEqual([1, 0])
    script.client.releaseSock(script.ctx)
    script.pass(MS)
    expect([state.result, script.client.writeSeq]).toEqual([10, 10])
  })
})
