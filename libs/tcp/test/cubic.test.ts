// CUBIC ACK by ACK: its curve, its floor, what a loss leaves, and what it never does.
import { Cubic } from "#src/cubic.ts"
import { type NetSysctls, netSysctls } from "@swaplab/net-skb"
import { Random } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { MS, Script } from "./script.ts"

const HZ = 250
const DAY = 86_400_000 * MS
const CUBIC = { "net.ipv4.tcp_congestion_control": "cubic" } as const

/** A second after its start, so that segments can have been sent before. */
const script = (sysctls: Partial<NetSysctls> = {}, uptimeNs = DAY, hz = HZ): Script => {
  const made = new Script({ hz, sysctls: { ...CUBIC, ...sysctls }, uptimeNs: uptimeNs - 1000 * MS })
  made.pass(1000 * MS)
  return made
}

const cubicOf = ({ client }: Script): Cubic => client.congestion as Cubic

/** A window after a loss at `lost`, grown by ACKs for one segment each over round trips of so many ms; [time, window]. */
const curve = (lost: number, rttMs: number, untilMs: number, sysctls: Partial<NetSysctls> = {}) => {
  const cubic = new Cubic(netSysctls(sysctls), HZ)
  const first = script(sysctls).client
  first.cwnd = lost
  let cwnd = cubic.ssthresh(first)
  cubic.delayedAck = 16
  cubic.delayMin = rttMs * 8
  const points: Array<readonly [seconds: number, cwnd: number]> = [[0, cwnd]]
  let counted = 0
  for (let ms = 0; ms < untilMs; ms += rttMs) {
    const acks = cwnd
    for (let ack = 0; ack < acks; ack++) {
      cubic.update(25_000 + Math.floor(((ms + (ack * rttMs) / acks) * HZ) / 1000), cwnd)
      if (counted >= cubic.cnt) {
        cwnd++
        counted = 0
      } else counted++
    }
    points.push([(ms + rttMs) / 1000, cwnd])
  }
  return { cubic, points, start: points[0][1] }
}

const OFF = { "tcp_cubic.tcp_friendliness": 0 }

describe("after a loss", () => {
  it.each([
    [1, 2, 1],
    [2, 2, 2],
    [3, 2, 3],
    [10, 7, 10],
    [100, 70, 100],
    [1000, 700, 1000],
    [1024, 717, 1024]
  ])("of a window of %i: threshold %i, maximum %i", (cwnd, to, max) => {
    const s = script()
    s.client.cwnd = cwnd
    expect([cubicOf(s).ssthresh(s.client), cubicOf(s).lastMaxCwnd]).toEqual([to, max])
  })

  it.each([
    // 1741/2048 of the window
    { fast: 1, second: 80, max: 68 },
    { fast: 1, second: 100, max: 100 },
    { fast: 1, second: 120, max: 120 },
    { fast: 0, second: 80, max: 80 }
  ])("at 100 and then at $second, fast convergence $fast: maximum $max", ({ fast, max, second }) => {
    const s = script({ "tcp_cubic.fast_convergence": fast })
    for (const cwnd of [100, second]) {
      s.client.cwnd = cwnd
      cubicOf(s).ssthresh(s.client)
    }
    expect(cubicOf(s).lastMaxCwnd).toBe(max)
  })

  it("a time-out of the connection, and a new one, begin anew", () => {
    const s = script()
    cubicOf(s).lastMaxCwnd = 50
    s.send(4 * 1448)
    s.pass(1100 * MS)
    // F-RTO puts it off until a repeated ACK says that the loss was one
    expect([s.client.timeouts, cubicOf(s).lastMaxCwnd]).toEqual([1, 8])
    s.segment({ ack: 1448 })
    s.segment({ ack: 1448 })
    expect([s.client.caState, cubicOf(s).lastMaxCwnd]).toEqual([4, 0])
    cubicOf(s).lastMaxCwnd = 50
    cubicOf(s).init(s.client)
    expect(cubicOf(s).lastMaxCwnd).toBe(0)
  })

  it("a time-out forgets the maximum and the shortest round trip", () => {
    const s = script()
    const cubic = cubicOf(s)
    Object.assign(cubic, { delayMin: 80, lastMaxCwnd: 50, delayedAck: 99 })
    cubic.hystart.found = 3
    cubic.enterLoss(s.client)
    expect([cubic.delayMin, cubic.lastMaxCwnd, cubic.delayedAck, cubic.hystart.found]).toEqual([0, 0, 32, 0])
  })
})

describe("the curve of RFC 8312", () => {
  const C = 410 / 1024

  it.each([{ lost: 200, rtt: 100 }, { lost: 1000, rtt: 100 }, { lost: 1000, rtt: 40 }, { lost: 3000, rtt: 200 }])(
    "window $lost, round trip $rtt ms: within 2 % of C(t − K)³ + Wmax up to 2 K",
    ({ lost, rtt }) => {
      const k = Math.cbrt((lost - Math.floor((lost * 717) / 1024)) / C)
      const { points } = curve(lost, rtt, 2000 * k, OFF)
      for (const [t, cwnd] of points) {
        const w = C * (t - k) ** 3 + lost
        expect(Math.abs(cwnd - w)).toBeLessThan(Math.max(3, 0.02 * w))
      }
    }
  )

  it("at t = K the window is back at the last maximum", () => {
    for (const lost of [50, 100, 500, 1000, 2500]) {
      const k = Math.cbrt((lost - Math.floor((lost * 717) / 1024)) / C)
      const { points } = curve(lost, 100, 1000 * k, OFF)
      expect(Math.abs((points.at(-1) as [number, number])[1] - lost)).toBeLessThanOrEqual(Math.max(2, 0.01 * lost))
    }
  })

  it("is as fast with an ACK for every second segment", () => {
    const each = new Cubic(netSysctls(OFF), HZ)
    const second = new Cubic(netSysctls(OFF), HZ)
    const s = script(OFF)
    s.client.cwnd = 1000
    for (const cubic of [each, second]) cubic.ssthresh(s.client)
    each.delayedAck = 16
    for (const jiffies of [25_000, 25_100, 25_500]) {
      each.update(jiffies, 700 + jiffies - 25_000)
      second.update(jiffies, 700 + jiffies - 25_000)
      expect(Math.abs(each.cnt - 2 * second.cnt)).toBeLessThanOrEqual(1)
    }
  })

  it("aims at where the curve will be a round trip later", () => {
    const s = script(OFF)
    s.client.cwnd = 1000
    const k = Math.cbrt(300 / C)
    for (const seconds of [0.5, 1, 2]) {
      const cubic = new Cubic(netSysctls(OFF), HZ)
      cubic.ssthresh(s.client)
      Object.assign(cubic, { delayedAck: 16, delayMin: seconds * 8000 })
      cubic.update(25_000, 700)
      const target = 1000 + C * (seconds - k) ** 3
      expect(Math.abs(cubic.cnt - 700 / (target - 700))).toBeLessThanOrEqual(1)
    }
  })

  it("before any loss grows by at least 5 % a round trip", () => {
    const cubic = new Cubic(netSysctls(), HZ)
    cubic.delayedAck = 16
    cubic.update(25_000, 1000)
    expect(cubic.cnt).toBe(20)
  })

  it("looks at a window that has not changed every 32nd of a second only", () => {
    const s = script(OFF)
    s.client.cwnd = 1000
    const cubic = new Cubic(netSysctls(OFF), HZ)
    cubic.ssthresh(s.client)
    cubic.update(25_000, 700)
    const { cnt } = cubic
    cubic.update(25_007, 700)
    expect(cubic.cnt).toBe(cnt)
    cubic.update(25_008, 700)
    expect(cubic.cnt).toBeLessThanOrEqual(cnt)
    cubic.update(25_500, 700)
    expect(cubic.cnt).toBeLessThan(cnt)
  })
})

describe("the region of Reno", () => {
  it.each([{ lost: 60, rtt: 4 }, { lost: 100, rtt: 8 }])(
    "window $lost, round trip $rtt ms: 3(1 − β)/(1 + β) segments a round trip",
    ({ lost, rtt }) => {
      // the first second: before the cubic function would matter
      const beta = 717 / 1024
      const { points, start } = curve(lost, rtt, 600)
      for (const [t, cwnd] of points) {
        const reno = start + ((3 * (1 - beta)) / (1 + beta)) * ((t * 1000) / rtt)
        // the kernel's scale is 15/8 for 1.891, and it looks at an unchanged window every 32nd of a second
        const late = (32 / rtt) * 0.53
        expect(cwnd).toBeGreaterThan(0.97 * reno - 1 - late)
        expect(cwnd).toBeLessThan(1.03 * reno + 2)
      }
      expect((curve(lost, rtt, 600, OFF).points.at(-1) as [number, number])[1]).toBeLessThan(
        (points.at(-1) as [number, number])[1]
      )
    }
  )
})

describe("the ratio of segments to ACKs", () => {
  it("follows 15/16 of itself and the last count, up to 32, while nothing is lost", () => {
    const s = script()
    const cubic = cubicOf(s)
    const counted = (count: number): number => {
      cubic.pktsAcked(s.client, count, -1)
      return cubic.delayedAck
    }
    expect([counted(2), counted(1), counted(1)]).toEqual([32, 31, 31])
    for (let i = 0; i < 200; i++) counted(1)
    expect(cubic.delayedAck).toBe(31)
    for (let i = 0; i < 200; i++) counted(40)
    expect(cubic.delayedAck).toBe(512)
    s.client.caState = 1
    expect(counted(1)).toBe(512)
  })
})

describe("round trips", () => {
  it.each([
    { uptime: 1, epoch: 0, delayMin: 0 },
    { uptime: 300.9, epoch: 0, delayMin: 0 },
    { uptime: 301.1, epoch: 0, delayMin: 80 },
    { uptime: 86_400, epoch: 0, delayMin: 80 },
    // an epoch that began half a second ago, and one that began two seconds ago
    { uptime: 86_400, epoch: 0.5, delayMin: 0 },
    { uptime: 86_400, epoch: 2, delayMin: 80 }
  ])("$uptime s after boot, $epoch s into an epoch: shortest $delayMin/8 ms", ({ delayMin, epoch, uptime }) => {
    const s = script({}, uptime * 1000 * MS)
    const cubic = cubicOf(s)
    if (epoch > 0) cubic.epochStart = Math.floor((uptime - 300 - epoch) * HZ)
    cubic.pktsAcked(s.client, 1, s.now - 10 * MS)
    expect(cubic.delayMin).toBe(delayMin)
  })

  it("of segments that were sent more than once say nothing", () => {
    const s = script()
    s.send(4 * 1448)
    s.pass(1100 * MS)
    s.segment({ ack: 1448 })
    expect([s.client.retransmitted > 0, cubicOf(s).delayMin]).toEqual([true, 0])
  })

  it("are measured in whole ticks where a tick is a millisecond", () => {
    const s = script({}, DAY, 1000)
    cubicOf(s).pktsAcked(s.client, 1, s.now - 1.9 * MS)
    expect(cubicOf(s).delayMin % 8).toBe(0)
    const fine = script()
    cubicOf(fine).pktsAcked(fine.client, 1, fine.now - 1.9 * MS)
    expect(cubicOf(fine).delayMin).toBe(15)
  })
})

describe("whatever happens", () => {
  it("the window stays at 2 and more, and ACKs until the next segment at 1 and more", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed, "cubic")
      const s = script({ "tcp_cubic.hystart": random.below(2), "tcp_cubic.tcp_friendliness": random.below(2) })
      const { client } = s
      const cubic = cubicOf(s)
      for (let i = 0; i < 400; i++) {
        const what = random.below(20)
        if (what === 0) client.cwnd = client.ssthresh = cubic.ssthresh(client)
        else if (what === 1) {
          client.ssthresh = cubic.ssthresh(client)
          cubic.enterLoss(client)
          client.cwnd = client.ssthresh
        } else if (what === 2) s.pass(random.below(3000) * MS)
        else {
          cubic.pktsAcked(
            client,
            1 + random.below(8),
            random.below(2) === 0 ? -1 : client.stack.sim.now - random.below(300) * MS
          )
          const slow = client.cwnd <= client.ssthresh
          cubic.congAvoid(client, client.cwnd)
          if (!slow) expect(cubic.cnt).toBeGreaterThanOrEqual(1)
        }
        expect(client.cwnd).toBeGreaterThanOrEqual(2)
        expect(client.ssthresh).toBeGreaterThanOrEqual(2)
        expect(Number.isInteger(client.cwnd)).toBe(true)
      }
    }
  })
})
