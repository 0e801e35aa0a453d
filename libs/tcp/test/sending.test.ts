// What a sender does at the limits of its rules: exactly at a limit, and just beside it.
import { MAX_SKB_FRAGS, MAX_TCP_HEADER, SKB_ALLOC_FCLONE, TCPHDR_FIN } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { MS, NEWRENO, Script } from "./script.ts"

const MSS = 1448
const OPEN = 0
const LOSS = 4

describe("recovery at its limits", () => {
  it("repeated ACKs count no more segments than are in flight and not lost", () => {
    const script = new Script({ sysctls: NEWRENO })
    script.segment()
    script.send(5 * MSS)
    const counted = Array.from({ length: 6 }, () => {
      script.segment({ ack: 0 })
      return script.client.sackedOut
    })
    expect(counted).toEqual([1, 2, 3, 4, 4, 4])
  })

  it("without SACK a loss is over when more than was in flight then has arrived, so that late repeated ACKs count for nothing", () => {
    const script = new Script({ sysctls: NEWRENO })
    const { client } = script
    script.send(40 * MSS)
    script.pass(1100 * MS)
    expect([client.caState, client.highSeq]).toEqual([LOSS, 10 * MSS])
    script.segment({ ack: 9 * MSS })
    expect([client.caState, client.sndNxt > 10 * MSS]).toEqual([LOSS, true])
    script.segment({ ack: 10 * MSS })
    expect([client.caState, client.packetsOut > 0]).toEqual([LOSS, true])
    script.segment({ ack: 11 * MSS })
    expect([client.caState, client.packetsOut > 0]).toEqual([OPEN, true])
  })

  it("with SACK it is over when all of it has arrived", () => {
    const script = new Script({ sysctls: { ...NEWRENO, "net.ipv4.tcp_sack": 1 } })
    script.send(40 * MSS)
    script.pass(1100 * MS)
    script.segment({ ack: 9 * MSS })
    script.segment({ ack: 10 * MSS })
    expect([script.client.caState, script.client.packetsOut > 0]).toEqual([OPEN, true])
  })

  it("a drop by the own device during a recovery does not cut the window again", () => {
    const script = new Script({ sysctls: NEWRENO })
    const { client, net } = script
    script.send(40 * MSS)
    script.pass(1100 * MS)
    expect([client.caState, client.ssthresh]).toEqual([LOSS, 5])
    const { skbs } = net.a.stack
    let drops = 0
    net.a.nic.transmit = (ctx, skb) => {
      drops++
      client.skbFreed(ctx, skbs.truesize[skb])
      skbs.twinBusy[skb] = 0
      skbs.kfree(ctx, skb)
      return 1
    }
    script.segment({ ack: MSS })
    expect(drops).toBeGreaterThan(0)
    expect([client.caState, client.ssthresh]).toEqual([LOSS, 5])
  })
})

describe("a window that was not used", () => {
  const WINDOW = { cwnd: 40, ssthresh: 2 }

  /** After a time-out of `ms`. */
  const unused = (ms: number, state: object = {}, sysctls: object = {}): Script => {
    const script = new Script({ sysctls: { ...NEWRENO, ...sysctls } })
    Object.assign(script.client, WINDOW, { rto: 1000 * MS, ...state })
    script.pass(ms * MS)
    script.send(MSS)
    expect(script.data()).toEqual([[0, MSS]])
    return script
  }

  it.each([
    { what: "a time-out", ms: 1000, state: {}, cwnd: 25, ssthresh: 30 },
    { what: "less", ms: 999, state: {}, cwnd: 40, ssthresh: 2 },
    { what: "a time-out in which more was used", ms: 1000, state: { cwndUsed: 30 }, cwnd: 35, ssthresh: 30 },
    { what: "a time-out in which all was used", ms: 1000, state: { cwndUsed: 40 }, cwnd: 40, ssthresh: 2 },
    { what: "a time-out for want of room", ms: 1000, state: { noSpace: true }, cwnd: 40, ssthresh: 2 },
    { what: "a time-out in doubt", ms: 1000, state: { caState: 1 }, cwnd: 40, ssthresh: 2 }
  ])("after $what: $cwnd segments, and slow start ends at $ssthresh", ({ cwnd, ms, ssthresh, state }) => {
    const { client } = unused(ms, state)
    expect(client).toMatchObject({ cwnd, ssthresh })
  })

  it("stays as it is with tcp_slow_start_after_idle 0", () => {
    expect(unused(5000, {}, { "net.ipv4.tcp_slow_start_after_idle": 0 }).client).toMatchObject(WINDOW)
  })

  it("stays as it is as long as ACKs come", () => {
    const script = new Script({ sysctls: NEWRENO })
    const { client } = script
    script.segment()
    script.send(MSS)
    script.segment({ ack: MSS })
    script.send(MSS)
    script.send(MSS)
    Object.assign(client, WINDOW)
    // each ACK puts the time-out off
    script.pass(150 * MS)
    script.segment({ ack: 2 * MSS })
    script.pass(150 * MS)
    expect([client.packetsOut, client.timeouts, client.rto < 300 * MS]).toEqual([1, 0, true])
    script.send(MSS)
    expect(client).toMatchObject(WINDOW)
  })
})

describe("a window probe", () => {
  const probe = (bytes: number) => {
    const script = new Script()
    script.segment({ wnd: 0 })
    script.send(bytes)
    expect(script.data()).toEqual([])
    // the window opens, and the segment that says so is lost
    script.client.sndWnd = 700
    script.pass(1500 * MS)
    return script
  }

  it.each([{ bytes: 100 }, { bytes: 700 }])("takes a segment of $bytes bytes along as it is", ({ bytes }) => {
    const script = probe(bytes)
    expect(script.data()).toEqual([[0, bytes]])
    expect(script.client.packetsOut).toBe(1)
  })

  it("that carries data is followed by the time-out of that data, not by more probes", () => {
    const { client } = probe(3 * MSS)
    expect([client.packetsOut, client.probesOut, client.backoff]).toEqual([1, 0, 0])
  })
})

describe("a long segment that an ACK shortens", () => {
  const long = () => {
    const script = new Script()
    script.segment()
    script.send(8 * MSS)
    const { client, net } = script
    const { skbs } = net.a.stack
    const shape = () => {
      const skb = client.writeHead
      const first = skb * MAX_SKB_FRAGS
      return [skbs.headLen[skb], ...skbs.fragLen.slice(first, first + skbs.nrFrags[skb])]
    }
    return { script, shape }
  }

  it.each([
    { ack: 1448, left: [8, 4096, 4096, 1936] },
    { ack: 1456, left: [0, 4096, 4096, 1936] },
    { ack: 1457, left: [0, 4095, 4096, 1936] },
    { ack: 5552, left: [0, 4096, 1936] },
    { ack: 5553, left: [0, 4095, 1936] }
  ])("after $ack bytes: $left are left", ({ ack, left }) => {
    const { script, shape } = long()
    expect(shape()).toEqual([1456, 4096, 4096, 1936])
    script.segment({ ack })
    expect(shape()).toEqual(left)
  })
})

describe("the memory of a segment", () => {
  it.each([{ mss: 1000, linear: 1000 }, { mss: 1001, linear: 1004 }, { mss: 1003, linear: 1004 }])(
    "for $mss bytes is asked for in words: $linear bytes and the headers",
    ({ linear, mss }) => {
      const script = new Script({ tcp: { mss, tso: false } })
      const { skbs } = script.net.a.stack
      const sizes: Array<number> = []
      const tryAllocSkb = skbs.tryAllocSkb.bind(skbs)
      skbs.tryAllocSkb = (ctx, size, gfp, flags) => {
        if ((flags & SKB_ALLOC_FCLONE) !== 0) sizes.push(size)
        return tryAllocSkb(ctx, size, gfp, flags)
      }
      script.send(10)
      expect(sizes).toEqual([linear + MAX_TCP_HEADER])
    }
  )
})

describe("shutdown", () => {
  it("sends one FIN, however often it is asked for", () => {
    const script = new Script()
    for (let i = 0; i < 3; i++) {
      script.client.shutdown()
      script.pass(MS)
    }
    expect(script.take().filter(({ flags }) => (flags & TCPHDR_FIN) !== 0)).toHaveLength(1)
    expect(script.client.writeSeq).toBe(1)
  })

  it("of a connection that has died changes nothing", () => {
    const script = new Script()
    script.client.abort(script.net.a.softirq.ctx)
    script.take()
    script.client.shutdown()
    script.pass(MS)
    expect([script.take(), script.client.wmemQueued, script.client.writeSeq]).toEqual([[], 0, 0])
  })
})
