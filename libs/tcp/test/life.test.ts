// Lives of a connection: random messages, pauses, losses and shortages, from a seed. Everything arrives once and in order,
// nothing leaks, and every segment on the wire is the one that the pinned hash knows. A change that is not meant to change
// the protocol changes no hash; the counters beside it tell which part behaves differently.
import { ALL_SWITCHES, CARDS, type HostMemory, hostMemoryIdle, NO_SWITCHES } from "@swaplab/net-skb"
import type { Random } from "@swaplab/sim"
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { PoorMemory } from "./poor-memory.ts"
import { ToyNetwork, type ToyWire } from "./toy.ts"

const MS = 1_000_000

type Message = { readonly kind: "bytes" | "page"; readonly n: number; readonly more: boolean; readonly pauseNs: number }

const messages = (random: Random, count: number): ReadonlyArray<Message> =>
  Array.from({ length: count }, () => {
    const pick = random.below(10)
    const pauseNs = random.below(8) === 0 ? random.below(300 * MS) : random.below(3) === 0 ? random.below(MS) : 0
    const more = random.below(4) === 0
    if (pick < 4) return { kind: "page", n: 4096, more, pauseNs }
    const n = 1 + random.below([16, 200, 3000, 30_000][random.below(4)])
    return { kind: "bytes", n, more, pauseNs }
  })

const fill = (n: number, salt: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + salt) & 255)

/** One life. Returns what was on the wires, as a hash, and what the client counted. */
const live = (seed: number): string => {
  const memory = new PoorMemory()
  const pick = <A>(values: ReadonlyArray<A>, salt: number): A => values[Math.floor(seed / salt) % values.length]
  const fixed = pick([undefined, 40_000, undefined, 9000], 2)
  const net = new ToyNetwork({
    seed,
    memory,
    hz: pick([1000, 250, 100], 1),
    gigabit: pick([1, 0.1], 3),
    latencyNs: pick([20_000, 3 * MS], 2),
    switches: pick([ALL_SWITCHES, NO_SWITCHES], 2),
    nic: pick([CARDS.e1000, CARDS.kmalloc], 5),
    ...(pick([false, true], 4) ? { tcpMem: [30, 40, 400] as const } : {}),
    tcp: {
      tso: pick([true, true, false], 1),
      noDelay: pick([true, false], 2),
      ...(fixed === undefined ? {} : { rcvbuf: fixed }),
      ...(pick([false, false, true], 3) ? { sndbuf: 20_000 } : {})
    }
  })
  const random = net.sim.stream("life")
  memory.random = net.sim.stream("refusals")
  const hash = createHash("sha256")
  let frames = 0
  const watch = (wire: ToyWire, name: string) => {
    const { packets } = net
    wire.loss = pick([0, 0.01, 0.05, 0], 1)
    wire.reorder = pick([0, 0, 0.1], 2)
    wire.lateNs = 2 * MS
    wire.onFrame = (f) => {
      frames++
      const row = [packets.seq[f], packets.len[f], packets.ack[f], packets.wnd[f], packets.flags[f], packets.tsecr[f]]
      hash.update(`${net.sim.now} ${name} ${row.join(" ")}\n`)
      return true
    }
  }
  watch(net.ab, ">")
  watch(net.ba, "<")
  const lives = [
    { from: net.client, to: net.server, list: messages(random, 60) },
    { from: net.server, to: net.client, list: messages(random, 60) }
  ]
  let left = lives.length
  lives.forEach(({ from, list, to }, way) => {
    net.spawn(`sender ${way}`, function*(task) {
      for (const [i, { kind, more, n, pauseNs }] of list.entries()) {
        yield* task.process.hold(pauseNs)
        const last = i === list.length - 1
        expect(
          kind === "page"
            ? yield* from.sendPage(task, way, i, more && !last)
            : yield* from.sendBytes(task, fill(n, i), more && !last)
        ).toBe(n)
        from.checkInvariants()
      }
    })
    net.spawn(`receiver ${way}`, function*(task) {
      for (const [i, { kind, n, pauseNs }] of list.entries()) {
        yield* task.process.hold(Math.floor(pauseNs / 3))
        if (kind === "page") {
          const token = { tokenWriter: -1, tokenVersion: -1 }
          expect(yield* to.recvPage(task, token)).toBe(n)
          expect(token).toEqual({ tokenWriter: way, tokenVersion: i })
        } else {
          const into = new Uint8Array(n)
          expect(yield* to.recvBytes(task, into)).toBe(n)
          expect(into.every((byte, at) => byte === ((at * 7 + i) & 255))).toBe(true)
        }
        to.checkInvariants()
      }
      left--
    })
  })
  net.spawn("shortages", function*(task) {
    for (let i = 0; i < 20; i++) {
      memory.refuse = pick([0, 0.2], 3)
      yield* task.process.hold(20 * MS)
      memory.refuse = 0
      yield* task.process.hold(200 * MS)
    }
  })
  net.sim.run(2000e9)
  expect(left).toBe(0)
  const { client } = net
  const counters = [
    frames,
    client.retransmitted,
    client.timeouts,
    client.mib.TCPSackRecovery,
    client.acksSent,
    client.ackFailures,
    client.txFailures,
    client.vmWaits,
    client.sendSpaceWaits,
    client.duplicates
  ]
  net.client.shutdown()
  net.sim.run(net.sim.now + 100e9)
  expect(net.server.finReceived).toBe(true)
  net.close()
  expect(net.packets.inUse).toBe(0)
  expect(hostMemoryIdle(memory)).toBe(true)
  expect(hostMemoryIdle(net.b.memory as HostMemory)).toBe(true)
  return `${counters.join(" ")} ${hash.digest("hex").slice(0, 12)}`
}

/**
 * Frames, then of the client: segments sent again, time-outs, fast retransmits, ACKs, ACKs without memory, sends without
 * memory, waits for memory, waits for room, repetitions; and the hash.
 */
const LIVES: ReadonlyArray<readonly [seed: number, life: string]> = [
  [1, "468 0 0 0 68 0 0 0 0 0 7fb0d48206ff"],
  [2, "431 6 1 4 53 0 0 0 6 0 b871d6fab598"],
  [3, "550 0 0 0 107 0 3 0 25 0 657952de7d2d"],
  [4, "730 8 0 4 150 2 0 0 4 7 4a7941ef0b3d"],
  [5, "809 15 0 9 181 5 2 0 16 10 13a64656254a"],
  [6, "567 6 2 4 153 0 0 0 3 0 e6a1775e9413"],
  [7, "705 0 0 0 228 0 0 0 2 0 9e890b2b8212"],
  [8, "529 0 0 0 63 0 0 0 24 0 038d68ef45a9"],
  [9, "840 1 0 1 172 9 1 0 2 0 9b2e26723111"],
  [10, "694 21 3 7 99 2 4 0 9 2 9da4bc269d15"],
  [11, "668 6 0 3 145 6 0 0 4 8 b706723fd956"],
  [12, "572 0 0 0 72 0 0 0 0 0 90a110e4c3c0"],
  [13, "531 3 0 2 70 0 0 0 1 0 a631fe1441c6"],
  [14, "630 5 1 3 153 0 0 0 8 2 572abb657b8d"],
  [15, "726 0 0 0 239 5 1 1 4 0 2330f0fe2108"],
  [16, "803 8 0 5 154 22 4 0 5 10 b87bb5c1517d"],
  [17, "767 15 0 9 174 5 1 1 31 19 03a4aab35a97"],
  [18, "632 13 1 7 124 0 0 0 5 0 f31469fda53d"],
  [19, "451 0 0 0 43 0 0 0 2 0 22af562e0990"],
  [20, "551 0 0 0 65 0 0 0 3 0 bc293906a1ad"]
]

describe("lives of a connection", () => {
  it.each(LIVES)("seed %s", (seed, life) => expect(live(seed)).toBe(life))
})
