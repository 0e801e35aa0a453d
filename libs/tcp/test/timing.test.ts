import { ECONNRESET, EPIPE, ETIMEDOUT } from "#src/constants.ts"
import { retransmitsTimedOutNs } from "#src/timer.ts"
import { NO_SWITCHES, TCPHDR_RST } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ToyNetwork } from "./toy.ts"

const MS = 1_000_000

/** Times, in ms, at which data frames enter the wire from server to client. */
const watchData = (net: ToyNetwork): Array<{ at: number; seq: number; len: number }> => {
  const seen: Array<{ at: number; seq: number; len: number }> = []
  net.ba.onFrame = (frame) => {
    if (net.packets.len[frame] > 0) {
      seen.push({ at: net.sim.now / MS, seq: net.packets.seq[frame], len: net.packets.len[frame] })
    }
    return true
  }
  return seen
}

/** Times, in ms, of pure ACKs from client to server. */
const watchAcks = (net: ToyNetwork): Array<{ at: number; ack: number; wnd: number }> => {
  const seen: Array<{ at: number; ack: number; wnd: number }> = []
  net.ab.onFrame = (frame) => {
    if (net.packets.len[frame] === 0) {
      seen.push({ at: net.sim.now / MS, ack: net.packets.ack[frame], wnd: net.packets.wnd[frame] })
    }
    return true
  }
  return seen
}

/** One page there and back, so that the round trip is known. */
const warmUp = (net: ToyNetwork, bytes = 16): void => {
  net.spawn("warm sender", function*(task) {
    yield* net.server.sendBytes(task, new Uint8Array(bytes), false)
  })
  net.spawn("warm receiver", function*(task) {
    yield* net.client.recvBytes(task, new Uint8Array(bytes))
  })
  net.sim.run(net.sim.now + 1000 * MS)
  expect(net.client.readable).toBe(0)
  expect(net.server.packetsOut).toBe(0)
}

describe("retransmission time-outs", () => {
  it("double from 200 ms to 120 s; after 924.6 s the connection dies", () => {
    const net = new ToyNetwork()
    warmUp(net)
    const sent = watchData(net)
    net.ba.cut = true
    const start = net.sim.now / MS
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.sim.run(net.sim.now + 2_000_000 * MS)
    const at = sent.map((frame) => frame.at - start)
    const gaps = at.slice(1).map((time, i) => time - at[i])
    // the measured round trip is added to the 200 ms, then rounded to ticks
    expect(gaps[0]).toBeGreaterThanOrEqual(200)
    expect(gaps[0]).toBeLessThan(260)
    for (let i = 1; i < gaps.length; i++) {
      expect(gaps[i] / Math.min(gaps[i - 1] * 2, 120_000)).toBeCloseTo(1, 1)
      expect(gaps[i]).toBeLessThanOrEqual(120_000)
    }
    expect(gaps.slice(-3).every((gap) => gap === 120_000)).toBe(true)
    expect(net.server.error).toBe(ETIMEDOUT)
    expect(at[at.length - 1]).toBeGreaterThan(800_000)
    expect(at[at.length - 1]).toBeLessThan(1_100_000)
    expect(net.server.wmemQueued).toBe(0)
  })

  it.each([{ boundary: 3, seconds: 3 }, { boundary: 15, seconds: 924.6 }])(
    "$boundary retries last $seconds s",
    ({ boundary, seconds }) => expect(retransmitsTimedOutNs(boundary) / 1e9).toBeCloseTo(seconds, 6)
  )

  it("a measured round trip brings the time-out back", () => {
    const net = new ToyNetwork()
    warmUp(net)
    net.ba.cut = true
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.sim.run(net.sim.now + 3000 * MS)
    expect(net.server.timeouts).toBe(3)
    expect(net.server.rto).toBeGreaterThan(1600 * MS)
    net.ba.cut = false
    net.sim.run(net.sim.now + 5000 * MS)
    expect(net.server.packetsOut).toBe(0)
    expect(net.server.rto).toBeLessThan(300 * MS)
    expect(net.client.readable).toBe(100)
  })

  it("without memory in the device the same time-out is tried again, without backoff", () => {
    const net = new ToyNetwork()
    warmUp(net)
    net.ba.cut = true
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
    })
    net.sim.run(net.sim.now + 1 * MS)
    const device = net.b.stack.device as { transmit: (ctx: unknown, skb: number) => number }
    const transmit = device.transmit.bind(device)
    let tried = 0
    device.transmit = (_ctx, skb) => {
      tried++
      const { skbs } = net.b.stack
      net.server.skbFreed(net.b.softirq.ctx, skbs.truesize[skb])
      skbs.twinBusy[skb] = 0
      skbs.kfree(net.b.softirq.ctx, skb)
      return 1
    }
    const rto = net.server.rto
    net.sim.run(net.sim.now + 2000 * MS)
    expect(tried).toBeGreaterThanOrEqual(8)
    expect(net.server.rto).toBe(rto)
    device.transmit = transmit
    net.ba.cut = false
    net.sim.run(net.sim.now + 1000 * MS)
    expect(net.client.readable).toBe(100)
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

describe("fast retransmit", () => {
  it("three duplicate ACKs bring one lost segment back within a round trip", () => {
    const net = new ToyNetwork()
    const sent = watchData(net)
    let dropped = false
    const watch = net.ba.onFrame
    net.ba.onFrame = (frame) => {
      watch?.(frame)
      if (dropped || net.packets.seq[frame] < 60 * 1448) return true
      dropped = true
      return false
    }
    let received = 0
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 200; i++) yield* net.server.sendPage(task, 1, i, false)
    })
    net.spawn("receiver", function*(task) {
      const page = { tokenWriter: 0, tokenVersion: 0 }
      for (let i = 0; i < 200; i++) {
        yield* net.client.recvPage(task, page)
        expect(page.tokenVersion).toBe(i)
        received++
      }
    })
    net.sim.run(60_000 * MS)
    expect(received).toBe(200)
    expect(net.server.fastRetransmits).toBe(1)
    expect(net.server.timeouts).toBe(0)
    expect(net.server.retransmitted).toBe(1)
    const seqs = sent.map((frame) => frame.seq)
    const repeated = sent.filter((frame, i) => seqs.indexOf(frame.seq) !== i)
    expect(repeated.length).toBe(1)
    expect(repeated[0].at - sent[seqs.indexOf(repeated[0].seq)].at).toBeLessThan(5)
    net.close()
  })

  it("a lost retransmission is left to the time-out", () => {
    const net = new ToyNetwork()
    let drops = 0
    let victim = -1
    net.ba.onFrame = (frame) => {
      const seq = net.packets.seq[frame]
      if (victim < 0 && seq > 20 * 1448) victim = seq
      return seq !== victim || ++drops > 2
    }
    let received = 0
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 50; i++) yield* net.server.sendPage(task, 1, i, false)
    })
    net.spawn("receiver", function*(task) {
      const page = { tokenWriter: 0, tokenVersion: 0 }
      for (let i = 0; i < 50; i++) {
        yield* net.client.recvPage(task, page)
        received++
      }
    })
    net.sim.run(60_000 * MS)
    expect(received).toBe(50)
    expect(drops).toBeGreaterThanOrEqual(3)
    expect(net.server.timeouts).toBe(1)
    net.close()
  })
})

describe("short segments", () => {
  const send = (net: ToyNetwork, bytes: number): void => {
    net.spawn(`sender of ${bytes}`, function*(task) {
      yield* net.client.sendBytes(task, new Uint8Array(bytes), false)
    })
    net.sim.run(net.sim.now)
  }

  it("Nagle: wait for an earlier short one, not for a full one", () => {
    const net = new ToyNetwork({ tcp: { noDelay: false } })
    send(net, 1448)
    send(net, 10)
    expect(net.client.dataSegmentsSent).toBe(2)
    send(net, 10)
    expect(net.client.dataSegmentsSent).toBe(2)
    net.sim.run(net.sim.now + 300 * MS)
    expect(net.client.dataSegmentsSent).toBe(3)
  })

  it("the TSQ tasklet does not know TCP_NODELAY", () => {
    const net = new ToyNetwork()
    send(net, 10)
    net.client.wmemAlloc += 1 << 20
    send(net, 20)
    expect(net.client.tsqThrottled).toBe(true)
    net.client.wmemAlloc -= 1 << 20
    net.client.tasklet(net.a.softirq.ctx)
    expect(net.client.dataSegmentsSent).toBe(1)
    net.sim.run(net.sim.now + 300 * MS)
    expect(net.client.dataSegmentsSent).toBe(2)
  })

  it("an idle time does not end a slow start that no loss has ended", () => {
    const net = new ToyNetwork()
    net.spawn("sender", function*(task) {
      for (const pause of [1, 5000]) {
        yield* task.process.hold(pause * MS)
        yield* net.client.sendBytes(task, new Uint8Array(10), false)
      }
    })
    net.sim.run(10_000 * MS)
    expect(net.client.dataSegmentsSent).toBe(2)
    expect(net.client.ssthresh).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe("windows", () => {
  it("a reader that does not read closes the window; probes keep asking; reading opens it", () => {
    const net = new ToyNetwork({ tcp: { rcvbuf: 87380 } })
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 100; i++) yield* net.server.sendPage(task, 1, i, false)
    })
    net.sim.run(5_000 * MS)
    const stuck = net.client.readable
    expect(net.client.rmemAlloc).toBeGreaterThan(40_000)
    expect(stuck).toBeLessThan(87380)
    const carried = net.ba.carried
    net.sim.run(30_000 * MS)
    // window probes
    expect(net.ba.carried).toBeGreaterThan(carried)
    expect(net.client.readable).toBe(stuck)
    let received = 0
    net.spawn("receiver", function*(task) {
      const page = { tokenWriter: 0, tokenVersion: 0 }
      for (let i = 0; i < 100; i++) {
        yield* net.client.recvPage(task, page)
        expect(page.tokenVersion).toBe(i)
        received++
      }
    })
    net.sim.run(400_000 * MS)
    expect(received).toBe(100)
    net.client.checkInvariants()
    net.close()
  })

  it("probes of a closed window come at twice the last interval, up to 120 s", () => {
    const net = new ToyNetwork({ tcp: { rcvbuf: 87380 } })
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 100; i++) yield* net.server.sendPage(task, 1, i, false)
    })
    net.sim.run(5_000 * MS)
    const at: Array<number> = []
    net.ba.onFrame = (frame) => {
      // an old sequence number, which the peer must answer
      if (net.packets.len[frame] === 0 && net.packets.seq[frame] === net.server.sndUna - 1) at.push(net.sim.now / MS)
      return true
    }
    net.sim.run(1_200_000 * MS)
    const gaps = at.slice(1).map((time, i) => time - at[i])
    expect(gaps.slice(0, 3).map((gap, i) => Math.abs(gaps[i + 1] / gap - 2) < 0.001)).toEqual([true, true, true])
    expect(gaps.slice(4)).toEqual(gaps.slice(4).map(() => 120_000))
    expect(gaps.length).toBeGreaterThanOrEqual(10)
    net.close()
  })

  it("small queues keep at most 128 KiB and one skb below the stack", () => {
    const most = (tsq: boolean): number => {
      // the client sends; its line is slow, so the queue below the stack would grow
      const net = new ToyNetwork({ switches: { ...NO_SWITCHES, tsq }, gigabit: 0.1 })
      let peak = 0
      net.ab.onFrame = () => {
        peak = Math.max(peak, net.client.wmemAlloc)
        return true
      }
      net.spawn("sender", function*(task) {
        for (let i = 0; i < 3000; i++) yield* net.client.sendPage(task, 1, i, false)
      })
      net.spawn("receiver", function*(task) {
        const page = { tokenWriter: 0, tokenVersion: 0 }
        for (let i = 0; i < 3000; i++) yield* net.server.recvPage(task, page)
      })
      net.sim.run(60_000 * MS)
      expect(net.server.copiedSeq).toBe(3000 * PAGE_SIZE)
      net.close()
      return peak
    }
    expect(most(true)).toBeLessThan(131_072 + 70_000)
    expect(most(false)).toBeGreaterThan(260_000)
  })
})

describe("the end of a connection", () => {
  it("shutdown: the peer reads to the end, then gets 0; sending gives EPIPE", () => {
    const net = new ToyNetwork()
    const results: Array<number> = []
    net.spawn("sender", function*(task) {
      yield* net.server.sendBytes(task, new Uint8Array(100), false)
      net.server.shutdown()
      results.push(yield* net.server.sendBytes(task, new Uint8Array(1), false))
    })
    net.spawn("receiver", function*(task) {
      results.push(yield* net.client.recvBytes(task, new Uint8Array(100)))
      results.push(yield* net.client.recvBytes(task, new Uint8Array(100)))
    })
    net.sim.run(10_000 * MS)
    expect(results).toEqual([-EPIPE, 100, 0])
    net.close()
  })

  it("abort resets the peer", () => {
    const net = new ToyNetwork()
    let result = 0
    net.spawn("receiver", function*(task) {
      result = yield* net.client.recvBytes(task, new Uint8Array(100))
    })
    net.sim.run(1 * MS)
    net.server.abort(net.b.softirq.ctx)
    net.sim.run(10 * MS)
    expect(result).toBe(-ECONNRESET)
  })

  it("a segment for a socket that is gone is answered with a reset", () => {
    const net = new ToyNetwork()
    let resets = 0
    net.ba.onFrame = (frame) => {
      if ((net.packets.flags[frame] & TCPHDR_RST) !== 0) resets++
      return true
    }
    net.server.close(net.b.softirq.ctx)
    net.spawn("sender", function*(task) {
      yield* net.client.sendBytes(task, new Uint8Array(10), false)
    })
    net.sim.run(10 * MS)
    expect(resets).toBe(1)
    expect(net.client.error).toBe(ECONNRESET)
  })
})
