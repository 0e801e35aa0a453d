// Connections that begin over the network.
import { NO_SKB, TCPHDR_ACK, TCPHDR_RST, TCPHDR_SYN } from "@swaplab/net-skb"
import { bootContext, ECONNREFUSED, ECONNRESET, EINTR, ENOBUFS, ETIMEDOUT } from "@swaplab/page-alloc"
import { connectOver, letGo, TcpSocket } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { PORT, Rig, S } from "./connecting.ts"

describe("connect", () => {
  it("takes a round trip, and data begin at 0", () => {
    const rig = new Rig()
    rig.listener.open()
    rig.connect()
    rig.runUntil(S)
    expect(rig.result).toBe(0)
    expect(rig.resultAt).toBeLessThan(S / 1000)
    expect(rig.sent.map(({ flags }) => flags)).toEqual([TCPHDR_SYN, TCPHDR_ACK])
    expect([rig.listener.asked, rig.listener.accepted, rig.accepted.length]).toEqual([1, 1, 1])
    const [peer] = rig.accepted
    for (const socket of [rig.socket, peer]) {
      expect(socket).toMatchObject({ sndUna: 0, sndNxt: 0, writeSeq: 0, rcvNxt: 0, packetsOut: 0, cwnd: 10, state: 1 })
      expect(socket.rto).toBeLessThan(0.3 * S)
      socket.checkInvariants()
    }
    const got = new Uint8Array(3)
    rig.net.spawn("sends", function*(task) {
      yield* rig.socket.sendBytes(task, Uint8Array.of(1, 2, 3), false)
    })
    rig.net.spawn("reads", function*(task) {
      yield* peer.recvBytes(task, got)
    })
    rig.runUntil(2 * S)
    expect([...got]).toEqual([1, 2, 3])
  })

  it("tries after 1, 3, 7, 15 and 31 s, and gives up after 63 s", () => {
    const rig = new Rig()
    rig.net.ba.cut = true
    rig.net.ab.cut = true
    rig.connect()
    rig.runUntil(200 * S)
    expect(rig.seconds(TCPHDR_SYN)).toEqual([0, 1, 3, 7, 15, 31])
    expect([rig.result, Math.round(rig.resultAt / S)]).toEqual([-ETIMEDOUT, 63])
    expect(rig.socket).toMatchObject({ state: 7, error: 0, writeHead: NO_SKB, wmemQueued: 0 })
    // and may try again
    rig.net.ba.cut = rig.net.ab.cut = false
    rig.listener.open()
    rig.connect()
    rig.runUntil(201 * S)
    expect(rig.result).toBe(0)
  })

  it("is refused where nobody listens, within a round trip", () => {
    const rig = new Rig()
    rig.connect()
    rig.runUntil(S)
    expect(rig.result).toBe(-ECONNREFUSED)
    expect(rig.resultAt).toBeLessThan(S / 1000)
    expect(rig.net.b.stack.services.refused).toBe(1)
    expect(rig.net.b.stack.noSocket).toBe(1)
  })

  it("waits for a SYN/ACK that was lost until it comes again, after a second", () => {
    const rig = new Rig()
    rig.listener.open()
    rig.net.ba.cut = true
    rig.connect()
    rig.runUntil(0.5 * S)
    expect(rig.accepted.length).toBe(0)
    rig.net.ba.cut = false
    rig.runUntil(5 * S)
    expect([rig.result, rig.accepted.length, rig.listener.asked]).toEqual([0, 1, 1])
    expect(rig.accepted[0]).toMatchObject({ retransmitted: 1, timeouts: 1 })
    // the SYN comes again at the same time, to an end that waits for its ACK
    expect(rig.seconds(TCPHDR_SYN)).toEqual([0, 1])
    expect(rig.accepted[0].duplicates).toBe(1)
  })

  /** The ACK that ends the handshake is lost: the first segment of `a` after its SYN. */
  const withoutAck = (): Rig => {
    const rig = new Rig()
    rig.listener.open()
    const watch = rig.net.ab.onFrame
    let frames = 0
    rig.net.ab.onFrame = (frame) => {
      watch?.(frame)
      return ++frames !== 2
    }
    rig.connect()
    rig.runUntil(0.5 * S)
    expect([rig.result, rig.socket.state, rig.accepted.length]).toEqual([0, 1, 0])
    return rig
  }

  it("whose ACK was lost stands with the next segment, whose data arrive", () => {
    const rig = withoutAck()
    rig.net.spawn("sends", function*(task) {
      yield* rig.socket.sendBytes(task, new Uint8Array(100), false)
    })
    rig.runUntil(0.6 * S)
    expect([rig.accepted.length, rig.accepted[0].readable, rig.accepted[0].retransmitted]).toEqual([1, 100, 0])
  })

  it("whose ACK was lost, and which says nothing, stands when the SYN/ACK comes again and is acknowledged", () => {
    const rig = withoutAck()
    rig.runUntil(5 * S)
    expect([rig.accepted.length, rig.accepted[0].retransmitted, rig.socket.duplicates]).toEqual([1, 1, 1])
    expect(rig.sent.map(({ flags }) => flags)).toEqual([TCPHDR_SYN, TCPHDR_ACK, TCPHDR_ACK])
  })

  it("whose ACK was lost gets a RST when nobody listens any more", () => {
    const rig = withoutAck()
    rig.listener.close(bootContext())
    expect([...rig.net.b.stack.sockets()].length).toBe(1)
    rig.net.spawn("sends", function*(task) {
      yield* rig.socket.sendBytes(task, new Uint8Array(100), false)
    })
    rig.runUntil(0.6 * S)
    expect([rig.socket.error, rig.accepted.length]).toEqual([ECONNRESET, 0])
  })

  it("that nobody completes ends at the other end after 63 s, too", () => {
    const rig = new Rig()
    const { ab, b, ba, packets, sim } = rig.net
    const answers: Array<number> = []
    ba.onFrame = (frame) => {
      expect(packets.flags[frame]).toBe(TCPHDR_SYN | TCPHDR_ACK)
      answers.push(Math.round(sim.now / S))
      // nothing of what follows arrives
      return !(ab.cut = true)
    }
    rig.listener.open()
    rig.connect()
    rig.runUntil(62.9 * S)
    expect([...b.stack.sockets()].length).toBe(2)
    rig.runUntil(63.1 * S)
    expect(answers).toEqual([0, 1, 3, 7, 15, 31])
    expect([[...b.stack.sockets()].length, rig.listener.asked, rig.listener.accepted]).toEqual([1, 1, 0])
    b.stack.checkInvariants()
  })

  it("that was given up answers a SYN/ACK with a RST, and the other end forgets it", () => {
    const rig = new Rig()
    rig.listener.open()
    rig.net.ba.cut = true
    const { process } = rig.connect()
    rig.runUntil(0.4 * S)
    process.kill()
    rig.runUntil(0.5 * S)
    expect([rig.result, rig.socket.state]).toEqual([-EINTR, 7])
    rig.net.ba.cut = false
    // the SYN/ACK comes again after a second
    rig.runUntil(5 * S)
    expect(rig.socket).toMatchObject({ state: 7, packets: 1, drops: 1, closedDrops: 1 })
    expect(rig.sent.map(({ flags }) => flags)).toEqual([TCPHDR_SYN, TCPHDR_RST])
    expect([rig.accepted.length, [...rig.net.b.stack.sockets()].length]).toEqual([0, 1])
  })

  it("whose SYN/ACK meets no socket counts as no request that was refused", () => {
    const rig = new Rig()
    rig.listener.open()
    rig.net.ba.cut = true
    rig.connect()
    rig.runUntil(0.4 * S)
    rig.socket.close(bootContext())
    rig.net.ba.cut = false
    rig.runUntil(5 * S)
    const { noSocket, services } = rig.net.a.stack
    expect([noSocket, services.refused]).toEqual([1, 0])
  })

  it("fails without memory for the SYN", () => {
    const rig = new Rig()
    rig.listener.open()
    rig.net.a.stack.skbs.tryAllocSkb = () => NO_SKB
    rig.connect()
    rig.runUntil(S)
    expect([rig.result, rig.socket.synFailures]).toEqual([-ENOBUFS, 1])
    expect(rig.sent).toEqual([])
  })
})

describe("a listener counts what it drops", () => {
  const counts = ({ net: { b: { stack: { services } } } }: Rig) => {
    const { dropped, packets, strays, withdrawn, withoutMemory } = services
    return { dropped, packets, strays, withdrawn, withoutMemory }
  }
  const NONE = { dropped: 0, packets: 1, strays: 0, withdrawn: 0, withoutMemory: 0 }

  it("nothing, where a connection is made", () => {
    const rig = new Rig()
    rig.listener.open()
    rig.connect()
    rig.runUntil(S)
    expect(counts(rig)).toEqual(NONE)
  })

  it("a SYN whose end has given up", () => {
    const rig = new Rig()
    rig.listener.open()
    const { process } = rig.connect()
    process.kill()
    rig.runUntil(S)
    expect(rig.sent.map(({ flags }) => flags)).toEqual([TCPHDR_SYN])
    expect([counts(rig), rig.listener.asked]).toEqual([{ ...NONE, dropped: 1, withdrawn: 1 }, 0])
  })

  it("a SYN for whose answer there is no memory; the next one is answered", () => {
    const rig = new Rig()
    rig.listener.open()
    const { skbs } = rig.net.b.stack
    const alloc = skbs.tryAllocSkb
    skbs.tryAllocSkb = () => NO_SKB
    rig.connect()
    rig.runUntil(0.5 * S)
    skbs.tryAllocSkb = alloc
    expect([...rig.net.b.stack.sockets()].length).toBe(1)
    rig.runUntil(2 * S)
    expect([rig.result, counts(rig)]).toEqual([0, { ...NONE, packets: 2, dropped: 1, withoutMemory: 1 }])
  })

  it.each([
    { flags: TCPHDR_ACK, reset: 1 },
    { flags: TCPHDR_SYN | TCPHDR_ACK, reset: 1 },
    { flags: 0, reset: 0 },
    { flags: TCPHDR_RST | TCPHDR_ACK, reset: 0 }
  ])("a segment that is no SYN (flags $flags), and answers $reset with a RST", ({ flags, reset }) => {
    const rig = new Rig()
    rig.listener.open()
    const { b, ba, packets } = rig.net
    const seen: Array<number> = []
    ba.onFrame = (frame) => {
      seen.push(packets.flags[frame])
      return true
    }
    const frame = packets.reset(52, 0, rig.socket.port, 1, PORT, 0, 0)
    packets.flags[frame] = flags
    b.nic.receive(frame)
    rig.runUntil(S)
    expect(counts(rig)).toEqual({ ...NONE, dropped: 1, strays: 1 })
    expect(seen).toEqual(reset === 1 ? [TCPHDR_RST] : [])
  })
})

describe("a machine that boots again", () => {
  it("gets a connection although the other end remembers one of the same numbers", () => {
    const rig = new Rig()
    rig.listener.open()
    rig.connect()
    rig.runUntil(S)
    const [before] = rig.accepted
    // silently: neither FIN nor RST
    rig.socket.die(bootContext(), ECONNRESET)
    const { stack } = rig.net.reboot()
    const options = { name: "again", freeBufferPages: 500_000, noDelay: true }
    const sockets = Array.from({ length: rig.socket.port + 1 }, () => new TcpSocket(stack, options))
    const again = sockets[rig.socket.port]
    expect(again.port).toBe(rig.socket.port)
    let result: number | null = null
    rig.expected = again
    rig.net.spawn("client", function*(task) {
      result = yield* connectOver(again, task, 1, PORT)
    })
    rig.runUntil(5 * S)
    expect([result, before.error, rig.accepted.length]).toEqual([0, ECONNRESET, 2])
    // the SYN, the RST for the ACK that it gets, and a second later the SYN that is answered
    expect(rig.seconds(TCPHDR_SYN)).toEqual([0, 1, 2])
    letGo(before, bootContext())
    rig.runUntil(6 * S)
    expect([before.closed, again.error, rig.accepted[1].state]).toEqual([true, 0, 1])
  })
})
