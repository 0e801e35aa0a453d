// Lives of a connection: random messages, pauses, losses and shortages, from a seed. Everything arrives once and in order,
// nothing leaks, and every segment on the wire is the one that the pinned hash knows. A change that is not meant to change
// the protocol changes no hash; the counters beside it tell which part behaves differently.
import { ALL_SWITCHES, CARDS, HostMemory, hostMemoryIdle, NO_SWITCHES } from "@swaplab/net-skb"
import { __GFP_WAIT, type Context, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import type { Random, Sleeps } from "@swaplab/sim"
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { ToyNetwork, type ToyWire } from "./toy.ts"

const MS = 1_000_000

/** A machine whose allocator refuses now and then, as often as `refuse` says; callers that may sleep sleep half the times. */
class PoorMemory extends HostMemory {
  refuse = 0
  random: Random | null = null

  /** 0, −1 = refused, −2 = the caller has to sleep for it. */
  #verdict(gfp: number): number {
    if (this.random === null || this.refuse === 0 || this.random.unit() >= this.refuse) return 0
    return (gfp & __GFP_WAIT) !== 0 && this.random.below(2) === 0 ? WOULD_SLEEP : -1
  }

  override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
    const verdict = this.#verdict(gfp)
    return verdict < 0 ? verdict : super.tryHead(ctx, gfp, fclone)
  }

  override tryPage(ctx: Context, gfp: number): number {
    const verdict = this.#verdict(gfp)
    return verdict < 0 ? verdict : super.tryPage(ctx, gfp)
  }

  override *head(task: Task, gfp: number, fclone: boolean): Sleeps<number> {
    yield* task.process.hold(5 * MS)
    return super.tryHead(task, gfp, fclone)
  }

  override *page(task: Task, gfp: number): Sleeps<number> {
    yield* task.process.hold(5 * MS)
    return super.tryPage(task, gfp)
  }
}

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
    client.fastRetransmits,
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
  [1, "520 0 0 0 110 0 0 0 0 0 fb3775bbab0b"],
  [2, "459 8 3 4 55 0 0 0 5 1 325bac5bbd74"],
  [3, "553 0 0 0 111 0 3 0 25 0 bbcb3abca8db"],
  [4, "738 17 0 10 151 2 0 0 5 12 7537770bc906"],
  [5, "807 15 0 10 182 5 2 0 17 10 92800e1094ed"],
  [6, "544 6 0 4 90 0 0 0 1 1 148d175c2759"],
  [7, "614 0 0 0 115 0 0 0 3 0 bcc9f9e6a5f0"],
  [8, "568 0 0 0 79 0 0 0 24 0 c3023b26f57e"],
  [9, "827 1 0 1 164 17 1 0 1 0 04dc9c65370e"],
  [10, "703 29 8 10 102 3 4 0 12 1 ca572a78f3e4"],
  [11, "688 15 0 3 150 6 0 0 9 24 4fc39a8e30fe"],
  [12, "636 0 0 0 95 0 0 0 0 0 37f6371cb332"],
  [13, "600 2 0 1 106 0 0 0 1 0 592e45a21f5f"],
  [14, "643 7 0 5 97 0 0 0 6 0 74e9986e8e53"],
  [15, "625 0 0 0 133 4 1 1 4 0 848382c82435"],
  [16, "815 18 0 8 158 13 4 0 2 10 e934ee0d2d40"],
  [17, "757 10 0 7 159 5 1 1 29 18 657f55ba9c9e"],
  [18, "737 19 7 6 157 0 0 0 7 0 bf7d6aafed58"],
  [19, "476 0 0 0 47 0 0 0 2 0 62ebab932173"],
  [20, "595 0 0 0 83 0 0 0 3 0 ad63f92c6ef0"]
]

describe("lives of a connection", () => {
  it.each(LIVES)("seed %s", (seed, life) => expect(live(seed)).toBe(life))
})
