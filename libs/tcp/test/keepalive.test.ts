// Keep-alive and TCP_USER_TIMEOUT: who is asked whether he is still there, how often, and when that is given up.
import { setKeepalive, setKeepIdle } from "#src/keepalive.ts"
import { TCPHDR_ACK, TCPHDR_RST } from "@swaplab/net-skb"
import { bootContext, ETIMEDOUT } from "@swaplab/page-alloc"
import { connectTcp, letGo, TcpSocket } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { Rig } from "./connecting.ts"
import { MS, Script } from "./script.ts"
import { ToyNetwork, type ToyOptions } from "./toy.ts"

const S = 1000 * MS

/** Two machines of which the first keeps its connection alive, and what it sends: seconds and flags. */
const kept = (options: ToyOptions = {}) => {
  const net = new ToyNetwork({ ...options, tcp: { keepAlive: true, ...options.tcp } })
  const { packets, sim } = net
  const sent: Array<readonly [s: number, flags: number, seq: number]> = []
  net.ab.onFrame = (f) => {
    sent.push([Math.round(sim.now / MS) / 1000, packets.flags[f], packets.seq[f]])
    return true
  }
  return { net, sent, client: net.client, run: (s: number) => net.sim.run(s * S) }
}

const QUICK = {
  "net.ipv4.tcp_keepalive_time": 10,
  "net.ipv4.tcp_keepalive_intvl": 2,
  "net.ipv4.tcp_keepalive_probes": 3
}

describe("a connection on which nothing is said", () => {
  it("is probed every 7200 s as long as the peer answers, and costs few events", () => {
    const { client, net, run, sent } = kept()
    run(3 * 7200 + 1)
    expect(sent).toEqual([[7200, TCPHDR_ACK, -1], [14_400, TCPHDR_ACK, -1], [21_600, TCPHDR_ACK, -1]])
    expect(client).toMatchObject({ keepaliveProbes: 3, probesOut: 0, error: 0 })
    expect(net.server).toMatchObject({ acksSent: 3, keepaliveProbes: 0, keepaliveTimer: null })
    expect(net.sim.queue.fired).toBeLessThan(40)
  })

  it("ends with ETIMEDOUT and a RST 7200 + 9 × 75 s after the peer has vanished", () => {
    const { client, net, run, sent } = kept()
    let got = 0
    net.spawn("reads", function*(task) {
      got = yield* client.recvBytes(task, new Uint8Array(1))
    })
    net.ab.cut = true
    run(7874)
    expect([sent.length, client.error]).toEqual([9, 0])
    run(7876)
    expect(sent.slice(1).map(([s], i) => s - sent[i][0])).toEqual([75, 75, 75, 75, 75, 75, 75, 75, 75])
    expect(sent[9]).toEqual([7875, TCPHDR_RST | TCPHDR_ACK, 0])
    expect([got, client.error]).toEqual([-ETIMEDOUT, ETIMEDOUT])
    expect(client.mib.TCPAbortOnTimeout).toBe(1)
    expect(client.keepaliveTimer?.armed).toBe(false)
  })

  it("follows the sysctls of its machine", () => {
    const { client, net, run, sent } = kept({ sysctls: QUICK })
    net.ab.cut = true
    run(100)
    expect(sent.map(([s]) => s)).toEqual([10, 12, 14, 16])
    expect(client.error).toBe(ETIMEDOUT)
  })

  it("has values of its own that go before them", () => {
    const { client, net, run, sent } = kept({ sysctls: QUICK })
    net.ab.cut = true
    Object.assign(client, { keepIntvl: 5 * S, keepProbes: 1 })
    setKeepIdle(client, 20 * S)
    run(100)
    expect(sent.map(([s]) => s)).toEqual([20, 25])
  })

  it("counts the time from the last segment that came, data or not", () => {
    const { client, net, run, sent } = kept({ sysctls: QUICK })
    net.sim.queue.at(
      7 * S,
      net.sim.queue.register(() => {
        net.spawn("sends", function*(task) {
          yield* net.server.sendBytes(task, new Uint8Array(10), false)
        })
      }),
      0
    )
    run(18)
    // the ACK of the data, and the probe
    expect(sent.map(([s]) => Math.floor(s))).toEqual([7, 17])
    expect(client.keepaliveProbes).toBe(1)
  })

  it("is not probed while the socket is owned, but 50 ms later", () => {
    const { client, net, run, sent } = kept({ sysctls: QUICK })
    client.owned = true
    run(10.02)
    client.owned = false
    run(11)
    expect(sent.map(([s]) => s)).toEqual([10.05])
    net.close()
  })

  it("a probe that the own card drops is repeated after 500 ms and is none of those that count", () => {
    const script = new Script({ sysctls: QUICK, tcp: { keepAlive: true } })
    script.drop()
    script.pass(12 * S)
    expect(script.client).toMatchObject({ probesOut: 0, keepaliveProbes: 0, error: 0 })
    expect((script.client.keepaliveTimer?.deadline ?? 0) - script.now).toBeLessThanOrEqual(500 * MS)
  })

  it("is left to the time-outs of data in flight", () => {
    const { client, net, run } = kept({ sysctls: QUICK })
    net.ab.cut = true
    net.spawn("sends", function*(task) {
      yield* client.sendBytes(task, new Uint8Array(10), false)
    })
    run(300)
    expect(client).toMatchObject({ keepaliveProbes: 0, error: 0 })
    expect(client.retransmitted).toBeGreaterThan(5)
  })
})

describe("SO_KEEPALIVE", () => {
  it("can be set and taken back while the connection stands", () => {
    const { client, net, run, sent } = kept({ sysctls: QUICK, tcp: { keepAlive: false } })
    expect(client.keepaliveTimer).toBe(null)
    net.sim.queue.at(30 * S, net.sim.queue.register(() => setKeepalive(client, true)), 0)
    // again: the timer runs already
    net.sim.queue.at(35 * S, net.sim.queue.register(() => setKeepalive(client, true)), 0)
    run(41)
    expect(sent.map(([s]) => s)).toEqual([40])
    setKeepalive(client, false)
    run(100)
    expect(sent.length).toBe(1)
    net.close()
  })

  it("the time that has passed counts when TCP_KEEPIDLE is set", () => {
    const { client, run, sent } = kept({ sysctls: QUICK })
    run(4)
    setKeepIdle(client, 6 * S)
    run(6.5)
    expect(sent.map(([s]) => s)).toEqual([6])
    setKeepIdle(client, S / 10)
    run(7)
    expect(sent.map(([s]) => s).slice(0, 2)).toEqual([6, 6.501])
  })

  it("holds for the sockets that a listener makes, and for one that connects", () => {
    const rig = new Rig({ keepAlive: true })
    rig.listener.open()
    rig.connect()
    rig.runUntil(S)
    expect(rig.accepted[0].keepaliveTimer?.deadline).toBe(7200 * S)
    expect(rig.socket.keepaliveTimer?.deadline).toBe(7200 * S)
    letGo(rig.socket, bootContext())
    letGo(rig.accepted[0], bootContext())
    rig.runUntil(8000 * S)
    expect([rig.accepted[0].keepaliveProbes, rig.socket.keepaliveProbes]).toEqual([0, 0])
  })

  it("counts from when a pair is joined, however late", () => {
    const { net, run } = kept()
    run(9000)
    const options = { name: "late", freeBufferPages: 1000, keepAlive: true }
    const [near, far] = [net.a, net.b].map(({ stack }) => new TcpSocket(stack, options))
    connectTcp(near, far)
    run(9000 + 7199)
    expect([near.keepaliveProbes, far.keepaliveProbes]).toEqual([0, 0])
    run(9000 + 7201)
    // the probe of one is news for the other
    expect(near.keepaliveProbes + far.keepaliveProbes).toBeGreaterThan(0)
  })
})

describe("TCP_USER_TIMEOUT", () => {
  it("ends keep-alive after that time in place of so many probes, but not before one was sent", () => {
    const { client, net, run, sent } = kept({ sysctls: QUICK })
    net.ab.cut = true
    client.userTimeout = 5 * S
    run(11)
    expect([sent.length, client.error]).toEqual([1, 0])
    run(12.5)
    expect([sent.length, client.error]).toEqual([2, ETIMEDOUT])
  })

  it.each([
    { userTimeout: 0, diesAtS: 924.6 },
    { userTimeout: 5 * S, diesAtS: 5 },
    { userTimeout: 100 * S, diesAtS: 100 }
  ])("of $userTimeout ns: data that nobody acknowledges are given up at the first time-out after $diesAtS s", (row) => {
    const { client, net, run } = kept({ tcp: { keepAlive: false } })
    net.ab.cut = true
    client.userTimeout = row.userTimeout
    net.spawn("sends", function*(task) {
      yield* client.sendBytes(task, new Uint8Array(10), false)
    })
    run(row.diesAtS)
    expect(client.error).toBe(0)
    run(row.diesAtS * 2.1)
    expect([client.error, client.mib.TCPAbortOnTimeout]).toEqual([ETIMEDOUT, 1])
  })

  it("says nothing of window probes in these kernels", () => {
    const script = new Script()
    script.client.userTimeout = S
    script.segment({ wnd: 0 })
    script.send(100)
    script.pass(20 * S)
    expect(script.client.probesOut).toBeGreaterThan(3)
    expect(script.client.error).toBe(0)
  })
})
