// A socket: what it is when it is made, joined and closed, and who may touch it meanwhile.
import { ALL_SWITCHES, HostMemory, NO_FRAG_PAGE, NO_SKB, TCPHDR_FIN, TCPHDR_RST } from "@swaplab/net-skb"
import { connectTcp, TcpSocket } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { at, MS, Script } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

const MSS = 1448

/** Its numbers and truth values. */
const plain = (socket: TcpSocket) =>
  Object.fromEntries(Object.entries(socket).filter(([, value]) => ["boolean", "number"].includes(typeof value)))

const fresh = (options: object = {}) =>
  new TcpSocket(new ToyNetwork().a.stack, { name: "one", freeBufferPages: 500_000, ...options })

describe("a new socket", () => {
  it("has sent, received and counted nothing", () => {
    const zero = [
      "writeSeq sndUna sndNxt sndWnd maxWindow packetsOut retransOut lostOut sackedOut cwndCnt caState highSeq nonagle",
      "synFailures pushedSeq lsndtime sndSml sndmsgOffset srtt mdev retransmits backoff probesOut writePending rcvNxt rcvWup copiedSeq",
      "backlogLen prequeueMemory userTimeout keepIdle keepIntvl keepProbes keepaliveProbes ecnFlags ecnCuts rcvTstamp tsRecent quick ato lrcvtime rcvRtt spaceSeq spaceBytes error blockedOn",
      "segmentsReceived acksSent ackFailures dataSegmentsSent outSegs activeOpens passiveOpens attemptFails estabResets retransmitted timeouts",
      "vmWaits sendSpaceWaits txFailures bytesReceived bytesAcked rmemAlloc wmemQueued wmemAlloc forwardAlloc packets drops",
      "facketsOut cwndUsed cwndStamp abcBytes undoRetrans priorSsthresh priorCwnd prrDelivered prrOut lostCntHint",
      "retransmitHigh lostRetransLow frtoCounter mdevMax rttvar rttSeq numSacks options rcvWscale lastSegSize predictedWnd rcvRttSeq pendingError rcvbufDrops backlogDrops closedDrops duplicates outOfWindow pfmemallocDrops"
    ].join(" ").split(" ").map((name) => [name, 0])
    const none = [
      "noSpace tsqThrottled tsqQueued tsqDeferred queueShrunk finPending finReceived ackScheduled ackBlocked ackPushed",
      "ackPushed2 pingpong owned readerWaiting shutdownSend shutdownReceive closed orphan memalloc sackOk dsack tsOk fastPath earlyRetransDelayed fixedSndbuf fixedRcvbuf keepOpen lastAck"
    ].join(" ").split(" ").map((name) => [name, false])
    const noSkb = [
      "writeHead writeTail sendHead spareSkb rcvHead rcvTail oooHead backlogHead backlogTail prequeueHead prequeueTail",
      "highestSack lostSkbHint scoreboardSkbHint retransmitSkbHint"
    ].join(" ").split(" ").map((name) => [name, NO_SKB])
    const { port, skAllocation, ...rest } = plain(fresh())
    expect([typeof port, typeof skAllocation]).toEqual(["number", "number"])
    expect(rest).toEqual({
      ...Object.fromEntries([...zero, ...none, ...noSkb]),
      sndmsgPage: NO_FRAG_PAGE,
      sparePage: NO_FRAG_PAGE,
      peerHost: -1,
      peerPort: -1,
      state: 7,
      tsoDeferred: -1,
      sndWl1: -1,
      fack: true,
      doEarlyRetrans: true,
      reordering: 3,
      undoMarker: -Infinity,
      frtoHighmark: -Infinity,
      retransStamp: -1,
      spaceTime: -1,
      cwnd: 10,
      ssthresh: 0x7fff_ffff,
      rto: 1000 * MS,
      mss: MSS,
      linkMss: 1460,
      linkedMss: 1448,
      tailRoom: 0,
      advmss: 1460,
      mssClamp: 1460,
      rcvMss: 88,
      rcvRttTime: -1,
      tso: true,
      rcvbuf: 87380,
      sndbuf: 16_384,
      rmemMax: 6 << 20,
      wmemMax: 4 << 20,
      windowClamp: 0,
      rcvSsthresh: 0,
      rcvWnd: 0
    })
  })

  it.each([
    {
      options: { rcvbuf: 9001 },
      expected: { rcvbuf: 9001, fixedRcvbuf: true, windowClamp: 0, rcvWnd: 0 }
    },
    { options: { sndbuf: 5000 }, expected: { sndbuf: 5000, fixedSndbuf: true } },
    { options: { sndbuf: 500_000 }, expected: { sndbuf: 500_000, fixedSndbuf: true } },
    { options: { mss: 500 }, expected: { mss: 500, advmss: 512, linkMss: 512, rcvMss: 88 } },
    { options: { tso: false }, expected: { tso: false } },
    { options: { noDelay: true }, expected: { nonagle: 1 } },
    { options: { noDelay: false }, expected: { nonagle: 0 } },
    { options: { freeBufferPages: 1000 }, expected: { sndbuf: 16_384, wmemMax: 65_536, rmemMax: 87_380 } }
  ])("with $options: $expected", ({ expected, options }) => expect(fresh(options)).toMatchObject(expected))

  it("says of its sleepers who wakes them", () => {
    const { lockQueue, receiveData, sendSpace } = fresh()
    expect([lockQueue, sendSpace, receiveData].map(({ name }) => name.startsWith("one "))).toEqual([true, true, true])
  })

  it("joined to another knows its name, its window and what it sends", () => {
    const { a, b } = new ToyNetwork()
    const left = new TcpSocket(a.stack, { name: "left", freeBufferPages: 500_000, rcvbuf: 5000 })
    const right = new TcpSocket(b.stack, { name: "right", freeBufferPages: 500_000, rcvbuf: 7000 })
    connectTcp(left, right)
    expect(left).toMatchObject({ peerHost: 1, peerPort: right.port, sndWnd: 2896, maxWindow: 2896 })
    expect(right).toMatchObject({ peerHost: 0, peerPort: left.port, sndWnd: 1448, maxWindow: 1448 })
    expect([left.received === right.sent, right.received === left.sent]).toEqual([true, true])
    expect(() => connectTcp(left, right)).toThrow("once")
  })
})

describe("small queues", () => {
  const throttled = (state: object = {}) => {
    const script = new Script({ switches: ALL_SWITCHES })
    script.segment()
    Object.assign(script.client, { tsqThrottled: true, wmemAlloc: 5000, ...state })
    let tasklets = 0
    script.net.a.stack.scheduleTasklet = () => ++tasklets
    return { script, client: script.client, tasklets: () => tasklets }
  }

  it.each([
    { state: {}, tasklets: 1, after: { tsqThrottled: false, tsqQueued: true } },
    { state: { tsqThrottled: false }, tasklets: 0, after: { tsqThrottled: false, tsqQueued: false } },
    { state: { tsqQueued: true }, tasklets: 0, after: { tsqThrottled: false, tsqQueued: true } }
  ])("an skb that leaves lets the next one out, $state: $tasklets", ({ after, state, tasklets: expected }) => {
    const { client, script, tasklets } = throttled(state)
    client.skbFreed(script.ctx, 1200)
    expect(client).toMatchObject({ wmemAlloc: 3800, ...after })
    expect(tasklets()).toBe(expected)
  })

  it.each([
    { what: "a free socket", state: {}, sent: 1, deferred: false },
    { what: "a closed one", state: { closed: true }, sent: 0, deferred: false },
    { what: "a dead one", state: { error: 5 }, sent: 0, deferred: false },
    { what: "one that a task owns", state: { owned: true }, sent: 0, deferred: true }
  ])("the tasklet of $what sends $sent", ({ deferred, sent, state }) => {
    const { client, script } = throttled({ tsqQueued: true })
    script.queue([MSS])
    Object.assign(client, state)
    client.tasklet(script.ctx)
    expect(script.data()).toHaveLength(sent)
    expect(client).toMatchObject({ tsqQueued: false, tsqDeferred: deferred })
    if (!deferred) return
    // the release makes up for it, once
    client.releaseSock(script.ctx)
    expect([script.data().length, client.owned, client.tsqDeferred]).toEqual([1, false, false])
  })

  it("the release of a socket sends nothing by itself", () => {
    const { client, script } = throttled({ owned: true })
    script.queue([MSS])
    client.releaseSock(script.ctx)
    expect(script.data()).toEqual([])
  })
})

describe("a send buffer", () => {
  it.each([{ sndbuf: 8000, after: 8000 }, { sndbuf: undefined, after: 5000 }])(
    "of $sndbuf bytes is cut to $after",
    ({ after, sndbuf }) => {
      const client = fresh(sndbuf === undefined ? {} : { sndbuf })
      client.wmemQueued = 10_000
      client.moderateSndbuf()
      expect(client.sndbuf).toBe(after)
    }
  )
})

describe("reading what is there", () => {
  const filled = () => {
    const script = at({ rcvWnd: 20_000, rcvSsthresh: 20_000, rcvNxt: 0, copiedSeq: 0, rcvWup: 0 })
    script.net.server.sent.appendBytes(Uint8Array.from({ length: 30 }, (_, i) => i))
    for (let i = 0; i < 3; i++) script.segment({ len: 10 })
    const task = script.net.spawn("reader", function*() {})
    const held = () => {
      const { next } = script.net.a.stack.skbs
      let count = 0
      for (let skb = script.client.rcvHead; skb !== NO_SKB; skb = next[skb]) count++
      return count
    }
    return { script, client: script.client, task, held }
  }

  it("frees segments, which were joined to one, when all is read", () => {
    const { client, held, script, task } = filled()
    const into = new Uint8Array(30)
    const seen = [9, 1, 11, 1, 99, 99].map((
      n
    ) => [client.tryRecvBytes(task, into, client.copiedSeq, n), client.copiedSeq, held()])
    expect(seen).toEqual([[9, 9, 1], [1, 10, 1], [11, 21, 1], [1, 22, 1], [8, 30, 0], [0, 30, 0]])
    expect([...into]).toEqual(Array.from({ length: 30 }, (_, i) => i))
    expect(client).toMatchObject({ rmemAlloc: 0, rcvTail: NO_SKB, readable: 0 })
    script.segment({ len: 5 })
    expect([held(), client.readable]).toEqual([1, 5])
    script.checkMemory()
  })

  it("takes nothing from a socket that a task owns", () => {
    const { client, task } = filled()
    client.owned = true
    expect(client.tryRecvBytes(task, new Uint8Array(9), 0, 9)).toBe(0)
  })

  it("tells the peer of a window that opens", () => {
    const { client, script, task } = filled()
    Object.assign(client, { rcvWnd: 30, rcvSsthresh: 9000 })
    script.take()
    client.tryRecvBytes(task, new Uint8Array(9), 0, 9)
    expect(script.take()).toMatchObject([{ ack: 30, wnd: 9088 }])
  })

  it("does not count the FIN", () => {
    const { client, script } = filled()
    script.segment({ len: 0, flags: TCPHDR_FIN })
    expect([client.readable, client.rcvNxt]).toEqual([30, 31])
  })
})

describe("the end of a socket", () => {
  /** A socket that holds something everywhere. */
  const full = () => {
    const script = new Script({ tcp: { rcvbuf: 50_000 } })
    const { client, net } = script
    const { skbs } = net.a.stack
    script.segment()
    script.send(20_000)
    script.segment({ seq: 0, len: 100 })
    script.segment({ seq: 300, len: 100 })
    client.spareSkb = skbs.tryAllocSkb(script.ctx, 100, 0, 1)
    client.sparePage = skbs.pages.adopt((net.a.memory as HostMemory).tryPage(script.ctx, 0))
    expect([client.writeHead, client.sendHead, client.rcvHead, client.oooHead, client.sndmsgPage]).not.toContain(-1)
    return script
  }
  const EMPTY = {
    writeHead: NO_SKB,
    writeTail: NO_SKB,
    sendHead: NO_SKB,
    packetsOut: 0,
    retransOut: 0,
    lostOut: 0,
    sackedOut: 0,
    wmemQueued: 0
  }

  it("that is closed frees everything, and both timers", () => {
    const script = full()
    const { client, net } = script
    client.delackTimer.armAt(script.now + 99 * MS)
    Object.assign(client, { retransOut: 1, lostOut: 1, sackedOut: 1 })
    script.close()
    expect(client).toMatchObject({
      ...EMPTY,
      closed: true,
      rcvHead: NO_SKB,
      rcvTail: NO_SKB,
      oooHead: NO_SKB,
      rmemAlloc: 0,
      spareSkb: NO_SKB,
      sparePage: NO_FRAG_PAGE,
      sndmsgPage: NO_FRAG_PAGE
    })
    expect([client.writeTimer.armed, client.delackTimer.armed]).toEqual([false, false])
    expect([client.memory.allocated, client.memory.sockets, net.a.stack.socket(client.port)]).toEqual([0, 0, null])
  })

  it.each([{ owned: true }, { readerWaiting: true }])("is not closed while a task uses it: %o", (state) => {
    const script = new Script()
    Object.assign(script.client, state)
    expect(() => script.client.close(script.ctx)).toThrow("that a task uses")
  })

  it("that is closed does not die after that", () => {
    const { client, ctx } = new Script()
    client.orphan = true
    client.close(ctx)
    client.die(ctx, 104)
    expect([client.error, client.writeTimer.armed]).toEqual([0, false])
  })

  it("that dies frees what it wanted to send, wakes everybody, and keeps its first error", () => {
    const script = full()
    const { client } = script
    let woken = 0
    client.sendSpace.wakeAll = client.receiveData.wakeAll = () => ++woken
    Object.assign(client, { ackScheduled: true, retransOut: 1, lostOut: 1, sackedOut: 1 })
    client.delackTimer.armAt(script.now + 99 * MS)
    client.die(script.ctx, 110)
    client.die(script.ctx, 104)
    expect(client).toMatchObject({ ...EMPTY, error: 110, writePending: 0, ackScheduled: false, readable: 100 })
    expect([client.writeTimer.armed, client.delackTimer.armed, woken]).toEqual([false, false, 2])
    script.checkMemory()
  })

  it("that is aborted sends a reset, once, and has the error of one", () => {
    const script = full()
    script.take()
    script.client.abort(script.ctx)
    script.client.abort(script.ctx)
    expect(script.take().map(({ flags }) => flags & TCPHDR_RST)).toEqual([TCPHDR_RST])
    expect(script.client.error).toBe(104)
  })

  it("that is shut down for sending only goes on receiving, until the rest is shut, too", () => {
    const script = new Script()
    script.client.shutdown(false)
    expect(script.client).toMatchObject({ shutdownSend: true, shutdownReceive: false, writeSeq: 1 })
    script.segment({ len: 100, ack: 1 })
    expect(script.client.readable).toBe(100)
    expect(script.take().map(({ ack, flags }) => [ack, flags & TCPHDR_FIN])).toEqual([[0, TCPHDR_FIN], [100, 0]])
    script.client.shutdown()
    expect([script.client.shutdownReceive, script.take()]).toEqual([true, []])
  })

  it("that is shut down takes and gives nothing more, and wakes everybody", () => {
    const script = new Script()
    let woken = 0
    script.client.sendSpace.wakeAll = script.client.receiveData.wakeAll = () => ++woken
    script.client.shutdown()
    expect(script.client).toMatchObject({ shutdownSend: true, shutdownReceive: true, writeSeq: 1, sndNxt: 1 })
    expect([woken, script.take().map(({ flags }) => flags & TCPHDR_FIN)]).toEqual([2, [TCPHDR_FIN]])
  })
})

describe("the lock of a socket", () => {
  it("goes to one task at a time, in the order in which they came", () => {
    const script = new Script()
    const { client, net } = script
    client.owned = true
    const log: Array<string> = []
    for (const name of ["first", "second"]) {
      net.spawn(name, function*(task) {
        yield* client.lockSlow(task.process)
        client.owned = true
        log.push(`${name} at ${net.sim.now / MS}`)
        yield* task.process.hold(MS)
        client.releaseSock(task)
      })
    }
    script.pass(MS)
    expect([log, client.lockQueue.waiters]).toEqual([[], 2])
    client.releaseSock(script.ctx)
    script.pass(5 * MS)
    expect(log).toEqual(["first at 1", "second at 2"])
    expect([client.owned, client.lockQueue.waiters]).toEqual([false, 0])
  })
})
