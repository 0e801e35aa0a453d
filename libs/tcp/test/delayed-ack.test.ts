// How long an ACK waits, segment by segment and between two machines.
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script } from "./script.ts"
import { ToyNetwork } from "./toy.ts"
import { warmUp, watchAcks } from "./watch.ts"

describe("the delay of an ACK", () => {
  it.each([
    { gaps: [], ato: 40 },
    { gaps: [30], ato: 50 },
    { gaps: [30, 50], ato: 50 },
    { gaps: [30, 49], ato: 74 },
    { gaps: [30, 20], ato: 45 },
    { gaps: [30, 10], ato: 45 },
    { gaps: [300], ato: 40 }
  ])("follows the gaps between segments, $gaps ms: $ato ms", ({ ato, gaps }) => {
    const script = new Script({ nic: PROMPT })
    const { client } = script
    client.rto = 1000 * MS
    // quick ACKs do not touch the estimate; a delayed ACK that is due would
    const arrive = () => {
      client.quick = 10
      script.segment({ len: 100 })
    }
    arrive()
    for (const gap of gaps) {
      script.pass(gap * MS - MS / 2)
      arrive()
    }
    expect(client.ato / MS).toBeCloseTo(ato, 3)
  })

  it.each([
    { what: "a conversation", pingpong: true, len: 1448, srtt: 0, delay: 200 },
    { what: "the end of a message", pingpong: false, len: 100, srtt: 0, delay: 200 },
    { what: "a stream", pingpong: false, len: 1448, srtt: 0, delay: 220 },
    { what: "a stream over 100 ms", pingpong: false, len: 1448, srtt: 100, delay: 100 },
    { what: "a stream over 1 ms", pingpong: false, len: 1448, srtt: 1, delay: 40 }
  ])("of $what is $delay ms where the estimate is 220 ms", ({ delay, len, pingpong, srtt }) => {
    const script = new Script({ nic: PROMPT })
    const { client, net } = script
    script.pass(1000 * MS)
    Object.assign(client, {
      ato: 400 * MS,
      lrcvtime: net.sim.now,
      srtt: 8 * srtt,
      pingpong,
      quick: 0,
      // a window that grows brings quick ACKs
      rcvSsthresh: client.windowClamp
    })
    script.segment({ len })
    const arrived = client.lrcvtime
    expect(Math.abs((client.delackTimer.deadline - arrived) / MS - delay)).toBeLessThan(1.1)
  })

  it("an ACK that is nearly due goes with the next segment", () => {
    const script = new Script({ nic: PROMPT })
    const { client } = script
    script.segment({ len: 100 })
    const small = () => {
      Object.assign(client, { pingpong: true, quick: 0 })
      script.segment({ len: 10 })
      return script.take().length
    }
    script.take()
    expect(small()).toBe(0)
    // 40 ms after the first at the earliest; within its last quarter the second takes it along
    script.pass(20 * MS)
    expect(small()).toBe(0)
    script.pass(12 * MS)
    expect(small()).toBe(1)
    expect(client.ackScheduled).toBe(false)
  })
})

describe("delayed acknowledgements", () => {
  it("a lone small segment is acknowledged after 40 ms, in quick-ack mode at once", () => {
    const net = new ToyNetwork()
    // no reader: nothing is taken, so no window update comes in between
    const acks = watchAcks(net)
    const send = (): void => {
      net.spawn("sender", function*(task) {
        yield* net.server.sendBytes(task, new Uint8Array(100), false)
      })
    }
    send()
    net.sim.run(net.sim.now + 100 * MS)
    expect(acks.length).toBe(1)
    expect(acks[0].at).toBeLessThan(1)
    // use the quick acks up
    for (let i = 0; i < 20; i++) {
      send()
      net.sim.run(net.sim.now + 100 * MS)
    }
    const before = acks.length
    const at = net.sim.now / MS
    send()
    net.sim.run(net.sim.now + 300 * MS)
    expect(acks.length).toBe(before + 1)
    const delay = acks[before].at - at
    expect(delay).toBeGreaterThanOrEqual(39)
    expect(delay).toBeLessThanOrEqual(200)
  })

  it("two full segments are acknowledged at once", () => {
    const net = new ToyNetwork()
    warmUp(net)
    net.client.quick = 0
    net.client.pingpong = true
    const acks = watchAcks(net)
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(2 * 1448), false)
    })
    const at = net.sim.now / MS
    net.sim.run(net.sim.now + 300 * MS)
    expect(acks[0].at - at).toBeLessThan(1)
    expect(acks.length).toBe(1)
  })

  it("an ACK that cannot be allocated comes with the 200 ms timer", () => {
    const net = new ToyNetwork()
    warmUp(net)
    const acks = watchAcks(net)
    const { memory } = net.a
    const tryHead = memory.tryHead.bind(memory)
    // receive buffers are posted already; only new heads fail
    memory.tryHead = () => -1
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(2 * 1448), false)
    })
    const at = net.sim.now / MS
    net.sim.run(net.sim.now + 100 * MS)
    expect(net.client.ackFailures).toBeGreaterThan(0)
    expect(acks).toEqual([])
    memory.tryHead = tryHead
    net.sim.run(net.sim.now + 400 * MS)
    expect(acks[0].at - at).toBeGreaterThanOrEqual(199)
    expect(acks[0].at - at).toBeLessThan(202)
  })
})
