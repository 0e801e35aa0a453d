// TIME_WAIT: who keeps a number after the end, for how long, what it costs and what it answers.
import { HostMemory, TCP_HEADER_BYTES, TCPHDR_ACK, TCPHDR_FIN, TCPHDR_PSH, TCPHDR_RST } from "@swaplab/net-skb"
import { bootContext, type Context } from "@swaplab/page-alloc"
import { letGo } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script, type Segment } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

const S = 1000 * MS
const FIN_WAIT2 = 5
const TIME_WAIT = 6

/** A client that has closed its connection and whose FIN is acknowledged. */
const finWait2 = (memory = new HostMemory()) => {
  const script = new Script({ nic: PROMPT, memory })
  script.segment()
  letGo(script.client, script.ctx)
  script.pass(MS)
  script.segment({ ack: 1 })
  script.take()
  return { script, memory, client: script.client }
}

/** The same after the FIN of the peer. */
const timeWait = () => {
  const of = finWait2()
  of.script.segment({ ack: 1, flags: TCPHDR_ACK | TCPHDR_FIN })
  return of
}

describe("the end that closes first", () => {
  it("gives way to a small socket that acknowledges the FIN of its peer, and goes after 60 s", () => {
    const { client, memory, script } = finWait2()
    expect(client).toMatchObject({ closed: true, timewait: { substate: FIN_WAIT2 } })
    expect(memory.timewaitSocks).toBe(1)
    script.pass(10 * S)
    script.segment({ ack: 1, seq: 0, flags: TCPHDR_ACK | TCPHDR_FIN })
    expect(script.take()).toMatchObject([{ seq: 1, ack: 1, len: 0, flags: TCPHDR_ACK }])
    expect(client.timewait?.substate).toBe(TIME_WAIT)
    // alone in its row it has 60 s from now on
    script.pass(59.9 * S)
    expect(client.timewait?.substate).toBe(TIME_WAIT)
    script.pass(S)
    expect([client.timewait, memory.timewaitSocks, client.mib.TW]).toEqual([null, 0, 1])
    expect(script.net.a.stack.sockets().next().value).toBe(undefined)
  })

  it("at once, when both FINs cross", () => {
    const script = new Script({ nic: PROMPT })
    letGo(script.client, script.ctx)
    script.pass(MS)
    script.segment({ flags: TCPHDR_ACK | TCPHDR_FIN })
    expect(script.client.timewait).toBe(null)
    script.segment({ ack: 1, seq: 1 })
    expect(script.client.timewait?.substate).toBe(TIME_WAIT)
  })

  it("also when its process only shut it down, and then reads what is there", () => {
    const { client, server, sim, spawn } = bind(new ToyNetwork())
    let got: ReadonlyArray<number> = []
    spawn("server", function*(task) {
      yield* server.sendBytes(task, new Uint8Array(100), false)
      server.shutdown()
    })
    client.shutdown(false)
    sim.run(S)
    expect(client).toMatchObject({ closed: false, timewait: { substate: TIME_WAIT }, readable: 100 })
    spawn("client", function*(task) {
      const all = yield* client.recvBytes(task, new Uint8Array(100))
      const end = yield* client.recvBytes(task, new Uint8Array(100))
      const sent = yield* client.sendBytes(task, new Uint8Array(100), false)
      got = [all, end, sent]
    })
    sim.run(2 * S)
    expect(got).toEqual([100, 0, -32])
    letGo(client, bootContext())
    sim.run(3 * S)
    expect(client).toMatchObject({ closed: true, timewait: { substate: TIME_WAIT } })
    sim.run(70 * S)
    expect(client.timewait).toBe(null)
  })

  it("the end that closes second keeps nothing", () => {
    const { client, server, sim } = new ToyNetwork()
    letGo(client, bootContext())
    sim.run(S)
    letGo(server, bootContext())
    sim.run(2 * S)
    expect(server).toMatchObject({ closed: true, timewait: null, mib: { TW: 0 } })
    expect(client.timewait?.substate).toBe(TIME_WAIT)
  })

  it("without memory for it nobody has the number, and its peer gets a RST", () => {
    class Full extends HostMemory {
      override tryTimewaitSock(_ctx: Context): number {
        return -1
      }
    }
    const { client, script } = finWait2(new Full())
    expect(client).toMatchObject({ closed: true, timewait: null, mib: { TCPTimeWaitOverflow: 1 } })
    script.segment({ ack: 1, flags: TCPHDR_ACK | TCPHDR_FIN })
    expect(script.take()).toMatchObject([{ flags: TCPHDR_RST, seq: 1 }])
  })
})

const bind = (net: ToyNetwork) => ({
  ...net,
  client: net.client,
  server: net.server,
  sim: net.sim,
  spawn: net.spawn.bind(net)
})

describe("in FIN_WAIT2", () => {
  it.each<{ what: string; segment: Segment; answer: ReadonlyArray<object>; substate: number | undefined }>([
    { what: "an ACK", segment: { seq: 0 }, answer: [], substate: FIN_WAIT2 },
    { what: "data", segment: { seq: 0, len: 10 }, answer: [{ flags: TCPHDR_RST, seq: 1 }], substate: undefined },
    { what: "a RST", segment: { seq: 0, flags: TCPHDR_RST }, answer: [], substate: undefined },
    {
      what: "something far outside the window",
      segment: { seq: 1e8, len: 10, flags: TCPHDR_ACK | TCPHDR_PSH },
      answer: [{ flags: TCPHDR_ACK, seq: 1, ack: 0 }],
      substate: FIN_WAIT2
    }
  ])("$what", ({ answer, segment, substate }) => {
    const { client, script } = finWait2()
    script.segment({ ack: 1, ...segment })
    expect(script.take()).toMatchObject(answer)
    expect(script.take().length).toBe(0)
    expect(client.timewait?.substate).toBe(substate)
  })
})

describe("in TIME_WAIT", () => {
  it.each<{ what: string; segment: Segment; answers: number; left: number }>([
    {
      what: "the FIN again: an ACK, and 60 s from now on",
      segment: { seq: 0, flags: TCPHDR_ACK | TCPHDR_FIN },
      answers: 1,
      left: 60
    },
    { what: "an ACK in order: 60 s from now on", segment: { seq: 1 }, answers: 0, left: 60 },
    { what: "data of before: an ACK", segment: { seq: -100, len: 50 }, answers: 1, left: 60 },
    { what: "a RST elsewhere: nothing", segment: { seq: 0, flags: TCPHDR_RST }, answers: 0, left: 30 },
    { what: "a RST in order: gone (RFC 1337)", segment: { seq: 1, flags: TCPHDR_RST }, answers: 0, left: 0 }
  ])("$what", ({ answers, left, segment }) => {
    const { client, script } = timeWait()
    script.take()
    script.pass(30 * S)
    script.segment({ ack: 1, ...segment })
    expect(script.take().length).toBe(answers)
    if (left > 0) {
      script.pass((left - 1) * S)
      expect(client.timewait?.substate).toBe(TIME_WAIT)
      script.pass(2 * S)
    }
    expect(client.timewait).toBe(null)
  })

  it("every packet is counted once, before and after the socket has gone", () => {
    const { client, script } = timeWait()
    const { gone } = script.net.a.stack
    const before = [client.packets, gone.packets, gone.duplicates]
    script.segment({ ack: 1, seq: 0, flags: TCPHDR_ACK | TCPHDR_FIN })
    expect([client.packets, gone.packets, gone.duplicates]).toEqual(before.map((n) => n + 1))
    expect(client.duplicates).toBe(gone.duplicates)
  })

  it("its ACK has a time stamp where the connection had them, and the window that was open", () => {
    const { script } = timeWait()
    const [ack] = script.take()
    expect(ack.tsecr).toBeGreaterThan(0)
    expect(ack.wnd).toBeGreaterThan(10_000)
    expect(TCP_HEADER_BYTES).toBe(52)
  })
})

describe("the row of a machine", () => {
  it("ends those of the same 7.5 s together, up to 7.5 s early, with one event for each cell", () => {
    const { client, script } = timeWait()
    script.pass(7 * S)
    const fired = script.net.sim.queue.fired
    script.pass(51 * S)
    expect(client.timewait?.substate).toBe(TIME_WAIT)
    expect(script.net.sim.queue.fired - fired).toBeLessThan(20)
  })

  it("is empty after the machine has lost its power", () => {
    const { client, memory, script } = timeWait()
    script.net.a.stack.timewait?.purge(bootContext())
    expect([client.timewait, memory.timewaitSocks]).toEqual([null, 0])
    script.pass(61 * S)
    expect(client.mib.TW).toBe(0)
  })
})
