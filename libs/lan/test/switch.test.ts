import { headroomBytes } from "#src/ingress-pause.ts"
import { DropReason, Link, Switch, type SwitchOptions } from "@swaplab/lan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { testLan } from "./frames.ts"

const GIGABIT = 1_000_000_000

/** A star: host i has the address i; what arrives there is listed with its time. */
const star = (hosts: number, options: Partial<SwitchOptions> & { rates?: ReadonlyArray<number> } = {}, seed = 1) => {
  const net = testLan(seed)
  const { rates, ...rest } = options
  const device = new Switch(net.lan, { name: "switch", forwardingLatencyNs: 2000, bufferBytes: 200_000, ...rest })
  const up: Array<Link> = []
  const down: Array<Link> = []
  const arrived: Array<{ host: number; frame: number; at: number }> = []
  for (let host = 0; host < hosts; host++) {
    const bitsPerSecond = rates?.[host] ?? GIGABIT
    up.push(new Link(net.lan, { name: `up ${host}`, bitsPerSecond, latencyNs: 100 }))
    down.push(new Link(net.lan, { name: `down ${host}`, bitsPerSecond, latencyNs: 100 }))
    down[host].receive = (frame) => arrived.push({ host, frame, at: net.sim.now })
    device.route(host, device.addPort(up[host], down[host]))
  }
  return { ...net, device, up, down, arrived }
}

it("forwards a frame when it has arrived whole", () => {
  const { sim, up, frame, arrived } = star(2)
  up[0].send(frame(1482, 1))
  sim.run()
  // 12,160 in, 100 + 2000, 12,160 out, 100
  expect(arrived).toEqual([{ host: 1, frame: 0, at: 26_520 }])
  // one event per hop
  expect(sim.queue.fired).toBe(2)
})

it("drops frames for unknown destinations and for the port that they came from", () => {
  const { sim, up, frame, lost, lan } = star(2)
  up[0].send(frame(100, 9))
  up[0].send(frame(100, 900))
  up[0].send(frame(100, 0))
  sim.run()
  expect(lost.map((drop) => drop.reason)).toEqual(Array(3).fill(DropReason.NoRoute))
  lan.checkConservation()
})

describe("incast", () => {
  const incast = (clients: number, options: Partial<SwitchOptions>) => {
    const net = star(clients + 1, options)
    // every client writes 31 pages to host 0 at once: 124 KiB, 88 frames
    for (let client = 1; client <= clients; client++) {
      for (let i = 0; i < 88; i++) net.up[client].send(net.frame(1500, 0))
    }
    net.sim.run()
    net.lan.checkInvariants()
    return net
  }

  it("one writer loses nothing, forty overflow a 200 KB buffer", () => {
    expect(incast(1, {}).lost.length).toBe(0)
    const net = incast(40, {})
    expect(net.lost.length).toBeGreaterThan(40 * 88 * 0.8)
    expect(net.device.dropped[DropReason.BufferFull]).toBe(net.lost.length)
    expect(net.device.portDrops[0]).toBe(net.lost.length)
    expect(net.device.usedBytes).toBe(0)
    // the output never idled: what was delivered took exactly its time on the wire
    expect(net.down[0].busyNs).toBe(net.arrived.length * 1538 * 8)
    expect(net.arrived[net.arrived.length - 1].at - net.arrived[0].at).toBe((net.arrived.length - 1) * 1538 * 8)
  })

  it("the dynamic threshold leaves half of the buffer to the other ports with alpha 1", () => {
    const net = incast(40, {})
    expect(net.device.maxUsedBytes).toBeLessThanOrEqual(100_000 + 1518)
    expect(net.device.maxUsedBytes).toBeGreaterThan(100_000 - 2 * 1518)
    expect(incast(40, { alpha: Infinity }).device.maxUsedBytes).toBeGreaterThan(200_000 - 2 * 1518)
  })

  it("a buffer for all of it loses nothing", () => {
    expect(incast(40, { bufferBytes: 16_000_000 }).lost.length).toBe(0)
  })

  it("a limit for output queues holds where the threshold would let them grow", () => {
    expect(incast(40, { portLimitBytes: 30_000 }).device.maxUsedBytes).toBe(19 * 1518)
    const drops = incast(40, { portLimitBytes: 30_000 })
    expect(drops.device.portDroppedBytes[0]).toBe(drops.lost.length * 1518)
    // with flow control no output queue is cut
    expect(incast(3, { portLimitBytes: 30_000, flowControl: true }).lost.length).toBe(0)
  })

  it("marks what finds too much waiting for its port, if its sender understands", () => {
    const big = { bufferBytes: 16_000_000 }
    expect(incast(2, big).marked).toEqual([])
    const { device, marked } = incast(2, { ...big, ecnMarkBytes: 30_000 })
    expect(device.portMarks[0]).toBe(marked.length)
    expect(marked.every((frame) => frame % 2 === 0)).toBe(true)
    // two come while one leaves: from about the fortieth on 20 wait, and every second can be marked
    expect(marked.length).toBeGreaterThan(60)
    expect(marked.length).toBeLessThan(70)
    // a lone sender never waits
    expect(incast(1, { ...big, ecnMarkBytes: 3000 }).marked).toEqual([])
  })

  it("with flow control the senders wait instead: nothing is lost while there is headroom for every port", () => {
    const headroom = headroomBytes(star(1).up[0], star(1).down[0])
    // 41 ports with their headroom, and 10 KB that they share
    const net = incast(40, { bufferBytes: 41 * headroom + 10_000, flowControl: true })
    expect(net.lost.length).toBe(0)
    expect(net.arrived.length).toBe(40 * 88)
    expect(net.up[1].pausedNs).toBeGreaterThan(0)
    // the last order to each of the writers is to go on
    expect(net.device.pauseFramesTo(1)).toBeGreaterThan(0)
    expect(net.device.pauseFramesTo(1) % 2).toBe(0)
    expect(net.device.pauseFramesTo(0)).toBe(0)
    expect(net.device.pauseFrames).toBe(
      Array.from({ length: 41 }, (_, port) => net.device.pauseFramesTo(port)).reduce((a, b) => a + b)
    )
    // without headroom the buffer runs over in spite of all pauses
    expect(incast(40, { bufferBytes: 60_000, flowControl: true }).lost.length).toBeGreaterThan(0)
  })

  it("one input may hold half of what is not headroom with alpha 1, whatever the output may hold", () => {
    const net = star(2, { rates: [GIGABIT, 10_000_000], flowControl: true })
    for (let i = 0; i < 400; i++) net.up[0].send(net.frame(1500, 1))
    net.sim.run()
    const [fast, slow] = net.up.map((up, port) => headroomBytes(up, net.down[port]))
    const shared = 200_000 - fast - slow
    expect(net.device.maxUsedBytes).toBeGreaterThan(shared / 2)
    expect(net.device.maxUsedBytes).toBeLessThanOrEqual(shared / 2 + 1518 + fast)
    expect(net.arrived.length).toBe(400)
  })
})

it("with flow control one slow receiver stalls a fast sender for everybody", () => {
  // host 0 is the server; host 1 has 100 Mb, host 2 has 1 Gb; the server alternates between them
  const run = (flow: boolean) => {
    const net = star(3, {
      rates: [GIGABIT, 100_000_000, GIGABIT],
      bufferBytes: 60_000,
      flowControl: flow
    })
    for (let i = 0; i < 400; i++) net.up[0].send(net.frame(1500, 1 + i % 2))
    net.sim.run()
    net.lan.checkInvariants()
    return net.arrived.filter(({ host }) => host === 2).at(-1)?.at ?? 0
  }
  // without: the fast client has everything after 400 frame times; with: it advances at the pace of the slow one
  expect(run(false)).toBeLessThan(400 * 12_304 + 30_000)
  expect(run(true)).toBeGreaterThan(180 * 123_040)
})

it("conserves frames and bytes under random traffic, pulled cables and pauses", () => {
  const command = fc.record({
    host: fc.nat(3),
    to: fc.nat(4),
    size: fc.integer({ min: 40, max: 1500 }),
    burst: fc.integer({ min: 1, max: 8 }),
    wait: fc.integer({ min: 0, max: 30_000 }),
    fault: fc.constantFrom("none", "none", "none", "pull", "plug")
  })
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), fc.boolean(), (commands, flow) => {
      const net = star(4, {
        bufferBytes: 12_000,
        flowControl: flow
      })
      let sent = 0
      for (const { host, to, size, burst, wait, fault } of commands) {
        for (let i = 0; i < burst; i++) net.up[host].send(net.frame(size, to))
        sent += burst
        if (fault !== "none") net.down[to % 4].setUp(fault === "plug")
        net.sim.run(net.sim.now + wait)
        net.lan.checkInvariants()
      }
      net.sim.run()
      net.lan.checkInvariants()
      expect(net.lan.inFlight()).toBe(0)
      expect(net.device.usedBytes).toBe(0)
      expect(net.arrived.length + net.lost.length).toBe(sent)
    }),
    { seed: 20120731, numRuns: 200 }
  )
})
