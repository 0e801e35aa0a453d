// What each sysctl of TCP changes, beside its default.
import { Cubic } from "#src/cubic.ts"
import { RENO } from "#src/reno.ts"
import { ALL_SWITCHES, type NetSysctls, servicePort } from "@swaplab/net-skb"
import { ETIMEDOUT } from "@swaplab/page-alloc"
import { connectOver, letGo, TcpListener, TcpSocket } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { MS, NEWRENO, Script } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

const S = 1000 * MS
const MSS = 1448
const PORT = servicePort(10809)

const given = (sysctls: Partial<NetSysctls>): Script => new Script({ sysctls })

describe("net.ipv4.tcp_congestion_control", () => {
  it("reno is shared by all sockets, cubic has a state for each", () => {
    const { client, net } = given({})
    const other = new TcpSocket(net.a.stack, { name: "other", freeBufferPages: 1000 })
    expect(client.congestion).toBeInstanceOf(Cubic)
    expect(other.congestion).not.toBe(client.congestion)
    expect(net.server.congestion).toBeInstanceOf(Cubic)
    expect(given({ "net.ipv4.tcp_congestion_control": "reno" }).client.congestion).toBe(RENO)
  })

  it("begins when the connection stands", () => {
    const net = new ToyNetwork({
      sysctls: { "net.ipv4.tcp_congestion_control": "cubic", "tcp_cubic.hystart": 0, "tcp_cubic.initial_ssthresh": 77 }
    })
    new TcpListener(net.b.stack, PORT, {
      options: () => ({ name: "serves", freeBufferPages: 1000 }),
      accept: () => {}
    }).open()
    const socket = new TcpSocket(net.a.stack, { name: "asks", freeBufferPages: 1000 })
    net.spawn("client", function*(task) {
      yield* connectOver(socket, task, 1, PORT)
    })
    net.sim.run(S)
    expect([socket.state, socket.ssthresh]).toEqual([1, 77])
  })

  it("decides what a loss and a time-out leave of a window", () => {
    for (const [name, ssthresh] of [["reno", 5], ["cubic", 7]] as const) {
      const script = given({ ...NEWRENO, "net.ipv4.tcp_congestion_control": name })
      script.segment()
      script.send(40 * MSS)
      for (let i = 0; i < 3; i++) script.segment({ ack: 0 })
      expect([script.client.mib.TCPRenoRecovery, script.client.ssthresh]).toEqual([1, ssthresh])
      const late = given({ ...NEWRENO, "net.ipv4.tcp_congestion_control": name })
      late.send(40 * MSS)
      late.pass(1100 * MS)
      expect([late.client.timeouts, late.client.ssthresh, late.client.cwnd]).toEqual([1, ssthresh, 1])
    }
  })
})

describe("net.ipv4.tcp_retries2", () => {
  it.each([[undefined, 924.6], [8, 102.2], [3, 3]])("%s: a connection dies after %s s in vain", (retries, seconds) => {
    const script = given(retries === undefined ? {} : { "net.ipv4.tcp_retries2": retries })
    script.send(MSS)
    // it begins with the first time-out, of 1 s, and ends at a try
    script.pass((seconds - 1) * S)
    expect(script.client.error).toBe(0)
    script.pass(2 * seconds * S + 130 * S)
    expect(script.client.error).toBe(ETIMEDOUT)
  })

  it("counts probes of a closed window", () => {
    for (const [retries, dead] of [[3, true], [15, false]] as const) {
      const script = given({ "net.ipv4.tcp_retries2": retries })
      script.segment({ wnd: 0 })
      script.send(MSS)
      script.pass(60 * S)
      expect(script.client.error === ETIMEDOUT).toBe(dead)
    }
  })
})

describe("net.ipv4.tcp_syn_retries", () => {
  it.each([[1, 3], [2, 7], [5, 63], [6, 127], [8, 367]])("%i: connect gives up after %i s", (retries, seconds) => {
    const net = new ToyNetwork({ hz: 250, sysctls: { "net.ipv4.tcp_syn_retries": retries } })
    net.ab.cut = true
    const socket = new TcpSocket(net.a.stack, { name: "asks", freeBufferPages: 1000 })
    let result: number | null = null
    let at = 0
    net.spawn("client", function*(task) {
      result = yield* connectOver(socket, task, 1, PORT)
      at = net.sim.now
    })
    net.sim.run(1000 * S)
    expect([result, Math.round(at / S)]).toEqual([-ETIMEDOUT, seconds])
  })
})

describe("net.ipv4.tcp_synack_retries", () => {
  it.each([[1, true], [5, false]])("%i: a half-open connection goes before the next SYN: %s", (retries, again) => {
    const net = new ToyNetwork({ hz: 250, sysctls: { "net.ipv4.tcp_synack_retries": retries } })
    net.ab.cut = true
    const listener = new TcpListener(net.a.stack, PORT, {
      options: () => ({ name: "serves", freeBufferPages: 1000 }),
      accept: () => {}
    })
    listener.open()
    const socket = new TcpSocket(net.b.stack, { name: "asks", freeBufferPages: 1000 })
    net.spawn("client", function*(task) {
      yield* connectOver(socket, task, 0, PORT)
    })
    net.sim.run(40 * S)
    expect(listener.asked > 1).toBe(again)
  })
})

describe("a socket that nobody holds", () => {
  it.each([[undefined, 102.2], [1, 0.6], [3, 3]])("with tcp_orphan_retries %s tries for %s s", (retries, seconds) => {
    const net = new ToyNetwork({ sysctls: retries === undefined ? {} : { "net.ipv4.tcp_orphan_retries": retries } })
    net.ab.cut = true
    letGo(net.client, net.a.softirq.ctx)
    net.sim.run(seconds * S)
    expect(net.client.closed).toBe(false)
    net.sim.run(2 * seconds * S + 3 * S)
    expect(net.client.closed).toBe(true)
  })

  // inet_twsk_schedule: cells of 7.5 s. Above 60 s the socket waits for the rest, and the one in its place as long again
  it.each([[undefined, 60], [5, 15], [100, 92.5]])(
    "with tcp_fin_timeout %s waits %i s for the peer's FIN",
    (timeout, s) => {
      const net = new ToyNetwork({ sysctls: timeout === undefined ? {} : { "net.ipv4.tcp_fin_timeout": timeout } })
      letGo(net.client, net.a.softirq.ctx)
      net.sim.run(s * S - 10 * MS)
      expect(net.client.timewait?.substate).toBe(5)
      net.sim.run(s * S + 300 * MS)
      expect([net.client.timewait, net.client.closed]).toEqual([null, true])
    }
  )
})

describe("net.ipv4.tcp_slow_start_after_idle", () => {
  it.each([[1, 10], [0, 40]])("%i: of 40 segments %i are left after a long silence", (on, left) => {
    const script = given({ "net.ipv4.tcp_slow_start_after_idle": on })
    script.segment()
    script.send(MSS)
    script.segment({ ack: MSS })
    script.client.cwnd = 40
    script.pass(20 * script.client.rto)
    script.send(MSS)
    expect(script.client.cwnd).toBe(left)
  })
})

describe("net.ipv4.tcp_tso_win_divisor", () => {
  it.each([
    { divisor: 3, flight: 20, grows: false },
    { divisor: 2, flight: 20, grows: true },
    { divisor: 0, flight: 0, grows: true }
  ])("$divisor: a window of 30 with $flight in flight grows: $grows", ({ divisor, flight, grows }) => {
    const { client } = given({ "net.ipv4.tcp_tso_win_divisor": divisor })
    client.cwnd = 30
    RENO.congAvoid(client, flight)
    expect(client.cwnd).toBe(grows ? 31 : 30)
  })

  it.each([
    // a third, a half, a tenth of the window; more than 3 segments
    { divisor: 3, cwnd: 8, goes: false },
    { divisor: 3, cwnd: 9, goes: true },
    { divisor: 2, cwnd: 10, goes: false },
    { divisor: 10, cwnd: 7, goes: true },
    { divisor: 0, cwnd: 9, goes: false },
    { divisor: 0, cwnd: 10, goes: true }
  ])("$divisor: with 6 of $cwnd segments in flight a part of 8 goes at once: $goes", ({ cwnd, divisor, goes }) => {
    const script = given({ "net.ipv4.tcp_tso_win_divisor": divisor })
    script.segment()
    script.send(7 * MSS)
    script.segment({ ack: MSS })
    script.take()
    script.client.cwnd = cwnd
    script.send(8 * MSS)
    expect(script.data().length > 0).toBe(goes)
  })
})

describe("net.ipv4.tcp_limit_output_bytes", () => {
  it.each([[undefined, true], [5000, false]])(
    "%s: with 5000 bytes below the stack a segment goes: %s",
    (limit, goes) => {
      const sysctls = limit === undefined ? {} : { "net.ipv4.tcp_limit_output_bytes": limit }
      const script = new Script({ switches: ALL_SWITCHES, sysctls })
      script.client.wmemAlloc = 5000
      script.send(MSS)
      expect([script.data().length, script.client.tsqThrottled]).toEqual(goes ? [1, false] : [0, true])
    }
  )
})

describe("buffers", () => {
  it("begin and end as tcp_rmem and tcp_wmem say, whatever memory there is", () => {
    const { client, net } = given({
      "net.ipv4.tcp_rmem": [4096, 50_000, 60_000],
      "net.ipv4.tcp_wmem": [4096, 30_000, 70_000]
    })
    expect(client).toMatchObject({ rcvbuf: 50_000, rmemMax: 60_000, sndbuf: 30_000, wmemMax: 70_000 })
    expect(net.server).toMatchObject({ rcvbuf: 87_380, rmemMax: 6 << 20, wmemMax: 4 << 20 })
  })

  it.each([[1, true], [0, false]])("with tcp_moderate_rcvbuf %i grow with their reader: %s", (on, grows) => {
    const net = new ToyNetwork({ latencyNs: 5 * MS, sysctls: { "net.ipv4.tcp_moderate_rcvbuf": on } })
    net.spawn("sender", function*(task) {
      for (let i = 0; i < 800; i++) yield* net.server.sendPage(task, 1, i, i < 799)
    })
    const page = { tokenWriter: 0, tokenVersion: 0 }
    net.spawn("reader", function*(task) {
      for (let i = 0; i < 800; i++) yield* net.client.recvPage(task, page)
    })
    net.sim.run()
    expect(net.client.rcvbuf > 87_380).toBe(grows)
    net.close()
  })
})
