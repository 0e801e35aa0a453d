// Whatever a network does to segments (losses, reordering, duplicates, ends of the line for a while) and whatever is switched on
// of what Linux does about it: the stream arrives once and in order, the counts of what is in flight are right at all times, and
// the same seed gives the same run.
import { addMib, TcpMib } from "#src/mib.ts"
import { hostMemoryIdle } from "@swaplab/net-skb"
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { PoorMemory } from "./poor-memory.ts"
import { MS } from "./script.ts"
import { ToyNetwork, type ToyWire } from "./toy.ts"

const PAGES = 150

interface Run {
  /** Everything on the wires, with times. */
  readonly hash: string
  readonly mib: Readonly<Record<string, number>>
}

/** A transfer through a bad network. The seed decides how bad, and what is switched on. */
const transfer = (seed: number): Run => {
  const pick = <A>(values: ReadonlyArray<A>, salt: number): A => values[Math.floor(seed / salt) % values.length]
  const sysctls = {
    "net.ipv4.tcp_congestion_control": pick(["reno", "cubic"] as const, 1),
    "net.ipv4.tcp_sack": pick([1, 1, 0], 2),
    "net.ipv4.tcp_fack": pick([1, 0], 3),
    "net.ipv4.tcp_dsack": pick([1, 0], 5),
    "net.ipv4.tcp_frto": pick([2, 1, 0], 7),
    "net.ipv4.tcp_frto_response": pick([0, 1, 2], 11),
    "net.ipv4.tcp_early_retrans": pick([2, 1, 0], 13),
    "net.ipv4.tcp_abc": pick([0, 0, 1, 2], 17),
    "net.ipv4.tcp_reordering": pick([3, 3, 6], 19)
  }
  const memory = new PoorMemory()
  const net = new ToyNetwork({
    seed,
    memory,
    sysctls,
    serverSysctls: sysctls,
    hz: pick([1000, 250, 100], 2),
    gigabit: pick([1, 0.1, 0.01], 4),
    latencyNs: pick([20_000, 3 * MS, 40 * MS], 3),
    tcp: { tso: pick([true, true, false], 1), noDelay: pick([true, false], 6) }
  })
  memory.random = net.sim.stream("refusals")
  const random = net.sim.stream("cuts")
  const hash = createHash("sha256")
  const worsen = (wire: ToyWire, name: string): void => {
    const { packets } = net
    wire.loss = pick([0.02, 0, 0.08, 0.15], 1)
    wire.reorder = pick([0, 0.05, 0.3], 2)
    wire.duplicate = pick([0, 0, 0.05], 3)
    wire.lateNs = pick([MS, 5 * MS, 300 * MS], 5)
    wire.onFrame = (f) => {
      hash.update(
        `${net.sim.now} ${name} ${packets.seq[f]} ${packets.len[f]} ${packets.ack[f]} ${packets.sackBlocks[f]}\n`
      )
      net.client.checkInvariants()
      return true
    }
  }
  worsen(net.ab, ">")
  worsen(net.ba, "<")
  let received = 0
  net.spawn("sender", function*(task) {
    for (let i = 0; i < PAGES; i++) {
      expect(yield* net.client.sendPage(task, 1, i, false)).toBe(4096)
      net.client.checkInvariants()
      if (i % 40 === 39) yield* task.process.hold(random.below(500 * MS))
    }
  })
  net.spawn("receiver", function*(task) {
    const page = { tokenWriter: 0, tokenVersion: 0 }
    for (let i = 0; i < PAGES; i++) {
      expect(yield* net.server.recvPage(task, page)).toBe(4096)
      expect(page.tokenVersion).toBe(i)
      received++
    }
  })
  net.spawn("troubles", function*(task) {
    for (let i = 0; i < 12; i++) {
      yield* task.process.hold(random.below(200 * MS))
      memory.refuse = pick([0, 0.3, 0.05], 2)
      const cut = pick([0, 0, 250 * MS, 1500 * MS], 3)
      if (cut > 0 && i % 3 === 0) net.ab.cut = net.ba.cut = true
      yield* task.process.hold(Math.max(cut, 20 * MS))
      net.ab.cut = net.ba.cut = false
      memory.refuse = 0
    }
  })
  net.sim.run(20_000e9)
  expect(received, `seed ${seed}`).toBe(PAGES)
  expect(net.client).toMatchObject({ packetsOut: 0, sackedOut: 0, lostOut: 0, retransOut: 0, error: 0 })
  net.client.checkInvariants()
  net.close()
  expect(hostMemoryIdle(memory)).toBe(true)
  const both = new TcpMib()
  addMib(both, net.client.mib)
  addMib(both, net.server.mib)
  return { hash: hash.digest("hex"), mib: { ...both, retransmitted: net.client.retransmitted } }
}

/** Runs by seed, so that none is done twice for want of a place to keep it. */
const runs = new Map<number, Run>()
const runOf = (seed: number): Run => {
  const run = runs.get(seed) ?? transfer(seed)
  runs.set(seed, run)
  return run
}

/** Seeds 1 to 180, so few together that none of the tests takes long. */
const GROUPS = Array.from({ length: 18 }, (_, group) => Array.from({ length: 10 }, (_, i) => group * 10 + i + 1))

describe("any pattern of losses", () => {
  it.each(GROUPS.map((seeds) => ({ seeds })))("delivers the stream once and in order: seeds $seeds", ({ seeds }) => {
    for (const seed of seeds) runOf(seed)
  })

  it("uses everything there is to recover", () => {
    const sums = new Map<string, number>()
    for (const seed of GROUPS.flat()) {
      for (const [name, n] of Object.entries(runOf(seed).mib)) sums.set(name, (sums.get(name) ?? 0) + n)
    }
    const unused = [...sums].filter(([, n]) => n === 0).map(([name]) => name)
    // a receiver here has room and keeps what it has SACKed, and round trips do not become longer
    const room = ["PruneCalled", "TCPRcvCollapsed", "OfoPruned", "RcvPruned"]
    const ends = ["TCPAbortOnData", "TW", "TCPTimeWaitOverflow"]
    expect(unused).toEqual([
      "TCPSACKReneging",
      ...room,
      "TCPSACKDiscard",
      "TCPSpuriousRTOs",
      "InCEPkts",
      "TCPAbortOnTimeout",
      ...ends
    ])
  })

  it.each([3, 10, 29, 64])("is the same again with the same seed: %i", (seed) => {
    expect(transfer(seed)).toEqual(runOf(seed))
  })
})
