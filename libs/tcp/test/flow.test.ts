// What may go when: short segments, windows, small queues, between two machines.
import { NO_SWITCHES } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { MS } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

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
    expect(net.client.ssthresh).toBe(0x7fff_ffff)
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
    const capped = gaps.indexOf(120_000)
    expect(capped).toBeGreaterThan(3)
    // the last one before the limit is more than half of it
    for (let i = 1; i < capped; i++) expect(Math.abs(gaps[i] / gaps[i - 1] - 2)).toBeLessThan(0.001)
    expect(2 * gaps[capped - 1]).toBeGreaterThan(120_000)
    expect(gaps.slice(capped)).toEqual(gaps.slice(capped).map(() => 120_000))
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
